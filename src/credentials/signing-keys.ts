import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import type { Clock } from '../clock.js'
import type { Seal } from '../store/seal.js'
import type { RecordKey, Store } from '../store/store.js'

/** A key to sign with. */
interface SigningKey {
  /** The thumbprint of RFC 7638. */
  readonly kid: string
  readonly privateKey: CryptoKey
}

export interface SigningKeys {
  /** The key that signs now. */
  current(): SigningKey
  /** The public halves of all keys whose signatures are still good, as `/auth/jwks.json` serves them (RFC 7517). */
  jwks(): { readonly keys: readonly JWK[] }
}

export interface SigningKeysOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
}

/** The newest first. Only it signs; the others are served for as long as what they signed may be checked. */
interface KeyRing {
  readonly keys: readonly { readonly kid: string; readonly createdAt: number; readonly sealedJwk: string }[]
}

/** The one algorithm of assertions: ECDSA with P-256 and SHA-256 (RFC 7518, 3.4). */
export const SIGNING_ALGORITHM = 'ES256'

const RING: RecordKey = { kind: 'signing_key', id: 'assertions' }
const sealContext = (kid: string): string => `signing_key:${kid}`

/**
 * Loads the keys that sign assertions, and makes the first one when there is none. All processes on one store agree.
 * @throws Error when a key was sealed by a secret that is not configured any more
 */
export async function loadSigningKeys({ store, seal, now }: SigningKeysOptions): Promise<SigningKeys> {
  const ring = (await store.get<KeyRing>(RING))?.value ?? (await createRing({ store, seal, now }))
  const opened = await Promise.all(
    ring.keys.map(async ({ kid, sealedJwk }) => {
      const text = seal.open(sealedJwk, sealContext(kid))
      if (text === undefined) throw new Error(SEALED_BY_ANOTHER)
      const jwk = JSON.parse(text) as JWK
      const privateKey = await importJWK(jwk, SIGNING_ALGORITHM)
      if (privateKey instanceof Uint8Array) throw new Error(SEALED_BY_ANOTHER)
      return { key: { kid, privateKey }, publicJwk: publicHalf(jwk, kid) }
    }),
  )
  const [newest] = opened
  if (newest === undefined) throw new Error('The store holds a signing key record without a key.')
  const published = { keys: opened.map(({ publicJwk }) => publicJwk) }
  return { current: () => newest.key, jwks: () => published }
}

const SEALED_BY_ANOTHER =
  'The key that signs assertions cannot be opened: it was sealed by another secret. ' +
  'List the previous secret after the current one.'

async function createRing({ store, seal, now }: SigningKeysOptions): Promise<KeyRing> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
  const jwk = await exportJWK(pair.privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  const sealedJwk = seal.seal(JSON.stringify(jwk), sealContext(kid))
  const ring: KeyRing = { keys: [{ kid, createdAt: now(), sealedJwk }] }
  if (await store.putIfAbsent(RING, ring, { expiresAt: undefined })) return ring
  // Another process was faster. Its key is everybody's.
  return (await store.get<KeyRing>(RING))?.value ?? ring
}

/** Names the members one by one, so that no private one can slip through. */
function publicHalf({ crv, x, y }: JWK, kid: string): JWK {
  if (crv === undefined || x === undefined || y === undefined) throw new Error('A signing key is damaged.')
  return { kty: 'EC', crv, x, y, use: 'sig', alg: SIGNING_ALGORITHM, kid }
}
