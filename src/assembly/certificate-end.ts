import { X509Certificate } from 'node:crypto'

/**
 * When the certificate that is served ends, in milliseconds since the epoch.
 * @param tls `cert` is PEM text whose first certificate is the server's own; undefined: none is served
 */
export function certificateEnd(tls: { readonly cert: string } | undefined): number | undefined {
  return tls && Date.parse(new X509Certificate(tls.cert).validTo)
}
