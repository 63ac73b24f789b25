import { isIP } from 'node:net'
import { buildConnector, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { createHttp2Dispatcher } from './http2-dispatcher.js'

/** How each address of an upstream is reached. Durations are milliseconds. */
export interface AddressOptions {
  /** Speaks HTTP/2: over TLS by ALPN, over plain http with prior knowledge. WebSockets go over HTTP/1.1 all the same. */
  readonly http2: boolean
  /** Only for https. `ca` is PEM text; without `verify` (written as `insecure-skip-verify`) nothing is checked. */
  readonly tls: {
    readonly verify: boolean
    readonly ca: string | undefined
    /** PEM texts by which the gateway shows who it is; undefined: it does not. */
    readonly identity: { readonly cert: string; readonly key: string } | undefined
    readonly serverName: string | undefined
  }
  readonly timeouts: {
    /** Default 5 s. */
    readonly connect: number
    /** Until the answer's header fields. Default 60 s. */
    readonly headers: number
    /** Between two pieces of a body. Default 5 min. */
    readonly body: number
  }
}

/** One address of an upstream with its connections. */
export interface UpstreamAddress {
  readonly url: URL
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  /**
   * The name that TLS asks for and checks: never the client's Host. Empty where the upstream is an address, which is
   * checked but not asked for (RFC 6066, section 3).
   */
  readonly serverName: string
  readonly dispatcher: Dispatcher
}

/** Opens the pool of an address. Nothing is connected before the first request. */
export function openAddress(origin: string, options: AddressOptions): UpstreamAddress {
  const { tls } = options
  const url = new URL(origin)
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const serverName = tls.serverName ?? (isIP(hostname) === 0 ? hostname : '')
  const dispatcher = options.http2
    ? createHttp2Dispatcher({ ...options, url, tls: { ...tlsOptions(tls), servername: serverName } })
    : openPool(url, serverName, options)
  return { url, hostname, serverName, dispatcher }
}

function openPool({ origin }: URL, servername: string, { tls, timeouts }: AddressOptions): Dispatcher {
  const connect = buildConnector({ timeout: timeouts.connect, ...tlsOptions(tls) })
  return new Pool(origin, {
    // As many as there are requests: a cap here would let slow strangers take the app away from everybody.
    connections: null,
    pipelining: 1,
    connect: (target, callback) => {
      connect({ ...target, servername }, callback)
    },
    // Whoever asks watches over its own waits.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 32 * 1024,
  })
}

/** What Node's TLS is told about the certificates of an upstream, and of the gateway's own there. */
export function tlsOptions({ verify, ca, identity }: AddressOptions['tls']): {
  readonly rejectUnauthorized: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
} {
  return { rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }), ...identity }
}
