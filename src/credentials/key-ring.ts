import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { type RecordKey, type Store, update } from '../store/store.js'

/** What access and ID tokens may be signed with (RFC 7518, 3.1; RFC 8037, 3.1). EdDSA is Ed25519, RS256 has 3072 bits. */
export type TokenAlgorithm = 'ES256' | 'EdDSA' | 'RS256'

/** What a ring signs. No key is in both, so nothing that one signs passes for what the other signs. */
export type KeyRingName = 'assertions' | 'tokens'

export interface KeyRingOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  readonly ring: KeyRingName
  /** What new keys are for. Keys that exist keep their own. Assertions are always ES256. */
  readonly algorithm: TokenAlgorithm
}

/** A key as the store keeps it. Times are milliseconds since the epoch. */
export interface RingKey {
  /** The thumbprint of RFC 7638. */
  readonly kid: string
  readonly createdAt: number
  readonly sealedJwk: string
  /** The only algorithm that it is used with (RFC 8725, 3.1). Absent: ES256. */
  readonly algorithm?: TokenAlgorithm
  /** It signs from then on. Absent: since it was made. */
  readonly signsFrom?: number
  /** Nothing that it signed is good from then on. Absent: no newer key has been made. */
  readonly goodUntil?: number
}

/** The keys of a ring, the newest first; at least one. */
export interface KeyRing {
  readonly keys: readonly RingKey[]
}

/** What a rotation did. */
export interface Rotation {
  /** The new key. */
  readonly kid: string
  /** When it begins to sign, in milliseconds since the epoch. */
  readonly signsFrom: number
  /** How many keys were dropped: at once, or because nothing that they signed is good any more. */
  readonly dropped: number
}

/**
 * How long a new key is published before it signs, in milliseconds: longer than the 300 seconds for which others may
 * keep the published keys.
 */
const LEAD = 10 * 60_000
/** No token lives longer, in milliseconds. */
const LONGEST_TOKEN = 60 * 60_000
/** ASVS 5.0, 11.2.3: at least 128 bits of strength. */
const RSA_BITS = 3072

/** What the JWK of a key is sealed for. */
export const sealContext = (kid: string): string => `signing_key:${kid}`

/** Where the store has a ring. */
export const ringKey = (ring: KeyRingName): RecordKey => ({ kind: 'signing_key', id: ring })

/** How signing keys are sealed anew. */
export const SIGNING_KEY_SEALS: SealedRecords = {
  kind: 'signing_key',
  reseal: ({ value }, anew) => ({
    keys: (value as KeyRing).keys.map(key => ({
      ...key,
      sealedJwk: anew(key.sealedJwk, sealContext(key.kid)),
    })),
  }),
}

/** The algorithm of a key. */
export function algorithmOf({ algorithm = 'ES256' }: RingKey): TokenAlgorithm {
  return algorithm
}

/**
 * Reads a ring, makes it when there is none, and gives it a new key when the newest is for another algorithm. All
 * processes on one store agree.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { store, now, ring, algorithm } = options
  const isFor = (found: KeyRing | undefined): found is KeyRing =>
    found?.keys[0] !== undefined && algorithmOf(found.keys[0]) === algorithm
  const found = (await store.get<KeyRing>(ringKey(ring)))?.value
  if (isFor(found)) return found
  const key = await createKey(options)
  return update<KeyRing, KeyRing>(store, ringKey(ring), current => {
    // Another process was faster. Its key is everybody's.
    if (isFor(current)) return { result: current }
    const next = withNewest(current, key, now())
    return { result: next, write: { value: next, options: { expiresAt: undefined } } }
  })
}

/**
 * Adds a new key. It is published at once and signs ten minutes later; the others stay published until everything
 * that they signed has expired.
 * @param immediately the new key signs at once and all others are dropped at once: for a key that was stolen.
 *   Everything that they signed is worth nothing as soon as each process has read the ring again
 */
export async function rotateSigningKeys(
  options: KeyRingOptions & { readonly immediately: boolean },
): Promise<Rotation> {
  const { store, now, ring, immediately } = options
  const key = await createKey(options)
  return update<KeyRing, Rotation>(store, ringKey(ring), current => {
    const next = withNewest(immediately ? undefined : current, key, now())
    const dropped = (current?.keys.length ?? 0) + 1 - next.keys.length
    const result = { kid: key.kid, signsFrom: next.keys[0]?.signsFrom ?? now(), dropped }
    return { result, write: { value: next, options: { expiresAt: undefined } } }
  })
}

function withNewest(ring: KeyRing | undefined, key: RingKey, now: number): KeyRing {
  // The first key of all signs at once: nobody has an older one to go on with.
  if (ring === undefined) return { keys: [{ ...key, signsFrom: now }] }
  const signsFrom = now + LEAD
  const goodUntil = signsFrom + LONGEST_TOKEN
  const others = ring.keys
    .filter(other => other.goodUntil === undefined || now < other.goodUntil)
    .map(other => ({ ...other, goodUntil: other.goodUntil ?? goodUntil }))
  return { keys: [{ ...key, signsFrom }, ...others] }
}

async function createKey({ seal, now, algorithm }: KeyRingOptions): Promise<RingKey> {
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(algorithm === 'RS256' ? { modulusLength: RSA_BITS } : {}),
  })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  const sealedJwk = seal.seal(JSON.stringify(jwk), sealContext(kid))
  return { kid, createdAt: now(), algorithm, sealedJwk }
}
