import { METHODS } from 'node:http'
import type { BlockList } from 'node:net'
import { canonicalise } from '../access/canonicalise.js'
import type { RawRequest, Refusal } from '../access/canonicalise.js'
import type { Policy } from '../access/policy.js'
import type { AccessRequest } from '../access/access-request.js'
import type { HeaderRoles } from './header-roles.js'
import { MOST_HEADERS, readRequestHeaders } from './request-headers.js'
import type { RequestHeaders } from './request-headers.js'
import { clientOf } from './trusted-proxies.js'
import type { Client } from './trusted-proxies.js'

/** Why a request is answered before anything is asked about it. */
export type ArrivalRefusal =
  Refusal | 'repeated_header' | 'too_many_headers' | 'unsupported_transfer_encoding' | 'unsupported_version'

/** Node's parser lets through those of RTSP as well, and the first word of HTTP/2 (RFC 9113, section 3.4). */
const METHODS_OF_HTTP: ReadonlySet<string> = new Set(METHODS)

/** A request as it came in, read once. */
export interface Arrival {
  /** By which it was read, and by which it is to be judged. */
  readonly policy: Policy
  readonly headers: RequestHeaders
  readonly client: Client
  /** What was read of it, unchanged; undefined: the message was refused before anybody looked at its path. */
  readonly sent: RawRequest | undefined
  /** The one reading of the request, or why there is none. */
  readonly reading:
    | { readonly ok: true; readonly request: AccessRequest }
    | { readonly ok: false; readonly refusal: ArrivalRefusal }
}

export interface ArrivalOptions {
  readonly roleOf: HeaderRoles
  /** Whose `X-Forwarded-*` is believed; undefined: nobody's. */
  readonly trustedProxies: BlockList | undefined
  readonly policy: Policy
}

/** What Node's parser read of a request; an `IncomingMessage` is one. */
interface ParsedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Undefined counts as 1.1. */
  readonly httpVersion?: string | undefined
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly socket: Parameters<typeof clientOf>[0]
}

/** Reads a request: its header fields, who sent it, and the one canonical form that everything after works on. */
export function readArrival(raw: ParsedRequest, options: ArrivalOptions): Arrival {
  const { policy } = options
  const headers = readRequestHeaders(raw.rawHeaders, options.roleOf)
  const client = clientOf(raw.socket, headers.fields, options.trustedProxies)
  const refusal = framingRefusal(raw, headers)
  if (refusal !== undefined)
    return { policy, headers, client, sent: undefined, reading: { ok: false, refusal } }
  const host = client.forwardedHost === undefined ? headers.fields.host : (client.forwardedHost ?? undefined)
  const sent = {
    method: raw.method ?? '',
    target: raw.url ?? '',
    host,
    asksPreflight: headers.fields.origin !== undefined && headers.fields.preflightMethod !== undefined,
  }
  return { policy, headers, client, sent, reading: canonicalise(sent, policy.leniencies) }
}

/**
 * How long the body of a request is by its framing, in bytes (RFC 9112, section 6.3): 0 where there is none; undefined
 * where it comes in chunks, and nobody knows.
 */
export function bodyLength({
  fields: { contentLength, transferEncoding },
}: RequestHeaders): number | undefined {
  return transferEncoding === undefined ? Number(contentLength ?? 0) : undefined
}

/** Whether a request has a body. */
export function hasBody(headers: RequestHeaders): boolean {
  return bodyLength(headers) !== 0
}

function framingRefusal(
  { method = '', httpVersion, rawHeaders }: ParsedRequest,
  headers: RequestHeaders,
): ArrivalRefusal | undefined {
  if (!METHODS_OF_HTTP.has(method)) return 'method_not_allowed'
  if (httpVersion !== undefined && httpVersion !== '1.1' && httpVersion !== '1.0')
    return 'unsupported_version'
  if (rawHeaders.length / 2 > MOST_HEADERS) return 'too_many_headers'
  if (headers.repeated) return 'repeated_header'
  const coding = headers.fields.transferEncoding
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return undefined
  return 'unsupported_transfer_encoding'
}
