import { createHashThreads, type PasswordHasher } from '../../src/users/hash-threads.js'

/** One for all gateways of a test's process: a thread takes longer to start here than a gateway does. */
export const sharedHasher: PasswordHasher = { ...createHashThreads(), close: () => Promise.resolve() }
