import { isIP } from 'node:net'
import { canonicalise } from '../access/canonicalise.js'
import { canonicalHost } from '../access/host.js'
import type { Arrival } from '../http/arrival.js'
import { REQUEST_METHODS } from '../http/server.js'
import { EXT_AUTHZ_PREFIX, STATING_FIELDS, type Dialect } from './forward-auth-addresses.js'

/** The request that another proxy asks about, as it states it. Nothing of it is repaired. */
export interface StatedRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The value of its Host header. */
  readonly host: string
  /** Whether it came by https. */
  readonly secure: boolean
  /** Which set of header fields told it: what understands one understands its answers. */
  readonly by: 'original' | 'forwarded' | 'path'
}

/** What was stated, or in one sentence why it cannot be known. */
export type Statement =
  { readonly ok: true; readonly stated: StatedRequest } | { readonly ok: false; readonly fault: string }

type Field = (typeof STATING_FIELDS)[number]
type Said = Readonly<Partial<Record<Field, string>>>

/** As people write them. */
const SPELLED: Readonly<Record<Field, string>> = {
  'x-original-url': 'X-Original-URL',
  'x-original-method': 'X-Original-Method',
  'x-forwarded-uri': 'X-Forwarded-Uri',
  'x-forwarded-method': 'X-Forwarded-Method',
  'x-forwarded-host': 'X-Forwarded-Host',
  'x-forwarded-proto': 'X-Forwarded-Proto',
}

const FIELDS: ReadonlySet<string> = new Set(STATING_FIELDS)
const METHODS: ReadonlySet<string> = new Set(REQUEST_METHODS)

/** Scheme, authority, and what goes on with a slash: nothing is taken for `/`. */
const ORIGINAL_URL = /^([a-z]+):\/\/([^/?#\\\s]+)(\/.*)$/i
/** Two paths or addresses, joined as two values of one header field are. */
const LIST_OF_TARGETS = /^[^?]*,\s*(?:\/|[a-z]+:\/\/)/i

/** What each way of stating needs. */
const NEEDED: Readonly<Record<StatedRequest['by'], readonly Field[]>> = {
  original: ['x-original-url', 'x-original-method'],
  forwarded: ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'],
  path: ['x-forwarded-proto'],
}

const NO_ADDRESS = 'X-Original-URL is not an address of http or https with scheme, host and path'

/**
 * Reads which request another proxy asks about. Every field that says something about it must be there once, not be
 * empty, and agree with every other one: a proxy that sets one set of fields passes on what a client sent in the other.
 * @param arrival the proxy's own request
 */
export function readStatement(
  dialect: Dialect,
  { rawHeaders }: { readonly rawHeaders: readonly string[] },
  { headers, sent }: Arrival,
): Statement {
  const said = readFields(rawHeaders)
  if (typeof said === 'string') return { ok: false, fault: said }
  const by = sourceOf(dialect, said)
  const missing = NEEDED[by].find(name => said[name] === undefined)
  if (missing !== undefined) return { ok: false, fault: `${SPELLED[missing]} is missing` }
  // Without it every client would seem to be at the proxy's own address.
  if (isIP(lastOf(headers.fields.forwardedFor)) === 0)
    return { ok: false, fault: 'X-Forwarded-For does not end with an address' }
  const stated = by === 'path' ? inPath(sent, said, headers.fields.host) : inFields(by, said)
  if (typeof stated === 'string') return { ok: false, fault: stated }
  const fault = faultBetween(stated, said)
  return fault === undefined ? { ok: true, stated } : { ok: false, fault }
}

function lastOf(list = ''): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}

/** The proxy's request as the one that it asks about: read in the same way as if that had come to the gateway itself. */
export function arrivalOfStated(
  { policy, headers, client }: Arrival,
  { method, target, host, secure }: StatedRequest,
): Arrival {
  const { origin, preflightMethod } = headers.fields
  const asksPreflight = origin !== undefined && preflightMethod !== undefined
  const sent = { method, target, host, asksPreflight }
  return {
    policy,
    headers,
    client: { ...client, secure, forwardedHost: host },
    sent,
    reading: METHODS.has(method)
      ? canonicalise(sent, policy.leniencies)
      : { ok: false, refusal: 'method_not_allowed' },
  }
}

/** Each stating field once; a text: what is wrong with them. */
function readFields(rawHeaders: readonly string[]): Said | string {
  const said: Partial<Record<Field, string>> = {}
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!isField(name)) continue
    if (said[name] !== undefined) return `${SPELLED[name]} stands there twice`
    const value = rawHeaders[index + 1] ?? ''
    if (value === '') return `${SPELLED[name]} is empty`
    said[name] = value
  }
  return said
}

