import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** What came back. */
export interface Heard {
  readonly status: number
  /** Every value of a header, the name compared without case. */
  readonly header: (name: string) => readonly string[]
  /** At most 64 KiB of the body. */
  readonly body: string
}

/** Asks for an address. Redirects are not followed. Rejects with what Node rejects with, and when 5 s are over. */
export type Ask = (url: URL, headers?: OutgoingHttpHeaders) => Promise<Heard>

const PATIENCE = 5_000
const LONGEST_BODY = 64 * 1024

/**
 * Makes the asking.
 * @param verify whether certificates are looked at
 * @param ca a certificate that is trusted besides the usual ones, in PEM
 */
export function createAsk(verify: boolean, ca: string | undefined): Ask {
  return (url, headers = {}) =>
    new Promise((resolve, reject) => {
      const options = { headers, agent: false, signal: AbortSignal.timeout(PATIENCE) }
      const hear = (incoming: IncomingMessage): void => {
        const pieces: Buffer[] = []
        let length = 0
        const done = (): void => {
          resolve({
            status: incoming.statusCode ?? 0,
            header: name => incoming.headersDistinct[name.toLowerCase()] ?? [],
            body: Buffer.concat(pieces).toString('latin1', 0, LONGEST_BODY),
          })
          incoming.destroy()
        }
        incoming.on('data', (piece: Buffer) => {
          pieces.push(piece)
          length += piece.length
          if (length >= LONGEST_BODY) done()
        })
        incoming.on('end', done)
        incoming.on('error', reject)
      }
      const outgoing =
        url.protocol === 'https:'
          ? httpsRequest(
              url,
              { ...options, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) },
              hear,
            )
          : httpRequest(url, options, hear)
      outgoing.on('error', reject)
      outgoing.end()
    })
}

/** Whether somebody answered whose certificate is not trusted. */
export function isCertificateFault(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)
}
