import { request as httpRequest, ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { hasBody } from '../http/arrival.js'
import type { Arrival } from '../http/arrival.js'
import type { Exchange, Gate, Passage } from './gate.js'
import { readResponseHeaders } from './response-headers.js'
import type { IsOurCookie } from './response-headers.js'

/** A handshake as Node hands it out: parsed head, bare socket, and what came behind the head. */
export interface Handshake {
  readonly arrival: Arrival
  readonly raw: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
  /** Further origins whose pages may open WebSockets of the app, besides its own. */
  readonly originsOf: (app: string) => readonly string[]
}

/** After how much silence a side of a tunnel is asked for a sign of life, in milliseconds. */
const KEEP_ALIVE = 60_000

/** Whether a request asks for WebSocket, or an answer grants it (RFC 6455, sections 4.2.1 and 4.2.2). */
export function isWebSocketUpgrade(raw: IncomingMessage): boolean {
  return raw.headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Takes a WebSocket handshake through the gate. It gets the decision and the header fields of any other request;
 * `101` is the upstream's own, and from then on bytes pass unread in both directions until either side or the
 * session ends.
 */
export async function tunnel(
  gate: Gate,
  { arrival, raw, socket, head, originsOf }: Handshake,
): Promise<void> {
  const response = new ServerResponse(raw)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.on('finish', () => socket.destroySoon())
  const exchange: Exchange = { arrival, raw, response }

  const passage = await gate.admit(exchange)
  if (passage === undefined || socket.destroyed) return
  if (!isHandshake(raw) || hasBody(arrival.headers)) {
    gate.fail(exchange, 'bad_websocket')
  } else if (!isFromOwnPage(arrival, passage, originsOf)) {
    gate.fail(exchange, 'foreign_origin')
  } else {
    try {
      connect(gate, exchange, passage, socket, head)
    } catch (error) {
      gate.breakOff(exchange, error)
    }
  }
}

function connect(gate: Gate, exchange: Exchange, passage: Passage, socket: Socket, head: Buffer): void {
  const { upstream, headers, judgement } = passage
  const { request } = judgement
  const { tls, timeouts } = upstream.options
  const { guard, liveStreams } = gate.parts
  const { arrival } = exchange
  const send = upstream.url.protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = send({
    host: upstream.hostname,
    port: upstream.url.port || undefined,
    method: 'GET',
    path: request.encodedPath + request.query,
    headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    agent: false,
    timeout: timeouts.headers,
    servername: upstream.serverName,
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  })
  let upstreamEnd: { destroy(): unknown } = outgoing
  const close = (): void => {
    socket.destroy()
    upstreamEnd.destroy()
  }
  const remove = liveStreams.add({
    session: judgement.caller?.sessionReference,
    mayGoOn: () => guard.wouldPassAgain(judgement, arrival.client),
    close,
  })
  socket.on('close', remove)
  socket.on('close', close)
  // A socket that nobody reads from does not tell of its end.
  socket.on('readable', readEnd).on('end', close)
  let timedOut = false
  outgoing.on('timeout', () => {
    timedOut = true
    outgoing.destroy(new Error('the upstream did not answer the handshake in time'))
  })
  outgoing.on('error', error => {
    if (socket.destroyed) return
    gate.parts.onError(error)
    gate.fail(exchange, timedOut ? 'upstream_timeout' : 'upstream_unreachable')
  })
  outgoing.on('response', answer => {
    relay(gate, exchange, answer)
  })
  outgoing.on('upgrade', (answer, upstreamSocket, upstreamHead) => {
    if (!isWebSocketUpgrade(answer)) {
      upstreamSocket.destroy()
      gate.fail(exchange, 'upstream_unreachable')
      return
    }
    upstreamEnd = upstreamSocket
    socket.off('close', close).off('readable', readEnd).off('end', close)
    exchange.response.detachSocket(socket)
    greet(socket, answer, gate.parts.isOurCookie)
    if (upstreamHead.length > 0) socket.write(upstreamHead)
    if (head.length > 0) upstreamSocket.write(head)
    join(socket, upstreamSocket, close)
    join(upstreamSocket, socket, close)
  })
  outgoing.end()
}

/** Takes notice of the end without taking bytes: those wait for the upstream's answer. */
function readEnd(this: Socket): void {
  if (this.readableLength === 0) this.read()
}

/** The upstream did not take the handshake: the client gets that very answer. */
function relay(gate: Gate, exchange: Exchange, answer: IncomingMessage): void {
  const { response } = exchange
  const { fields } = readResponseHeaders(answer.rawHeaders, true, gate.parts.isOurCookie)
  try {
    response.writeHead(answer.statusCode ?? 502, [...fields, 'Connection', 'close'])
  } catch (error) {
    // Node reads answers that it does not write, such as one of status 000.
    answer.destroy()
    gate.parts.onError(error instanceof Error ? error : new Error(String(error)))
    gate.fail(exchange, 'upstream_unreachable')
    return
  }
  answer.pipe(response)
  answer.on('error', () => response.destroy())
}

/** Tells the client that its upstream speaks WebSocket from now on. */
function greet(socket: Socket, answer: IncomingMessage, isOurCookie: IsOurCookie): void {
  const { fields } = readResponseHeaders(answer.rawHeaders, false, isOurCookie)
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
  for (let index = 0; index + 1 < fields.length; index += 2)
    lines.push(`${fields[index]}: ${fields[index + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** Passes bytes on in one direction. What is still on its way when this end closes is delivered first. */
function join(from: Socket, to: Socket, close: () => void): void {
  // A side that vanished without a word is noticed by its silence.
  from.setKeepAlive(true, KEEP_ALIVE)
  from.on('error', close)
  from.on('close', () => {
    to.destroySoon()
  })
  from.pipe(to)
}

function isHandshake({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers['sec-websocket-version'] === '13' &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  )
}

/** A browser's handshake carries cookies whichever page asks, so the page must be one of the app's (ASVS 4.4.2). */
function isFromOwnPage(
  { headers, client }: Arrival,
  { judgement }: Passage,
  originsOf: Handshake['originsOf'],
): boolean {
  const { origin, host } = headers.fields
  if (origin === undefined) return true
  const own = `${client.secure ? 'https' : 'http'}://${client.forwardedHost ?? host ?? judgement.request.host}`
  const app = judgement.match?.app.name ?? ''
  return origin.toLowerCase() === own.toLowerCase() || originsOf(app).includes(origin)
}

/**
 * Gives back to the server a request that Node took out because it asks for another protocol (h2c and the like): the
 * gateway speaks none of them, so the request is answered as if it had not asked (RFC 9110, section 7.8).
 */
export function replayWithoutUpgrade(
  server: Server | TlsServer,
  raw: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${raw.method ?? ''} ${raw.url ?? ''} HTTP/${raw.httpVersion}`]
  for (let index = 0; index + 1 < raw.rawHeaders.length; index += 2) {
    const name = raw.rawHeaders[index] ?? ''
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${raw.rawHeaders[index + 1] ?? ''}`)
  }
  socket.unshift(head)
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
}
