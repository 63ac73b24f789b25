import type { BlockList } from 'node:net'
import { canonicalise } from '../access/canonicalise.js'
import type { PathLeniency, Refusal } from '../access/canonicalise.js'
import type { AccessRequest } from '../access/access-request.js'
import type { HeaderRoles } from './header-roles.js'
import { MOST_HEADERS, readRequestHeaders } from './request-headers.js'
import type { RequestHeaders } from './request-headers.js'
import { clientOf } from './trusted-proxies.js'
import type { Client } from './trusted-proxies.js'

/** Why a request is answered before anything is asked about it. */
export type ArrivalRefusal =
  Refusal | 'repeated_header' | 'too_many_headers' | 'unsupported_transfer_encoding' | 'unsupported_version'

/** A request as it came in, read once. */
export interface Arrival {
  readonly headers: RequestHeaders
  readonly client: Client
  /** The one reading of the request, or why there is none. */
  readonly reading:
    | { readonly ok: true; readonly request: AccessRequest }
    | { readonly ok: false; readonly refusal: ArrivalRefusal }
}

export interface ArrivalOptions {
  readonly roleOf: HeaderRoles
  /** Whose `X-Forwarded-*` is believed; undefined: nobody's. */
  readonly trustedProxies: BlockList | undefined
  /** What the app of a canonical host accepts in paths. */
  readonly leniencies: (host: string) => readonly PathLeniency[]
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
  const headers = readRequestHeaders(raw.rawHeaders, options.roleOf)
  const client = clientOf(raw.socket, headers.fields, options.trustedProxies)
  const refusal = framingRefusal(raw, headers)
  if (refusal !== undefined) return { headers, client, reading: { ok: false, refusal } }
  const host = client.forwardedHost === undefined ? headers.fields.host : (client.forwardedHost ?? undefined)
  const reading = canonicalise(
    {
      method: raw.method ?? '',
      target: raw.url ?? '',
      host,
      asksPreflight: headers.fields.origin !== undefined && headers.fields.preflightMethod !== undefined,
    },
    options.leniencies,
  )
  return { headers, client, reading }
}

/** Whether a request has a body, by its framing (RFC 9112, section 6.3). */
export function hasBody(headers: RequestHeaders): boolean {
  const { contentLength, transferEncoding } = headers.fields
  return transferEncoding !== undefined || (contentLength !== undefined && contentLength !== '0')
}

function framingRefusal(
  { httpVersion, rawHeaders }: ParsedRequest,
  headers: RequestHeaders,
): ArrivalRefusal | undefined {
  if (httpVersion !== undefined && httpVersion !== '1.1' && httpVersion !== '1.0')
    return 'unsupported_version'
  if (rawHeaders.length / 2 > MOST_HEADERS) return 'too_many_headers'
  if (headers.repeated) return 'repeated_header'
  const coding = headers.fields.transferEncoding
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return undefined
  return 'unsupported_transfer_encoding'
}
