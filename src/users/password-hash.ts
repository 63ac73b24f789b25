import { pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import * as argon2 from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import { parseSha512Crypt, verifySha512Crypt } from './sha512-crypt.js'

/** A hash that was understood and whose cost is within bounds. */
interface StoredHash {
  readonly verify: (password: string) => boolean
  /** It is as strong as those that we make. */
  readonly current: boolean
  /** How many bytes of a password it looks at; undefined: all. */
  readonly looksAt?: number
}

/** The first of the OWASP's recommendations for Argon2id: 19 MiB, two passes. */
const OURS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** The weakest of the OWASP's equal choices, 7 MiB and five passes. */
const STRONG_ENOUGH = { memory: 7168, memoryTimesPasses: 7168 * 5 }

/** What one check may cost at most, so that a users file cannot eat the machine. */
const MOST = {
  argon2Memory: 1_048_576,
  argon2MemoryTimesPasses: 4_194_304,
  argon2Lanes: 16,
  bcryptCost: 16,
  scryptMemory: 512 * 1_048_576,
  scryptWork: 2 ** 24,
  pbkdf2Iterations: 10_000_000,
}

const BCRYPT_BYTES = 72
const BASE64 = '[A-Za-z0-9+/.]'
const ARGON2 = new RegExp(
  `^\\$argon2(id|i)\\$v=19\\$m=([0-9]{1,8}),t=([0-9]{1,4}),p=([0-9]{1,3})\\$${BASE64}{11,86}\\$${BASE64}{16,171}$`,
)
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/
const SCRYPT = new RegExp(
  `^\\$scrypt\\$ln=([0-9]{1,2}),r=([0-9]{1,3}),p=([0-9]{1,3})\\$(${BASE64}+)\\$(${BASE64}+)$`,
)
const PBKDF2 = new RegExp(
  `^\\$pbkdf2(?:-(sha1|sha224|sha256|sha384|sha512))?\\$([0-9]{1,8})\\$(${BASE64}+)\\$(${BASE64}+)$`,
)

/**
 * Checks a password against a hash of one of these forms: argon2id, argon2i, bcrypt (`$2a$`, `$2b$`, `$2y$`; it
 * looks at the first 72 bytes only), scrypt and PBKDF2 as Authelia writes them, sha512-crypt (`$6$`). The hash may
 * begin with `{CRYPT}`. It holds its thread for as long as the hash costs, and memory and time are bounded: a gateway
 * asks a `PasswordHasher` instead.
 * @returns `wrong` also for a hash that cannot be used
 */
export function verifyPassword(password: string, hash: string): 'right' | 'wrong' {
  try {
    return parseHash(hash)?.verify(password) === true ? 'right' : 'wrong'
  } catch {
    return 'wrong'
  }
}

/** Makes an argon2id hash (19 MiB, two passes, one lane) with a new salt, as a PHC string. It holds its thread. */
export function hashPassword(password: string): string {
  return argon2.hashSync(password, OURS)
}

/** Whether `verifyPassword()` can ever say `right` for this hash: a known form within the bounds of cost. */
export function isUsableHash(hash: string): boolean {
  return parseHash(hash) !== undefined
}

/**
 * Whether the hash should be replaced, now that this password was right for it: it is weaker than those that
 * `hashPassword()` makes. Not where it looked at a part of the password only: the rest may be a slip of the hand.
 */
export function needsRenewal(hash: string, password: string): boolean {
  const stored = parseHash(hash)
  if (stored === undefined || stored.current) return false
  return stored.looksAt === undefined || Buffer.byteLength(password) <= stored.looksAt
}

function parseHash(text: string): StoredHash | undefined {
  const hash = text.startsWith('{CRYPT}') ? text.slice('{CRYPT}'.length) : text
  return parseArgon2(hash) ?? parseBcrypt(hash) ?? parseScrypt(hash) ?? parsePbkdf2(hash) ?? parseSha512(hash)
}

function parseArgon2(hash: string): StoredHash | undefined {
  const [, kind, ...numbers] = ARGON2.exec(hash) ?? []
  const [memory = 0, passes = 0, lanes = 0] = numbers.map(Number)
  if (memory < 8 * lanes || memory > MOST.argon2Memory || memory * passes > MOST.argon2MemoryTimesPasses)
    return undefined
  if (passes < 1 || lanes < 1 || lanes > MOST.argon2Lanes) return undefined
  const strong = memory >= STRONG_ENOUGH.memory && memory * passes >= STRONG_ENOUGH.memoryTimesPasses
  return { current: kind === 'id' && strong, verify: password => argon2.verifySync(hash, password) }
}

function parseBcrypt(hash: string): StoredHash | undefined {
  const cost = Number(BCRYPT.exec(hash)?.[1])
  if (!(cost >= 4 && cost <= MOST.bcryptCost)) return undefined
  return { current: false, looksAt: BCRYPT_BYTES, verify: password => bcrypt.verifySync(password, hash) }
}

function parseScrypt(hash: string): StoredHash | undefined {
  const [, ln, blockSize, parallel, salt, digest] = SCRYPT.exec(hash) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const [N, r, p] = [2 ** Number(ln), Number(blockSize), Number(parallel)]
  if (N < 2 || r < 1 || p < 1 || 128 * N * r > MOST.scryptMemory || N * r * p > MOST.scryptWork)
    return undefined
  const expected = bytesOf(digest)
  if (!isDigest(expected)) return undefined
  // OpenSSL counts a little more than the 128 * N * r bytes of the algorithm.
  const options = { N, r, p, maxmem: 128 * r * (N + p + 2) + 1_048_576 }
  return {
    current: false,
    verify: password =>
      timingSafeEqual(scryptSync(password, bytesOf(salt), expected.length, options), expected),
  }
}

function parsePbkdf2(hash: string): StoredHash | undefined {
  const [, digestName = 'sha1', count, salt, digest] = PBKDF2.exec(hash) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const iterations = Number(count)
  const expected = bytesOf(digest)
  if (iterations < 1 || iterations > MOST.pbkdf2Iterations || !isDigest(expected)) return undefined
  return {
    current: false,
    verify: password =>
      timingSafeEqual(pbkdf2Sync(password, bytesOf(salt), iterations, expected.length, digestName), expected),
  }
}

function parseSha512(hash: string): StoredHash | undefined {
  const parsed = parseSha512Crypt(hash)
  return parsed && { current: false, verify: password => verifySha512Crypt(parsed, password) }
}

/** A shorter one could be met by chance; an empty one would be met by anything. */
function isDigest(digest: Buffer): boolean {
  return digest.length >= 16 && digest.length <= 128
}

/** Base64 without padding, also the adapted one that has `.` for `+`. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64')
}
