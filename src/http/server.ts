import { METHODS, STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { Server as SecureServer } from 'node:tls'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { AccessRequest } from '../access/access-request.js'
import type { AnswerHeaders } from './answer.js'
import { readArrival } from './arrival.js'
import type { Arrival, ArrivalOptions } from './arrival.js'
import { serveHttp2 } from './http2-sessions.js'
import { stopListening } from './last-requests.js'
import { closeInStages } from './staged-close.js'
import { isOfStream } from './stream-exchange.js'

export interface ServerOptions {
  /** PEM texts, and whether clients may speak HTTP/2 (default: no); undefined: plain http. */
  readonly tls:
    { readonly cert: string; readonly key: string; readonly http2?: boolean | undefined } | undefined
  /** How requests are read at this moment. */
  readonly reading: () => ArrivalOptions
  /** What every answer of the gateway itself carries at this moment. */
  readonly answerHeaders: () => AnswerHeaders
  /** Bytes that are no HTTP request: told so that they can be counted; the answer is made here. */
  readonly onUnparsable: (address: string, reason: string) => void
  /** Names a request like no other, in any process. */
  readonly requestId: () => string
  /** Whether another proxy asks with this request what becomes of one of its own: it is for the gate, at any address. */
  readonly asksForDecision: (arrival: Arrival, raw: IncomingMessage) => boolean
}

/** The HTTP server with what was read of each request. */
export interface GatewayServer {
  readonly fastify: FastifyInstance
  /** The request as it was read when it came in. */
  readonly arrivalOf: (raw: IncomingMessage) => Arrival
  /**
   * Makes a request the last one of its connection. Node parses what came behind it in the same piece and hands it
   * out all the same: `isAfterEnd` tells, and it must be neither judged nor answered (RFC 9112, section 9.6).
   */
  readonly endAfter: (raw: IncomingMessage) => void
  readonly isAfterEnd: (raw: IncomingMessage) => boolean
  /** Whether the request goes through the gate: it is for an app, or asks for a decision about one. */
  readonly isForApp: (raw: IncomingMessage) => boolean
  /** Whether it asks for a decision. */
  readonly asksForDecision: (raw: IncomingMessage) => boolean
  /**
   * From now on each answer is the last one of its connection and says so (RFC 9112, section 9.6): clients that keep
   * connections open let go of this server before it closes.
   */
  readonly endConnections: () => void
  /** Whether `endConnections()` was called. */
  readonly isEnding: () => boolean
  /**
   * Takes no new connection. Those that are open go on, and clients have so long, in milliseconds, to ask once more on
   * those that they keep; resolves after that, or when the last of them has ended.
   */
  readonly takeLastRequests: (within: number) => Promise<void>
  /** Closes the connections that wait for nothing. */
  readonly closeIdleConnections: () => void
  /** Closes every connection, whatever is under way. */
  readonly closeAllConnections: () => void
  /** Hands over requests that ask for another protocol, each after the answers that its connection still owes. */
  readonly onUpgrade: (take: TakeUpgrade) => void
  /** Shows another certificate from the next handshake on; connections that stand go on. Not for plain http. */
  readonly useCertificate: (pair: { readonly cert: string; readonly key: string }) => void
}

/** A request as it was read. */
interface Received {
  readonly arrival: Arrival
  readonly asksForDecision: boolean
  readonly isForApp: boolean
  readonly isAfterEnd: boolean
}

/** Where a request keeps how it was read: in a WeakMap each would live on until the next great garbage collection. */
const RECEIVED = Symbol('received')

/** Takes over a connection: the head of the request, the bare socket, and what came behind the head. */
type TakeUpgrade = (raw: IncomingMessage, socket: Socket, head: Buffer) => void

/**
 * Where every request for an app enters the router, and where every one that asks for a decision, whatever its own
 * address is. No request comes there by its own.
 */
const APP_ENTRANCE = '/'
export const QUESTION_ENTRANCE = '/question'

/** Methods that a request may have (b20): all that Node parses, but those that make or echo tunnels. */
export const REQUEST_METHODS: readonly string[] = METHODS.filter(
  method => method !== 'CONNECT' && method !== 'TRACE',
)

/**
 * TLS 1.3, and of TLS 1.2 what has forward secrecy and authenticated encryption (RFC 9325, sections 3.1.1 and 4.2; ASVS
 * 12.1.2).
 */
const TLS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const

/** How long a client may take to send the head of a request, in milliseconds. */
const HEAD_TIMEOUT = 20_000
/** How long a connection may be idle, between requests and within one; longer than any common proxy's. */
const KEEP_ALIVE = 75_000
const IDLE_TIMEOUT = 6 * 60_000
/** Most bytes of a request's head. */
const HEAD_LIMIT = 16 * 1024

/**
 * Makes the HTTP server. A request is read before it is routed: the router sees the canonical address of what is
 * for the gateway itself, and one constant address for everything else, so that no second reading of a path exists.
 */
export function createServer({
  tls,
  reading,
  answerHeaders,
  onUnparsable,
  requestId,
  asksForDecision,
}: ServerOptions): GatewayServer {
  const ended = new WeakSet<Socket>()
  let ending = false
  const lastAnswers = new WeakMap<Socket, ServerResponse>()

  function receive(raw: IncomingMessage & { [RECEIVED]?: Received }): Received {
    const known = raw[RECEIVED]
    if (known !== undefined) return known
    const arrival = readArrival(isOfStream(raw) ? withoutVersion(raw) : raw, reading())
    const before = lastAnswers.get(raw.socket)
    // It has told that the connection ends with it, whoever wrote it.
    if (before !== undefined && before.headersSent && !before.shouldKeepAlive) ended.add(raw.socket)
    const asks = asksForDecision(arrival, raw)
    const received = {
      arrival,
      asksForDecision: asks,
      isForApp: asks || !arrival.reading.ok || !arrival.policy.isOwn(arrival.reading.request),
      // As it came in: what comes behind must not end what is still at work.
      isAfterEnd: ended.has(raw.socket),
    }
    raw[RECEIVED] = received
    return received
  }

  const http = {
    maxHeaderSize: HEAD_LIMIT,
    headersTimeout: HEAD_TIMEOUT,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: 5_000,
  }
  const common = {
    logger: false,
    genReqId: requestId,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    keepAliveTimeout: KEEP_ALIVE,
    requestTimeout: 0,
    connectionTimeout: IDLE_TIMEOUT,
    forceCloseConnections: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    rewriteUrl: (raw: IncomingMessage): string => {
      const { arrival, asksForDecision, isForApp } = receive(raw)
      if (asksForDecision) return QUESTION_ENTRANCE
      return isForApp || !arrival.reading.ok ? APP_ENTRANCE : addressOf(arrival.reading.request)
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket): void => {
      // The last answer is out or on its way, and the connection ends behind it.
      if (ended.has(socket) || socket.writableEnded) return
      const due = lastAnswers.get(socket)
      if (due !== undefined && !due.writableFinished) {
        // Another answer would be taken for a part of the one that is due.
        ended.add(socket)
        if (due.req.complete) due.once('close', () => socket.destroySoon())
        // What broke is its own request, and ends with it.
        else socket.end(() => socket.destroy())
        return
      }
      onUnparsable(socket.remoteAddress ?? '', error.code ?? error.name)
      answerUnparsable(error, socket, answerHeaders())
    },
  } as const
  const server = (
    tls === undefined
      ? fastify({ ...common, http })
      : fastify({
          ...common,
          https: {
            ...http,
            ...TLS,
            cert: tls.cert,
            key: tls.key,
            handshakeTimeout: HEAD_TIMEOUT,
            ALPNProtocols: tls.http2 === true ? ['h2', 'http/1.1'] : ['http/1.1'],
          },
        })
  ) as FastifyInstance
  for (const method of REQUEST_METHODS) {
    if (!server.supportedMethods.includes(method)) server.addHttpMethod(method, { hasBody: true })
  }
  // Node cuts off what is over this without a word; the arrival counts and refuses instead.
  ;(server.server as Server | TlsServer).maxHeadersCount = 0
  server.server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    lastAnswers.set(raw.socket, response)
    if (ending) ended.add(raw.socket)
  })
  // Before anything can be answered.
  server.server.prependListener('request', (_raw: IncomingMessage, response: ServerResponse) => {
    if (ending) response.shouldKeepAlive = false
  })
  server.server.on(tls === undefined ? 'connection' : 'secureConnection', closeInStages)
  const sessions =
    tls?.http2 === true
      ? serveHttp2(server.server, {
          headLimit: HEAD_LIMIT,
          headTimeout: HEAD_TIMEOUT,
          keepAlive: KEEP_ALIVE,
          idleTimeout: IDLE_TIMEOUT,
          answerHeaders,
          onUnparsable,
        })
      : undefined
  server.server.on('checkContinue', (raw: IncomingMessage, response: ServerResponse) => {
    // While another answer is due, Node would put it between the head of this one and its body. It may be left out.
    if (response.socket !== null) response.writeContinue()
    server.server.emit('request', raw, response)
  })
  server.server.on('connect', (_raw: IncomingMessage, socket: Socket) => {
    endOnError(socket)
    endWith(socket, '405 Method Not Allowed', answerHeaders())
  })
  return {
    fastify: server,
    arrivalOf: raw => receive(raw).arrival,
    isForApp: raw => receive(raw).isForApp,
    asksForDecision: raw => receive(raw).asksForDecision,
    endAfter: raw => void ended.add(raw.socket),
    isAfterEnd: raw => receive(raw).isAfterEnd,
    endConnections: () => {
      ending = true
      sessions?.endConnections()
    },
    isEnding: () => ending,
    takeLastRequests: within => stopListening(server.server, within),
    closeIdleConnections: () => {
      server.server.closeIdleConnections()
      sessions?.closeIdle()
    },
    closeAllConnections: () => {
      server.server.closeAllConnections()
      sessions?.closeAll()
    },
    useCertificate: ({ cert, key }) => {
      if (server.server instanceof SecureServer) server.server.setSecureContext({ ...TLS, cert, key })
    },
    onUpgrade: take => {
      server.server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
        endOnError(socket)
        if (ended.has(socket)) {
          socket.destroySoon()
          return
        }
        const handOver = (): void => {
          // Node answers a request without Host, or with an expectation that it does not know, and tells nobody.
          const { _httpMessage: answering = null } = socket as Socket & { readonly _httpMessage?: unknown }
          if (answering === null) take(raw, socket, head)
          else socket.destroySoon()
        }
        const due = lastAnswers.get(socket)
        // Written at once, an answer has its last byte out, and the socket still: two of them there end the process.
        if (due === undefined || (due.writableFinished && due.socket === null)) handOver()
        else
          due.once('close', () => {
            if (!socket.destroyed && !socket.writableEnded) handOver()
          })
      })
    },
  }
}

