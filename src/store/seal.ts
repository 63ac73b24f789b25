import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/** Encrypts what the store must not be able to tell, and opens it again. */
export interface Seal {
  /**
   * Encrypts with the first secret.
   * @param context what the text is and whose, such as `totp:alice`; it opens only under the same
   */
  seal(plain: string, context: string): string
  /** Undefined when the text is damaged, was sealed for something else, or by a secret that is not listed. */
  open(sealed: string, context: string): string | undefined
  /**
   * Seals anew with the first secret what another one sealed; the same text when the first one did.
   * @returns undefined when it does not open
   */
  reseal(sealed: string, context: string): string | undefined
}

interface SealKey {
  /** Names the key inside of sealed texts. Derived one way, so it tells nothing of the secret. */
  readonly id: string
  readonly key: Buffer
}

const VERSION = 's1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM under keys that HKDF-SHA256 (RFC 5869) derives from the secrets; the context is authenticated with
 * the text. A nonce is random, which is safe for 2^32 seals under one secret.
 * @param secrets the first seals, each opens what it sealed; at least one
 */
export function createSeal(secrets: readonly string[]): Seal {
  const keys = secrets.map(deriveKey)
  const [first] = keys
  if (first === undefined) throw new TypeError('a seal needs at least one secret')
  const isOfFirst = (sealed: string): boolean => sealed.startsWith(`${VERSION}.${first.id}.`)
  const seal: Seal = {
    seal: (plain, context) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(context))
      const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${VERSION}.${first.id}.${body.toString('base64url')}`
    },
    open: (sealed, context) => {
      const [version, id, text, ...rest] = sealed.split('.')
      const key = keys.find(candidate => candidate.id === id)
      if (version !== VERSION || key === undefined || text === undefined || rest.length > 0) return undefined
      return decrypt(key.key, Buffer.from(text, 'base64url'), context)
    },
    reseal: (sealed, context) => {
      const plain = seal.open(sealed, context)
      if (plain === undefined) return undefined
      return isOfFirst(sealed) ? sealed : seal.seal(plain, context)
    },
  }
  return seal
}

function decrypt(key: Buffer, body: Buffer, context: string): string | undefined {
  if (body.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(body.subarray(-TAG_BYTES))
  try {
    const plain = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8')
    return plain + decipher.final('utf8')
  } catch {
    return undefined
  }
}

function deriveKey(secret: string): SealKey {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse seal v1', 32))
  const id = createHash('sha256')
    .update('gatehouse seal key id v1')
    .update(key)
    .digest('base64url')
    .slice(0, 10)
  return { id, key }
}
