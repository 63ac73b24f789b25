import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from 'node:http2'
import { Dispatcher, errors } from 'undici'
import { createHttp2Exchange } from './http2-exchange.js'

/** How an address is reached that speaks HTTP/2. Durations are milliseconds. */
export interface Http2Options {
  readonly url: URL
  /** Only for https: what is believed there, and which name is asked for. */
  readonly tls: SecureClientSessionOptions
  readonly timeouts: { readonly connect: number }
}

/** One connection, and how many requests are under way on it. */
interface Link {
  readonly session: ClientHttp2Session
  readonly stands: Promise<void>
  requests: number
}

/** How many requests a connection takes at once before the app has said how many it wants (RFC 9113, section 6.5.2). */
const AT_ONCE = 100
/** How long a connection is kept that has nothing to do, in milliseconds. */
const IDLE = 30_000
/** How much of an answer may wait for a slow client, in bytes. */
const WINDOW = 256 * 1024
const HEADER_LIMIT = 32 * 1024

/**
 * Makes a dispatcher that speaks HTTP/2 (RFC 9113): over TLS by ALPN, over plain http with prior knowledge (section
 * 3.3). Many requests share a connection; another one is opened when the app takes no more on the first. What the app
 * did not take when it closed a connection (GOAWAY, REFUSED_STREAM) fails as a broken connection does.
 */
export function createHttp2Dispatcher({ url, tls, timeouts }: Http2Options): Dispatcher {
  const links = new Set<Link>()

  function open(): Link {
    const session = connect(url.origin, {
      ...tls,
      settings: { enablePush: false, initialWindowSize: WINDOW, maxHeaderListSize: HEADER_LIMIT },
    })
    const stands = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new errors.ConnectTimeoutError('no connection in time'))
        session.destroy()
      }, timeouts.connect)
      session.once('connect', () => {
        clearTimeout(timer)
        if (url.protocol === 'http:' || session.alpnProtocol === 'h2') {
          resolve()
          return
        }
        reject(new errors.SocketError('the app does not speak HTTP/2'))
        session.destroy()
      })
      session.on('error', (error: Error) => {
        reject(new errors.SocketError(error.message))
      })
      session.once('close', () => {
        clearTimeout(timer)
        links.delete(link)
        reject(new errors.SocketError('the connection was closed'))
      })
    })
    // Whoever waits for it hears of it; nobody may be waiting any more.
    stands.catch(nothing)
    session.setTimeout(IDLE, () => {
      if (link.requests === 0) session.close()
    })
    const link: Link = { session, stands, requests: 0 }
    links.add(link)
    return link
  }

  function take(): Link {
    for (const link of links) {
      const { session, requests } = link
      const most = session.connecting ? AT_ONCE : (session.remoteSettings.maxConcurrentStreams ?? AT_ONCE)
      if (!session.closed && !session.destroyed && requests < most) return link
    }
    return open()
  }

  return Object.assign(new Dispatcher(), {
    dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const link = take()
      link.requests += 1
      const exchange = createHttp2Exchange(options, handler, () => {
        link.requests -= 1
      })
      link.stands.then(() => exchange.begin(link.session)).catch(exchange.fail)
      return true
    },
    async close(): Promise<void> {
      await Promise.all(
        [...links].map(({ session }) => new Promise<void>(resolve => session.close(() => resolve()))),
      )
    },
    destroy(): Promise<void> {
      for (const { session } of links) session.destroy()
      return Promise.resolve()
    },
  })
}

function nothing(): void {
  // What it rejects with was told already.
}
