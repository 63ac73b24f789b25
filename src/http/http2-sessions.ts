import { constants, createServer } from 'node:http2'
import type {
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { AnswerHeaders } from './answer.js'
import { asExchange, headSize } from './stream-exchange.js'

export interface Http2Options {
  /** Most bytes of a request's head. */
  readonly headLimit: number
  /** How long a client may take to send its first request, in milliseconds. */
  readonly headTimeout: number
  /** How long a connection without a request may be idle, in milliseconds. */
  readonly keepAlive: number
  /** How long a request under way may be silent on both sides, in milliseconds. */
  readonly idleTimeout: number
  /** What every answer of the gateway itself carries at this moment. */
  readonly answerHeaders: () => AnswerHeaders
  /** Frames that are no HTTP/2, or a head that is none of a request: told so that it can be counted. */
  readonly onUnparsable: (address: string, reason: string) => void
}

/** The connections of a server that speak HTTP/2. */
export interface Http2Sessions {
  /** Tells clients to let go (GOAWAY), and serves what is under way and what was on its way (RFC 9113, section 6.8). */
  readonly endConnections: () => void
  /** Ends the connections that wait for nothing. */
  readonly closeIdle: () => void
  /** Ends every connection, whatever is under way. */
  readonly closeAll: () => void
}

/** What RFC 9113, section 6.5.2 asks for at least, so that no page waits for its parts. */
const MOST_STREAMS = 100
/** More than the fields that are refused with an answer (`MOST_HEADERS`), with the four of HTTP/2. */
const MOST_FIELDS = 256
/** Each field counts 32 bytes more here than in HTTP/1.1 (RFC 9113, section 6.5.2). */
const FIELD_OVERHEAD = 32
/** Frames that break the protocol, and requests beyond the limit: clients that mean well send none, or a few at first. */
const MOST_INVALID_FRAMES = 50
const MOST_REJECTED_STREAMS = 100
/** How many requests of a connection may break off before it ends, unless more of them are answered (CVE-2023-44487). */
const MOST_BROKEN_OFF = 500
/** How long after the first GOAWAY no request is on its way any more, in milliseconds. */
const LAST_CALL = 1_000
/** How long a client may keep a connection open that was ended, in milliseconds. */
const LINGER = 2_000

/**
 * Has a TLS server speak HTTP/2 with clients that ask for it (ALPN, RFC 7301). The server must offer it; its connections
 * of HTTP/1.1 go the very way that they went without. Requests come as the event `request` of the server.
 */
export function serveHttp2(server: EventEmitter, options: Http2Options): Http2Sessions {
  const connections = new Map<ServerHttp2Session, Connection>()
  let ending = false

  const http2 = createServer({
    maxHeaderListPairs: MOST_FIELDS,
    maxSessionInvalidFrames: MOST_INVALID_FRAMES,
    maxSessionRejectedStreams: MOST_REJECTED_STREAMS,
    settings: {
      maxConcurrentStreams: MOST_STREAMS,
      maxHeaderListSize: options.headLimit + MOST_FIELDS * FIELD_OVERHEAD,
    },
  })
  http2.on('request', (raw, response) => {
    const { stream } = raw
    // Reset in the same breath: nobody waits for an answer.
    if (stream.destroyed) return
    const fault = faultOf(raw, options.headLimit)
    if (fault === undefined) {
      const exchange = asExchange(raw, response)
      server.emit('request', exchange.raw, exchange.response)
      return
    }
    options.onUnparsable(stream.session?.socket.remoteAddress ?? '', fault.reason)
    refuse(stream, fault.status, options.answerHeaders())
  })
  // Nor is there a tunnel by RFC 8441: its setting is not offered. For WebSockets browsers open one of HTTP/1.1.
  http2.on('connect', (_raw: Http2ServerRequest, { stream }: Http2ServerResponse) => {
    if (!stream.destroyed) refuse(stream, 405, options.answerHeaders())
  })

  function follow(session: ServerHttp2Session, socket: TLSSocket): void {
    const connection = createConnection(session, socket)
    connections.set(session, connection)
    const address = socket.remoteAddress ?? ''
    let idle = setTimeout(connection.letGo, options.headTimeout).unref()
    let answered = 0
    let brokenOff = 0
    const count = ({ rstCode, aborted }: ServerHttp2Stream): void => {
      if (rstCode === constants.NGHTTP2_NO_ERROR && !aborted) answered += 1
      else brokenOff += 1
      if (brokenOff <= MOST_BROKEN_OFF || brokenOff <= answered || session.destroyed) return
      options.onUnparsable(address, 'ERR_HTTP2_TOO_MANY_RESETS')
      connection.destroy()
    }
    session.on('stream', stream => {
      if (stream.destroyed) {
        count(stream)
        return
      }
      clearTimeout(idle)
      connection.open += 1
      stream.setTimeout(options.idleTimeout, () => stream.close(constants.NGHTTP2_CANCEL))
      stream.once('close', () => {
        connection.open -= 1
        count(stream)
        if (connection.open > 0) return
        if (session.closed) connection.letGo()
        else idle = setTimeout(connection.letGo, options.keepAlive).unref()
      })
    })
    session.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_HTTP2') === true) options.onUnparsable(address, error.code)
    })
    session.once('close', () => {
      clearTimeout(idle)
      connections.delete(session)
    })
    if (ending) connection.end()
  }

  const takeHttp1 = server.listeners('secureConnection') as ((
    this: EventEmitter,
    socket: TLSSocket,
  ) => void)[]
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') {
      for (const take of takeHttp1) take.call(server, socket)
      return
    }
    const take = (session: ServerHttp2Session): void => follow(session, socket)
    http2.once('session', take)
    http2.emit('connection', socket)
    http2.off('session', take)
  })
  return {
    endConnections: () => {
      ending = true
      for (const { end } of connections.values()) end()
    },
    closeIdle: () => {
      for (const { open, letGo } of connections.values()) if (open === 0) letGo()
    },
    closeAll: () => {
      for (const { destroy } of connections.values()) destroy()
    },
  }
}

