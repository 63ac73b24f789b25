import { importJWK, type CryptoKey, type JWK } from 'jose'
import {
  algorithmOf,
  type KeyRing,
  type KeyRingOptions,
  openKeyRing,
  type RingKey,
  ringKey,
  sealContext,
  type TokenAlgorithm,
} from './key-ring.js'

export type { TokenAlgorithm } from './key-ring.js'

/** A key to sign with. */
interface SigningKey {
  /** The thumbprint of RFC 7638. */
  readonly kid: string
  /** The only algorithm that it is used with (RFC 8725, 3.1). */
  readonly algorithm: TokenAlgorithm
  readonly privateKey: CryptoKey
}

/** A key to check signatures with. */
export interface VerificationKey {
  readonly kid: string
  /** The only algorithm that it is used with, whatever a token says. */
  readonly algorithm: TokenAlgorithm
  readonly publicKey: CryptoKey
}

/** The keys of one ring, as they were last read from the store. */
export interface SigningKeys {
  /** The key that signs now. */
  current(): SigningKey
  /**
   * The key of this exact id, if its signatures are still good. Keys come from the ring and from nowhere else: what a
   * token brings along or points at is never looked at (RFC 8725, 3.10).
   */
  find(kid: string): VerificationKey | undefined
  /** The public halves of all keys whose signatures are or will be good, as `/auth/jwks.json` serves them (RFC 7517). */
  jwks(): { readonly keys: readonly JWK[] }
  /**
   * Reads the ring again, so that a rotation by another process holds here too. To be called every few seconds. When
   * it throws, the keys stay as they were.
   * @throws StoreUnavailable
   */
  reload(): Promise<void>
}

interface OpenKey extends SigningKey, VerificationKey {
  readonly publicJwk: JWK
  readonly signsFrom: number
  readonly goodUntil: number
}

/**
 * Loads the keys of a ring, and makes the first one when there is none. A ring whose newest key is for another
 * algorithm gets a new one, which signs ten minutes later. All processes on one store agree.
 * @throws Error when a key was sealed by a secret that is not configured any more
 */
export async function loadSigningKeys(options: KeyRingOptions): Promise<SigningKeys> {
  const { store, now, ring } = options
  let keys = await openKeys(await openKeyRing(options), [], options)
  let version: string | undefined
  let reloading: Promise<void> | undefined

  async function readAgain(): Promise<void> {
    const found = await store.get<KeyRing>(ringKey(ring))
    if (found !== undefined && found.version === version) return
    keys = await openKeys(found?.value ?? (await openKeyRing(options)), keys, options)
    version = found?.version
  }

  return {
    current: () => {
      const signer = keys.find(key => key.signsFrom <= now()) ?? keys.at(-1)
      if (signer === undefined) throw new Error(NO_KEY)
      return signer
    },
    find: kid => keys.find(key => key.kid === kid && now() < key.goodUntil),
    jwks: () => ({ keys: keys.filter(key => now() < key.goodUntil).map(({ publicJwk }) => publicJwk) }),
    reload: () => (reloading ??= readAgain().finally(() => (reloading = undefined))),
  }
}

const NO_KEY = 'The store holds a signing key record without a key.'
const SEALED_BY_ANOTHER =
  'A signing key cannot be opened: it was sealed by another secret. List the previous secret after the current one.'

/** Opens the keys of a ring, newest first. Those that are open already are not opened again. */
async function openKeys(
  ring: KeyRing,
  open: readonly OpenKey[],
  options: Pick<KeyRingOptions, 'seal'>,
): Promise<readonly OpenKey[]> {
  if (ring.keys.length === 0) throw new Error(NO_KEY)
  return Promise.all(
    ring.keys.map(async key => ({
      ...(open.find(({ kid }) => kid === key.kid) ?? (await openKey(key, options))),
      signsFrom: key.signsFrom ?? key.createdAt,
      goodUntil: key.goodUntil ?? Infinity,
    })),
  )
}

async function openKey(key: RingKey, { seal }: Pick<KeyRingOptions, 'seal'>) {
  const { kid, sealedJwk } = key
  const algorithm = algorithmOf(key)
  const text = seal.open(sealedJwk, sealContext(kid))
  if (text === undefined) throw new Error(SEALED_BY_ANOTHER)
  const jwk = JSON.parse(text) as JWK
  const publicJwk = publicHalf(jwk, kid, algorithm)
  const [privateKey, publicKey] = await Promise.all([
    importJWK(jwk, algorithm),
    importJWK(publicJwk, algorithm),
  ])
  if (privateKey instanceof Uint8Array || publicKey instanceof Uint8Array) throw new Error(DAMAGED)
  return { kid, algorithm, privateKey, publicKey, publicJwk }
}

const DAMAGED = 'A signing key is damaged.'

/** The public members of RFC 7518, 6.2.1 and 6.3.1, and RFC 8037, 2. */
const PUBLIC_MEMBERS = {
  ES256: ['crv', 'x', 'y'],
  EdDSA: ['crv', 'x'],
  RS256: ['n', 'e'],
} as const

/** Names the members one by one, so that no private one can slip through. */
function publicHalf(jwk: JWK, kid: string, alg: TokenAlgorithm): JWK {
  const { kty } = jwk
  const named = PUBLIC_MEMBERS[alg].map(member => [member, jwk[member]] as const)
  if (kty === undefined || named.some(([, value]) => value === undefined)) throw new Error(DAMAGED)
  return { kty, ...Object.fromEntries(named), use: 'sig', alg, kid }
}
