import type { AccessRequest } from '../access/access-request.js'
import type { Arrival } from '../http/arrival.js'
import type { IsOurCookie } from './response-headers.js'
import type { Upstream } from './upstream.js'

/**
 * Builds the header fields of the request to an upstream, once: what passes, then what only the gateway may state.
 * What it strips was left out when the request was read, on every route.
 * @param identity the identity fields; empty where no identity is sent
 * @returns name, value, name, value, …
 */
export function upstreamHeaders(
  { headers, client }: Arrival,
  request: AccessRequest,
  upstream: Pick<Upstream, 'options' | 'url'>,
  identity: readonly string[],
  isOurCookie: IsOurCookie,
): string[] {
  const { fields } = headers
  const host = client.forwardedHost ?? fields.host ?? request.host
  const sent = [...headers.passed, 'Host', upstream.options.passHost ? host : upstream.url.host]
  const cookies = fields.cookie === undefined ? '' : withoutOurCookies(fields.cookie, isOurCookie)
  if (cookies !== '') sent.push('Cookie', cookies)
  if (fields.te !== undefined && takesTrailers(fields.te)) sent.push('TE', 'trailers')
  sent.push(
    'X-Forwarded-For',
    client.forwardedFor,
    'X-Forwarded-Proto',
    client.secure ? 'https' : 'http',
    'X-Forwarded-Host',
    host,
    'X-Forwarded-Port',
    portOf(host, client.secure),
    ...identity,
  )
  return sent
}

/** Whether a client takes trailer fields (RFC 9110, section 10.1.4). */
export function takesTrailers(te: string): boolean {
  return /(?:^|,)\s*trailers\s*(?:,|$)/i.test(te)
}

function withoutOurCookies(header: string, isOurCookie: IsOurCookie): string {
  if (!OURS.test(header)) return header
  const kept = header.split(';').filter(pair => !OURS.test(pair) || !isOurCookie(nameOf(pair)))
  return kept.join(';').trim()
}

/** In nearly every cookie of an app there is no such word, and so no need to look closer. */
const OURS = /gatehouse/i

function nameOf(pair: string): string {
  return /^\s*=?([^=]*)/.exec(pair)?.[1] ?? ''
}

function portOf(host: string, secure: boolean): string {
  return /:(\d+)$/.exec(host)?.[1] ?? (secure ? '443' : '80')
}