/** One connection that speaks HTTP/2. */
interface Connection {
  /** How many requests are under way. */
  open: number
  /** Takes no further requests, and closes when those under way are answered. */
  readonly letGo: () => void
  /** Says that it will be closed, and lets go when every request has arrived that was sent before that was heard. */
  readonly end: () => void
  readonly destroy: () => void
}

function createConnection(session: ServerHttp2Session, socket: TLSSocket): Connection {
  const destroy = (): void => {
    session.destroy()
    socket.destroy()
  }
  // A client that reads nothing more, or never ends its side, would keep the socket.
  const linger = (): void => {
    const timer = setTimeout(destroy, LINGER).unref()
    socket.once('close', () => clearTimeout(timer))
  }
  session.once('close', linger)
  const connection: Connection = {
    open: 0,
    letGo: () => {
      if (session.destroyed) return
      session.close()
      if (connection.open === 0) linger()
    },
    end: () => {
      if (session.closed || session.destroyed) return
      session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1)
      setTimeout(connection.letGo, LAST_CALL).unref()
    },
    destroy,
  }
  return connection
}

/** Why no arrival can be read from it. Node refuses the rest by resetting the stream (RFC 9113, section 8.1.1). */
function faultOf(
  raw: Http2ServerRequest,
  headLimit: number,
): { readonly status: number; readonly reason: string } | undefined {
  if (headSize(raw) > headLimit) return { status: 431, reason: 'ERR_HTTP2_HEADERS_TOO_LARGE' }
  const isTarget = raw.url.startsWith('/') || raw.url === '*'
  return raw.scheme === 'https' && isTarget ? undefined : { status: 400, reason: 'ERR_HTTP2_PSEUDO_HEADERS' }
}

function refuse(stream: ServerHttp2Stream, status: number, own: AnswerHeaders): void {
  stream.respond({ ...own, ':status': status, 'content-length': '0' }, { endStream: true })
  stream.close(constants.NGHTTP2_NO_ERROR)
}
