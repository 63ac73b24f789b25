import { isIP } from 'node:net'
import { buildConnector, Pool } from 'undici'
import type { Dispatcher } from 'undici'

/** How the gateway reaches an app's upstream. Durations are milliseconds. */
export interface UpstreamOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string
  /** Only for https. `ca` is PEM text; without `verify` (written as `insecure-skip-verify`) nothing is checked. */
  readonly tls: {
    readonly verify: boolean
    readonly ca: string | undefined
    readonly serverName: string | undefined
  }
  /** True: the client's Host goes upstream (default). False: the upstream's own. */
  readonly passHost: boolean
  readonly timeouts: {
    /** Default 5 s. */
    readonly connect: number
    /** Until the answer's header fields. Default 60 s. */
    readonly headers: number
    /** Between two pieces of a body. Default 5 min. */
    readonly body: number
  }
}

/** An upstream with its connections. */
export interface Upstream {
  readonly options: UpstreamOptions
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

/** Opens the pool of an upstream. Nothing is connected before the first request. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const url = new URL(options.origin)
  const { verify, ca } = options.tls
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const serverName = options.tls.serverName ?? (isIP(hostname) === 0 ? hostname : '')
  const connect = buildConnector({
    timeout: options.timeouts.connect,
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
  })
  return {
    options,
    url,
    hostname,
    serverName,
    dispatcher: new Pool(url.origin, {
      // As many as there are requests: a cap here would let slow strangers take the app away from everybody.
      connections: null,
      pipelining: 1,
      connect: (target, callback) => {
        connect({ ...target, servername: serverName }, callback)
      },
      headersTimeout: options.timeouts.headers,
      bodyTimeout: options.timeouts.body,
      maxHeaderSize: 32 * 1024,
    }),
  }
}
