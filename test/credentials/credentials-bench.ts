import { randomBytes } from 'node:crypto'
import type { Person } from '../../src/access/identity.js'
import { createAccessTokens, type AccessTokensOptions } from '../../src/credentials/access-tokens.js'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { createAuthenticate, type KnownUser } from '../../src/credentials/authenticate.js'
import { createRefreshTokens } from '../../src/credentials/refresh-tokens.js'
import { createSessions, type NewSession } from '../../src/credentials/sessions.js'
import { loadSigningKeys, type TokenAlgorithm } from '../../src/credentials/signing-keys.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const START = Date.UTC(2026, 10, 22)
export const ISSUER = 'https://auth.example.com'
export const AUDIENCE = 'https://auth.example.com'
export const CLIENT_ID = 'gatehouse-client'

export const ALICE: Person = {
  subject: 'alice',
  displayName: 'Alice',
  email: 'alice@example.com',
  groups: ['staff', 'ops'],
  mfa: 'enabled',
}

/** A login of alice with password and code, in token mode. */
export const TOKEN_LOGIN: NewSession = {
  subject: 'alice',
  proofs: [
    { method: 'password', at: START - MINUTE },
    { method: 'totp', at: START },
  ],
  address: '192.0.2.1',
  userAgent: 'a program',
  passwordVersion: 'v1',
  hasSecondFactor: true,
  carrier: 'tokens',
}

export const seal = createSeal(['a secret of the tests, long enough for a key'])

/** What a test says of its bench. */
export interface BenchOptions {
  readonly algorithm?: TokenAlgorithm
  readonly bindIp?: boolean
  readonly remembersDevices?: boolean
  readonly tokens?: Partial<AccessTokensOptions>
}

/** The credentials on one store with a clock that stands still until a test moves it. */
export async function credentialsBench(options: BenchOptions = {}) {
  const { algorithm = 'ES256', bindIp = false, remembersDevices = true, tokens } = options
  const time = { now: START }
  const now = (): number => time.now
  const home = createMemoryStore({ now })
  const reads = { count: 0 }
  const store: Store = { ...home, get: key => (reads.count++, home.get(key)) }
  const users = new Map<string, KnownUser>([
    ['alice', { person: ALICE, passwordVersion: 'v1', disabled: false }],
    ['bob', { person: { ...ALICE, subject: 'bob' }, passwordVersion: 'v1', disabled: false }],
  ])
  const ring = { store, seal, now, ring: 'tokens', algorithm } as const
  const keys = await loadSigningKeys(ring)
  /** Everything that one process has on the store. */
  const process = () => {
    const base = { store, now, random: randomBytes }
    const sessions = createSessions({ ...base, idle: HOUR, absolute: 12 * HOUR, tokenLife: 12 * HOUR })
    const accessTokens = createAccessTokens({
      keys,
      issuer: ISSUER,
      audience: AUDIENCE,
      clientId: CLIENT_ID,
      life: 5 * MINUTE,
      now,
      random: randomBytes,
      ...tokens,
    })
    const refreshTokens = createRefreshTokens(base)
    const apiTokens = createApiTokens(base)
    const findUser = (name: string): KnownUser | undefined => users.get(name.toLowerCase())
    const known = { sessions, accessTokens, apiTokens, findUser }
    const authenticate = createAuthenticate({ ...known, bindIp, remembersDevices })
    return { sessions, accessTokens, refreshTokens, apiTokens, authenticate }
  }
  return { time, now, store, reads, users, ring, keys, process, ...process() }
}

/** Lets what was not waited for finish. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Writes a value as a part of a JWS. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** Reads a part of a JWS. */
export function partOf(jws: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(jws.split('.')[index] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}