/** Answers a request that is not whole, and takes no more of it. Of HTTP/1.1 the connection ends with it. */
export function endRequest(
  raw: IncomingMessage,
  response: ServerResponse,
  status: number,
  own: AnswerHeaders,
): void {
  if (isOfStream(raw)) response.writeHead(status, { ...own, 'content-length': '0' }).end()
  else endWith(raw.socket, `${status} ${STATUS_CODES[status] ?? ''}`, own)
}

/** Answers where there is no request to answer, and closes the connection on both sides. */
export function endWith(socket: Socket, status: string, own: AnswerHeaders): void {
  const fields = Object.entries({ ...own, 'content-length': '0', connection: 'close' })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`)
  // Ending our side alone would leave the socket to a client that never ends its own.
  socket.destroySoon()
}

/** Node takes its listener off a socket that it hands over; an error that nobody hears would end the process. */
function endOnError(socket: Socket): void {
  socket.off('error', destroyThis).on('error', destroyThis)
}

function destroyThis(this: Socket): void {
  this.destroy()
}

/** Its version is that of its connection, and not what its head says: there it would be none of HTTP/1.1. */
function withoutVersion({
  method,
  url,
  rawHeaders,
  socket,
}: IncomingMessage): Parameters<typeof readArrival>[0] {
  return { method, url, rawHeaders, socket }
}

function addressOf({ encodedPath, query }: AccessRequest): string {
  return encodedPath + query
}

/** The parser could not find a request: there is nothing to judge, and nobody to name (RFC 9112, section 2.2). */
function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket, own: AnswerHeaders): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  endWith(socket, status, own)
}
