import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/**
 * Throws when a certificate and a key do not belong together, or when TLS cannot be spoken with them. TLS alone would
 * take an empty text as no key, and fail with each handshake.
 * @param pair PEM texts; the first certificate is the one that the key belongs to, its chain may follow
 */
export function assertKeyPair(pair: { readonly cert: string; readonly key: string }): void {
  const key = createPrivateKey(pair.key)
  if (!new X509Certificate(pair.cert).checkPrivateKey(key))
    throw new Error('the key is that of another certificate')
  createSecureContext(pair)
}