function isField(name: string): name is Field {
  return FIELDS.has(name)
}

function sourceOf(dialect: Dialect, said: Said): StatedRequest['by'] {
  if (dialect === 'ext_authz') return 'path'
  if (dialect === 'auth_request') return 'original'
  return dialect === 'forward_auth' || said['x-original-url'] === undefined ? 'forwarded' : 'original'
}

function inPath(sent: Arrival['sent'], said: Said, host: string | undefined): StatedRequest | string {
  if (sent?.target.startsWith(`${EXT_AUTHZ_PREFIX}/`) !== true) return `no path follows ${EXT_AUTHZ_PREFIX}`
  const secure = isSecure(said['x-forwarded-proto'] ?? '')
  if (host === undefined || secure === undefined) return 'Host or X-Forwarded-Proto cannot be understood'
  return { method: sent.method, target: sent.target.slice(EXT_AUTHZ_PREFIX.length), host, secure, by: 'path' }
}

function inFields(by: 'original' | 'forwarded', said: Said): StatedRequest | string {
  const parts = by === 'original' ? ORIGINAL_URL.exec(said['x-original-url'] ?? '') : undefined
  if (parts === null) return NO_ADDRESS
  const [, scheme = '', host = '', target = ''] = parts ?? [
    undefined,
    said['x-forwarded-proto'],
    said['x-forwarded-host'],
    said['x-forwarded-uri'],
  ]
  const method = said[by === 'original' ? 'x-original-method' : 'x-forwarded-method'] ?? ''
  const secure = isSecure(scheme)
  if (secure === undefined) return 'the scheme is neither http nor https'
  if (LIST_OF_TARGETS.test(target)) return 'the path is a list'
  return { method, target, host, secure, by }
}

/** Traefik names the schemes of WebSocket too. */
function isSecure(scheme: string): boolean | undefined {
  switch (scheme.toLowerCase()) {
    case 'https':
    case 'wss':
      return true
    case 'http':
    case 'ws':
      return false
    default:
      return undefined
  }
}

/** What else is said about the request must say the same. */
function faultBetween({ method, target, host, secure }: StatedRequest, said: Said): string | undefined {
  const { 'x-original-url': url, 'x-forwarded-host': otherHost, 'x-forwarded-proto': scheme } = said
  const other = url === undefined ? undefined : ORIGINAL_URL.exec(url)
  if (other === null) return NO_ADDRESS
  const agrees =
    (said['x-original-method'] ?? method) === method &&
    (said['x-forwarded-method'] ?? method) === method &&
    (said['x-forwarded-uri'] ?? target) === target &&
    (scheme === undefined || isSecure(scheme) === secure) &&
    (otherHost === undefined || isSameHost(otherHost, host)) &&
    (other === undefined ||
      (isSecure(other[1] ?? '') === secure && isSameHost(other[2] ?? '', host) && other[3] === target))
  return agrees ? undefined : 'two header fields say different things about the request'
}

function isSameHost(one: string, other: string): boolean {
  return one === other || (canonicalHost(one) !== undefined && canonicalHost(one) === canonicalHost(other))
}
