import type { Answer } from '../http/answer.js'
import type { Arrival } from '../http/arrival.js'
import { problemAnswer } from '../http/problem.js'
import type { ForwardAuthAddresses, Dialect } from './forward-auth-addresses.js'
import { arrivalOfStated, readStatement, type StatedRequest } from './forward-auth-dialects.js'
import type { ForwardAuthFields } from './forward-auth-fields.js'
import type { Exchange, Gate, Prepare } from './gate.js'
import { withoutOurCookies } from './upstream-headers.js'
import { isFromOwnPage } from './websocket-tunnel.js'

export interface ForwardAuthOptions {
  readonly gate: Gate
  readonly addresses: ForwardAuthAddresses
  readonly fields: ForwardAuthFields
  /** The same for those who expect oauth2-proxy. */
  readonly oauth2Fields: ForwardAuthFields
  /** Further origins whose pages may open WebSockets of an app, besides its own. */
  readonly originsOf: (app: string) => readonly string[]
}

/**
 * Answers a request with which another proxy asks what becomes of one of its own. It is decided, told, counted and
 * compared as if it had come here itself; 2xx says that it may pass, and with which identity fields. Only
 * `trusted_proxies` get anything but a refusal. Never throws.
 */
export type ForwardAuth = (exchange: Exchange) => void

export function createForwardAuth(options: ForwardAuthOptions): ForwardAuth {
  const { gate, addresses, fields, oauth2Fields, originsOf } = options

  /** Refuses the question itself; the request that it is about is not looked at. */
  function turnAway(
    exchange: Exchange,
    reason: 'untrusted_proxy' | 'bad_forward_auth',
    detail: string,
  ): void {
    const { parts } = gate
    const reference = parts.requestId()
    const { address } = exchange.arrival.client
    parts.audit({ event: 'request.refused', reason, address, requestId: reference })
    parts.onJudged(undefined)
    const status = reason === 'untrusted_proxy' ? 403 : 400
    gate.answer(exchange, problemAnswer({ status, reason, detail, reference }))
  }

  function prepare(fieldsOf: ForwardAuthFields, isWebSocket: boolean): Prepare<readonly string[]> {
    return (asked, allowance) => {
      if (isWebSocket && !isFromOwnPage(asked.arrival, { judgement: allowance }, originsOf)) {
        gate.fail(asked, 'foreign_origin')
        return undefined
      }
      const { decision, caller, match } = allowance
      return fieldsOf(decision.withIdentity ? caller : undefined, match.app.name)
    }
  }
  const prepared = { plain: prepare(fields, false), webSocket: prepare(fields, true) }
  const preparedOauth2 = { plain: prepare(oauth2Fields, false), webSocket: prepare(oauth2Fields, true) }

  function decide(exchange: Exchange, dialect: Dialect, stated: StatedRequest): void {
    const arrival = arrivalOfStated(exchange.arrival, stated)
    const asked = { ...exchange, ...answeredAs(dialect, stated, arrival) }
    if (arrival.reading.ok && arrival.policy.isOwn(arrival.reading.request)) {
      gate.answer(asked, problemAnswer(OWN_ADDRESS))
      return
    }
    const kinds = dialect === 'oauth2' ? preparedOauth2 : prepared
    const granted = gate.judge(asked, isWebSocket(exchange) ? kinds.webSocket : kinds.plain)
    const status = dialect === 'oauth2' ? 202 : 200
    const cookies = wantsCookies(dialect, exchange) ? appCookies(gate, asked) : []
    if (granted instanceof Promise)
      void granted.then(ready => {
        grant(gate, asked, status, ready, cookies)
      })
    else grant(gate, asked, status, granted, cookies)
  }

  return exchange => {
    const { arrival, raw } = exchange
    try {
      const { reading, client } = arrival
      const dialect = reading.ok ? addresses.dialectAt(reading.request.path) : undefined
      if (dialect === undefined || !client.peerIsTrusted) {
        turnAway(exchange, 'untrusted_proxy', UNTRUSTED)
        return
      }
      const statement = readStatement(dialect, raw, arrival)
      if (statement.ok) decide(exchange, dialect, statement.stated)
      else turnAway(exchange, 'bad_forward_auth', `${statement.fault}. ${WANTED}`)
    } catch (error) {
      gate.breakOff(exchange, error)
    }
  }
}

const UNTRUSTED =
  'Only proxies that the setting "trusted_proxies" names may ask for a decision. If this is one, add the address from which it asks.'
const WANTED =
  'State the request with X-Original-URL and X-Original-Method, or with X-Forwarded-Method, -Proto, -Host and -Uri, and its client with X-Forwarded-For.'

/** The pages of the gateway are no app's. Whoever lets them pass unasked would let an app have them. */
const OWN_ADDRESS = {
  status: 404,
  reason: 'not_found',
  detail: 'This address is one of the gateway itself: forward it to the gateway, and do not ask.',
} as const

/** The key stands in every handshake, and proxies do not take it for a matter between neighbours as they do `Upgrade`. */
function isWebSocket({ arrival }: Exchange): boolean {
  return arrival.headers.fields.webSocketKey !== undefined
}

/**
 * The query of `/auth/verify` is the question's own: what the request that it is about asks for stands in header fields.
 * Envoy has no place for it, and takes of an answer what its own configuration names.
 */
function wantsCookies(dialect: Dialect, { arrival: { reading } }: Exchange): boolean {
  if (dialect !== 'verify') return dialect === 'ext_authz'
  return reading.ok && reading.request.query === '?cookies=app'
}

/** For proxies that cannot take a cookie out, but can set a field from an answer. Blank where no cookie is left. */
function appCookies({ parts }: Gate, { arrival }: Exchange): readonly string[] {
  return ['Cookie', withoutOurCookies(arrival.headers.fields.cookie ?? '', parts.isOurCookie)]
}

function grant(
  gate: Gate,
  asked: Exchange,
  status: number,
  fields: readonly string[] | undefined,
  cookies: readonly string[],
): void {
  const { response } = asked
  if (fields === undefined) return
  try {
    if (response.headersSent || response.destroyed) return
    response.writeHead(status, [...fields, ...cookies, 'Cache-Control', 'no-store', 'Content-Length', '0'])
    response.end()
  } catch (error) {
    gate.breakOff(asked, error)
  }
}

/**
 * nginx understands 2xx, 401 and 403 of an answer, drops its body, and follows no redirect; oauth2-proxy is mostly
 * asked by it. The others pass an answer on as it is.
 */
function answeredAs(
  dialect: Dialect,
  { by }: StatedRequest,
  arrival: Arrival,
): Pick<Exchange, 'arrival' | 'reshape'> {
  if (dialect === 'auth_request') return { arrival: asNavigation(arrival), reshape: forAuthRequest }
  return by === 'original' || dialect === 'oauth2' ? { arrival, reshape: forAuthRequest } : { arrival }
}

/** Authelia tells nginx where the login is whoever asks. */
function asNavigation(arrival: Arrival): Arrival {
  const { headers } = arrival
  return { ...arrival, headers: { ...headers, fields: { ...headers.fields, fetchMode: 'navigate' } } }
}

function forAuthRequest({ status, headers }: Answer): Answer {
  const { location, 'www-authenticate': challenge = 'Bearer', 'retry-after': retryAfter } = headers
  if (location !== undefined || status === 401) {
    const where = location === undefined ? {} : { location }
    return { status: 401, headers: { 'www-authenticate': challenge, ...where }, body: '' }
  }
  const when = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  return { status: status >= 500 ? status : 403, headers: when, body: '' }
}
