import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'

/** A public key that signs checkpoints: 32 bytes of Ed25519 (RFC 8032) in base64url. */
export interface AuditPublicKey {
  /** Names the key in checkpoints. */
  readonly id: string
  readonly text: string
  readonly key: KeyObject
}

/** What proves that the gateway wrote a log: derived from its secrets, the first writes and each may have written. */
export interface AuditKeys {
  /** Those of every secret, in their order. */
  readonly publicKeys: readonly AuditPublicKey[]
  /** Names the key of `sign`. */
  readonly id: string
  /** An Ed25519 signature, 86 characters of base64url. */
  sign(text: string): string
  /** HMAC-SHA256 of the record beside the file. */
  mac(text: string): string
  isMac(text: string, mac: string): boolean
}

/** The fixed part of an Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
/** That of a public key (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Derives the keys with HKDF-SHA256 (RFC 5869). Throws without a secret. */
export function createAuditKeys(secrets: readonly string[]): AuditKeys {
  const all = secrets.map(deriveKeys)
  const [first] = all
  if (first === undefined) throw new TypeError('an audit log needs at least one secret')
  return {
    publicKeys: all.map(({ publicKey }) => publicKey),
    id: first.publicKey.id,
    sign: text => sign(null, Buffer.from(text), first.privateKey).toString('base64url'),
    mac: text => macOf(first.macKey, text).toString('base64url'),
    isMac: (text, mac) => {
      const given = Buffer.from(mac, 'base64url')
      return all.some(({ macKey }) => given.length === 32 && timingSafeEqual(macOf(macKey, text), given))
    },
  }
}

/** Reads a public key as `gatehouse audit key` prints it; undefined when it is none. */
export function readPublicKey(text: string): AuditPublicKey | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 32 || bytes.toString('base64url') !== text) return undefined
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' })
  return { id: createHash('sha256').update(bytes).digest('base64url').slice(0, 10), text, key }
}

/** Whether one of the keys has signed the text. */
export function isSigned(keys: readonly AuditPublicKey[], text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  return keys.some(({ key }) => verify(null, Buffer.from(text), key, bytes))
}

function macOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function deriveKeys(secret: string) {
  const derive = (what: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', what, 32))
  const seed = derive('gatehouse audit checkpoint v1')
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const bytes = createPublicKey(privateKey)
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI_PREFIX.length)
  const publicKey = readPublicKey(bytes.toString('base64url'))
  if (publicKey === undefined) throw new Error('An Ed25519 key was derived that is none.')
  return { privateKey, publicKey, macKey: derive('gatehouse audit head v1') }
}
