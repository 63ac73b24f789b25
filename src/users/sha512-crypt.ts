import { createHash, timingSafeEqual } from 'node:crypto'

const DEFAULT_ROUNDS = 5000
const FEWEST_ROUNDS = 1000
const MOST_ROUNDS = 1_000_000

const SHAPE = /^\$6\$(?:rounds=([0-9]{1,9})\$)?([^$:\s]{0,16})\$([./0-9A-Za-z]{86})$/
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A parsed `$6$` hash. */
export interface Sha512Crypt {
  readonly rounds: number
  readonly salt: string
  readonly digest: string
}

/** Parses a `$6$` hash of crypt(3). Undefined when it is none, or asks for more than 1,000,000 rounds. */
export function parseSha512Crypt(hash: string): Sha512Crypt | undefined {
  const [, given, salt, digest] = SHAPE.exec(hash) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const rounds = given === undefined ? DEFAULT_ROUNDS : Math.max(Number(given), FEWEST_ROUNDS)
  return rounds > MOST_ROUNDS ? undefined : { rounds, salt, digest }
}

/** Whether the password is the one of the hash. */
export function verifySha512Crypt({ rounds, salt, digest }: Sha512Crypt, password: string): boolean {
  const computed = encode(compute(Buffer.from(password), Buffer.from(salt), rounds))
  return timingSafeEqual(Buffer.from(computed), Buffer.from(digest))
}

/** Steps 1 to 21 of "Unix crypt using SHA-256 and SHA-512" by Ulrich Drepper, version 0.6. */
function compute(key: Buffer, salt: Buffer, rounds: number): Buffer {
  const alternate = sha512(key, salt, key)
  const bits: Buffer[] = []
  for (let length = key.length; length > 0; length >>= 1) bits.push(length & 1 ? alternate : key)
  let digest = sha512(key, salt, stretch(alternate, key.length), ...bits)

  const p = stretch(sha512(...Array<Buffer>(key.length).fill(key)), key.length)
  const s = stretch(sha512(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salt)), salt.length)
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1
    const parts = [odd ? p : digest]
    if (round % 3 !== 0) parts.push(s)
    if (round % 7 !== 0) parts.push(p)
    parts.push(odd ? digest : p)
    digest = sha512(...parts)
  }
  return digest
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function stretch(block: Buffer, length: number): Buffer {
  return Buffer.alloc(length, block)
}

/** Step 22: three bytes at a time in an order that turns by one place with each group, least significant first. */
function encode(digest: Buffer): string {
  let text = ''
  const emit = (value: number, characters: number): void => {
    for (let n = 0; n < characters; n += 1) text += ALPHABET.charAt((value >> (6 * n)) & 63)
  }
  const at = (index: number): number => digest[index] ?? 0
  let [high, middle, low] = [0, 21, 42]
  for (let group = 0; group < 21; group += 1) {
    emit((at(high) << 16) | (at(middle) << 8) | at(low), 4)
    ;[high, middle, low] = [middle + 1, low + 1, high + 1]
  }
  emit(at(63), 2)
  return text
}
