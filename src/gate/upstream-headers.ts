import type { AccessRequest } from '../access/access-request.js'
import type { Arrival } from '../http/arrival.js'
import { applyHeaderRules, type HeaderRules } from './header-rules.js'
import type { IsOurCookie } from './response-headers.js'
import type { UpstreamAddress } from './upstream-address.js'
import type { UpstreamOptions } from './upstream.js'

/** What of a request depends on who sends it. */
export interface CallerFields {
  /** The identity fields: name, value, name, value, …; empty where no identity is sent. */
  readonly identity: readonly string[]
  readonly isOurCookie: IsOurCookie
  /** Whether `Authorization` is the app's own. A credential of ours never goes upstream. */
  readonly keepsAuthorization: boolean
  /** What the operator changes about what the client sent; undefined: nothing. */
  readonly rules?: HeaderRules | undefined
}

/**
 * Builds the header fields of the request to an upstream, once: what passes, then what only the gateway may state.
 * What it strips was left out when the request was read, on every route. Without `passHost` there is no Host: it is
 * that of the address, which is chosen later.
 * @returns name, value, name, value, …
 */
export function upstreamHeaders(
  { headers, client }: Arrival,
  request: AccessRequest,
  { passHost }: Pick<UpstreamOptions, 'passHost'>,
  { identity, isOurCookie, keepsAuthorization, rules }: CallerFields,
): string[] {
  const { fields } = headers
  const host = hostOf({ headers, client }, request)
  const passed = keepsAuthorization ? headers.passed : withoutAuthorization(headers.passed)
  const sent = rules === undefined ? [...passed] : applyHeaderRules(passed, rules)
  if (passHost) sent.push('Host', host)
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

/** The host, with its port, that the client asked. */
export function hostOf(
  { headers, client }: Pick<Arrival, 'headers' | 'client'>,
  request: AccessRequest,
): string {
  return client.forwardedHost ?? headers.fields.host ?? request.host
}

/** The header fields as they go to one address. */
export function headersForAddress(
  headers: string[],
  { passHost }: Pick<UpstreamOptions, 'passHost'>,
  { url }: Pick<UpstreamAddress, 'url'>,
): string[] {
  return passHost ? headers : ['Host', url.host, ...headers]
}

function withoutAuthorization(passed: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < passed.length; at += 2) {
    const name = passed[at] ?? ''
    if (name.toLowerCase() !== 'authorization') kept.push(name, passed[at + 1] ?? '')
  }
  return kept
}

/** Whether a client takes trailer fields (RFC 9110, section 10.1.4). */
export function takesTrailers(te: string): boolean {
  return /(?:^|,)\s*trailers\s*(?:,|$)/i.test(te)
}

/** The cookies of an app: a `Cookie` field without those of the gateway. Empty when none is left. */
export function withoutOurCookies(header: string, isOurCookie: IsOurCookie): string {
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
