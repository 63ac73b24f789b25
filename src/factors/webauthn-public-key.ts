import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { decodeAttestationObject, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'

/** ES256, EdDSA with Ed25519, and RS256, the one we like best first (RFC 9053, sections 2.1 and 2.2; RFC 8812). */
export const COSE_ALGORITHMS: readonly number[] = [-7, -8, -257]

/** Labels of COSE keys (RFC 9052, section 7.1; RFC 9053, section 7; RFC 8230, section 4). */
const LABEL = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const

/** Bits of an RSA modulus: less is weak, more costs time at every login. */
const RSA_MODULUS = { least: 2048, most: 4096 }

type CoseKey = ReadonlyMap<number, unknown>

/**
 * Whether a public key is of the kind that its own algorithm is for, and a sound one: nobody checks that when a key
 * is registered without an attestation.
 * @param bytes a COSE key (RFC 9052, section 7)
 */
export function isSoundPublicKey(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const jwk = toJwk(decodeCredentialPublicKey(bytes) as unknown as CoseKey)
    return jwk !== undefined && isSound(createPublicKey({ key: jwk, format: 'jwk' }))
  } catch {
    // A point off the curve, a length that is wrong, or no CBOR at all.
    return false
  }
}

function toJwk(key: CoseKey): JsonWebKey | undefined {
  const text = (label: number): string => {
    const value = key.get(label)
    if (!(value instanceof Uint8Array)) throw new TypeError('a member of the key is no byte string')
    return Buffer.from(value).toString('base64url')
  }
  const [kty, alg, crv] = [key.get(LABEL.kty), key.get(LABEL.alg), key.get(LABEL.crv)]
  if (alg === -7 && kty === 2 && crv === 1)
    return { kty: 'EC', crv: 'P-256', x: text(LABEL.x), y: text(LABEL.y) }
  if (alg === -8 && kty === 1 && crv === 6) return { kty: 'OKP', crv: 'Ed25519', x: text(LABEL.x) }
  if (alg === -257 && kty === 3) return { kty: 'RSA', n: text(LABEL.n), e: text(LABEL.e) }
  return undefined
}

function isSound(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  const fits = modulusLength >= RSA_MODULUS.least && modulusLength <= RSA_MODULUS.most
  // With an exponent of 1 anybody could sign.
  return fits && publicExponent >= 3n && publicExponent % 2n === 1n
}

/** `{"fmt": "none", "attStmt": {}, "authData": …` in CBOR, up to the length of two bytes. */
const NO_ATTESTATION = Buffer.from('\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59', 'latin1')

/**
 * Drops the attestation statement, as a browser is to do when none was asked for (WebAuthn Level 3, 5.1.3). So no
 * certificate that a client made up is ever judged, and no revocation list fetched from where it says.
 * @param attestationObject base64url, of less than 64 KiB; throws when it is no CBOR
 */
export function withoutAttestation(attestationObject: string): string {
  const bytes = new Uint8Array(Buffer.from(attestationObject, 'base64url'))
  const authData: unknown = decodeAttestationObject(bytes).get('authData')
  if (!(authData instanceof Uint8Array))
    throw new TypeError('an attestation object without authenticator data')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(authData.length)
  return Buffer.concat([NO_ATTESTATION, length, authData]).toString('base64url')
}
