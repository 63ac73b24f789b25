import { request as httpRequest, ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { hasBody } from '../http/arrival.js'
import type { Arrival } from '../http/arrival.js'
import type { ExchangeNotes } from './exchange-notes.js'
import type { Exchange, Gate, Passage } from './gate.js'
import { readResponseHeaders } from './response-headers.js'
import type { IsOurCookie } from './response-headers.js'
import { changeAnswer } from './app-changes.js'
import { MOST_TRIED } from './forward.js'
import { tlsOptions, type UpstreamAddress } from './upstream-address.js'
import { headersForAddress, hostOf } from './upstream-headers.js'

/** A handshake as Node hands it out: parsed head, bare socket, and what came behind the head. */
export interface Handshake {
  readonly arrival: Arrival
  readonly raw: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
  /** Where is noted what becomes of it; undefined: nobody wants to know. */
  readonly notes?: ExchangeNotes | undefined
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
  { arrival, raw, socket, head, originsOf, notes }: Handshake,
): Promise<void> {
  const response = new ServerResponse(raw)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.on('finish', () => socket.destroySoon())
  if (notes !== undefined) notes.handshake = response
  const exchange: Exchange = { arrival, raw, response, notes }

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
  const { upstream, target, headers, judgement } = passage
  const { tls, timeouts } = upstream.options
  const { guard, liveStreams } = gate.parts
  const { client } = exchange.arrival
  let upstreamEnd: { destroy(): unknown } | undefined
  const close = (): void => {
    socket.destroy()
    upstreamEnd?.destroy()
  }
  const remove = liveStreams.add({
    session: judgement.caller?.sessionReference,
    user: judgement.caller?.person.subject,
    address: client.address,
    mayGoOn: () => guard.wouldPassAgain(judgement, client),
    close,
  })
  if (remove === undefined) {
    gate.fail(exchange, 'too_many_streams')
    return
  }
  socket.on('close', remove)
  socket.on('close', close)
  // A socket that nobody reads from does not tell of its end.
  socket.on('readable', readEnd).on('end', close)
  attempt(new Set())

  function attempt(tried: ReadonlySet<UpstreamAddress>): boolean {
    const lease = tried.size < MOST_TRIED ? upstream.take(tried) : undefined
    if (lease === undefined) return false
    const { address } = lease
    const send = address.url.protocol === 'https:' ? httpsRequest : httpRequest
    const fields = headersForAddress(headers, upstream.options, address)
    const outgoing = send({
      host: address.hostname,
      port: address.url.port || undefined,
      method: 'GET',
      path: target,
      headers: [...fields, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
      agent: false,
      timeout: timeouts.headers,
      servername: address.serverName,
      ...tlsOptions(tls),
    })
    upstreamEnd = outgoing
    // Once per connection; what ends the socket before the handshake was answered ends the request as well.
    socket.on('close', lease.release)
    let wasConnected = false
    let timedOut = false
    const giveUp = (): void => {
      timedOut = true
      outgoing.destroy(new Error('the upstream did not answer the handshake in time'))
    }
    const connecting = setTimeout(giveUp, timeouts.connect).unref()
    outgoing.on('socket', connection => {
      connection.once(connection instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
        clearTimeout(connecting)
        wasConnected = true
      })
    })
    outgoing.on('timeout', giveUp)
    outgoing.on('error', error => {
      clearTimeout(connecting)
      lease.release()
      if (socket.destroyed) return
      lease.failed()
      if (!wasConnected && attempt(new Set([...tried, address]))) return
      gate.fail(exchange, timedOut ? 'upstream_timeout' : 'upstream_unreachable', error)
    })
    outgoing.on('response', answer => {
      lease.answered()
      relay(gate, exchange, passage, answer)
    })
    outgoing.on('upgrade', (answer, upstreamSocket, upstreamHead) => {
      lease.answered()
      if (!isWebSocketUpgrade(answer)) {
        upstreamSocket.destroy()
        const error = new Error('the upstream changed to another protocol than WebSocket')
        gate.fail(exchange, 'upstream_unreachable', error)
        return
      }
      upstreamEnd = upstreamSocket
      const { notes } = exchange
      if (notes !== undefined) notes.upgraded = true
      // It may stay open for days, and nobody looks for it in a trace then.
      notes?.trace?.end(notes, 101, true)
      socket.off('close', close).off('readable', readEnd).off('end', close)
      exchange.response.detachSocket(socket)
      greet(socket, answer, gate.parts.isOurCookie)
      if (upstreamHead.length > 0) socket.write(upstreamHead)
      if (head.length > 0) upstreamSocket.write(head)
      join(socket, upstreamSocket, gate.parts.stalledAfter, close)
      join(upstreamSocket, socket, gate.parts.stalledAfter, close)
    })
    outgoing.end()
    return true
  }
}

/** Takes notice of the end without taking bytes: those wait for the upstream's answer. */
function readEnd(this: Socket): void {
  if (this.readableLength === 0) this.read()
}

/** The upstream did not take the handshake: the client gets that very answer. */
function relay(gate: Gate, exchange: Exchange, passage: Passage, answer: IncomingMessage): void {
  const { response } = exchange
  const { upstream, changes, judgement } = passage
  const host = hostOf(exchange.arrival, judgement.request)
  const changed = changeAnswer(answer.rawHeaders, changes, upstream.options.origins, host)
  const { fields } = readResponseHeaders(changed, true, gate.parts.isOurCookie)
  try {
    response.writeHead(answer.statusCode ?? 502, [...fields, 'Connection', 'close'])
  } catch (error) {
    // Node reads answers that it does not write, such as one of status 000.
    answer.destroy()
    gate.fail(exchange, 'upstream_unreachable', error instanceof Error ? error : new Error(String(error)))
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

/**
 * Passes bytes on in one direction. What is still on its way when this end closes is delivered first. An end that does
 * not take what waits for it makes the other one wait, and is given up after `stalledAfter` milliseconds.
 */
function join(from: Socket, to: Socket, stalledAfter: number, close: () => void): void {
  // A side that vanished without a word is noticed by its silence.
  from.setKeepAlive(true, KEEP_ALIVE)
  const timer = setTimeout(() => {
    if (from.isPaused()) close()
  }, stalledAfter).unref()
  from.on('pause', () => timer.refresh())
  from.on('error', close)
  from.on('close', () => {
    clearTimeout(timer)
    to.destroySoon()
    const patience = setTimeout(() => to.destroy(), stalledAfter).unref()
    to.on('close', () => {
      clearTimeout(patience)
    })
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
export function isFromOwnPage(
  { headers, client }: Arrival,
  { judgement }: Pick<Passage, 'judgement'>,
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
