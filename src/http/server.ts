import { METHODS } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { AccessRequest } from '../access/access-request.js'
import { readArrival } from './arrival.js'
import type { Arrival, ArrivalOptions } from './arrival.js'
import type { OwnPaths } from './own-paths.js'

export interface ServerOptions {
  /** PEM texts; undefined: plain http. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly arrivals: ArrivalOptions
  readonly isOwn: OwnPaths
  /** Bytes that are no HTTP request: told so that they can be counted; the answer is made here. */
  readonly onUnparsable: (address: string, reason: string) => void
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
  /** The canonical request, when it is for an app and not for the gateway itself. */
  readonly isForApp: (raw: IncomingMessage) => boolean
  /** Hands over requests that ask for another protocol, each after the answers that its connection still owes. */
  readonly onUpgrade: (take: TakeUpgrade) => void
}

/** Takes over a connection: the head of the request, the bare socket, and what came behind the head. */
type TakeUpgrade = (raw: IncomingMessage, socket: Socket, head: Buffer) => void

/** The address at which every request for an app enters the router, whatever its own address is. */
const APP_ENTRANCE = '/'

/** Methods that a request may have (b20): all that Node parses, but those that make or echo tunnels. */
export const REQUEST_METHODS: readonly string[] = METHODS.filter(
  method => method !== 'CONNECT' && method !== 'TRACE',
)

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
export function createServer({ tls, arrivals, isOwn, onUnparsable }: ServerOptions): GatewayServer {
  const ended = new WeakSet<Socket>()
  const lastAnswers = new WeakMap<Socket, ServerResponse>()
  const read = new WeakMap<IncomingMessage, { readonly arrival: Arrival; readonly isForApp: boolean }>()

  function receive(raw: IncomingMessage): { readonly arrival: Arrival; readonly isForApp: boolean } {
    const known = read.get(raw)
    if (known !== undefined) return known
    const arrival = readArrival(raw, arrivals)
    const received = { arrival, isForApp: !arrival.reading.ok || !isOwn(arrival.reading.request) }
    read.set(raw, received)
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
    bodyLimit: Number.MAX_SAFE_INTEGER,
    keepAliveTimeout: KEEP_ALIVE,
    requestTimeout: 0,
    connectionTimeout: IDLE_TIMEOUT,
    forceCloseConnections: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    rewriteUrl: (raw: IncomingMessage): string => {
      const { arrival, isForApp } = receive(raw)
      return isForApp || !arrival.reading.ok ? APP_ENTRANCE : addressOf(arrival.reading.request)
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket): void => {
      const due = lastAnswers.get(socket)
      // Another answer is due or was the last one: a second one would be taken for a part of it.
      if (ended.has(socket) || (due !== undefined && !due.writableFinished)) {
        socket.destroySoon()
        return
      }
      onUnparsable(socket.remoteAddress ?? '', error.code ?? error.name)
      answerUnparsable(error, socket)
    },
  } as const
  const server = (
    tls === undefined
      ? fastify({ ...common, http })
      : fastify({ ...common, https: { ...http, cert: tls.cert, key: tls.key } })
  ) as FastifyInstance
  for (const method of REQUEST_METHODS) {
    if (!server.supportedMethods.includes(method)) server.addHttpMethod(method, { hasBody: true })
  }
  // Node cuts off what is over this without a word; the arrival counts and refuses instead.
  ;(server.server as Server | TlsServer).maxHeadersCount = 0
  server.server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    lastAnswers.set(raw.socket, response)
  })
  server.server.on('connect', (_raw: IncomingMessage, socket: Socket) => {
    endOnError(socket)
    endWith(socket, '405 Method Not Allowed')
  })
  return {
    fastify: server,
    arrivalOf: raw => receive(raw).arrival,
    isForApp: raw => receive(raw).isForApp,
    endAfter: raw => void ended.add(raw.socket),
    isAfterEnd: raw => ended.has(raw.socket),
    onUpgrade: take => {
      server.server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
        endOnError(socket)
        if (ended.has(socket)) {
          socket.destroySoon()
          return
        }
        const due = lastAnswers.get(socket)
        if (due === undefined || due.writableFinished) take(raw, socket, head)
        else
          due.once('close', () => {
            if (!socket.destroyed) take(raw, socket, head)
          })
      })
    },
  }
}

/** Answers where there is no request to answer, and closes the connection on both sides. */
export function endWith(socket: Socket, status: string): void {
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
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

function addressOf({ encodedPath, query }: AccessRequest): string {
  return encodedPath + query
}

/** The parser could not find a request: there is nothing to judge, and nobody to name (RFC 9112, section 2.2). */
function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
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
  endWith(socket, status)
}
