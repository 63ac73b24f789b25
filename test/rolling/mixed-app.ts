import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scope } from '../harness/scope.js'

/** What the app answers to a plain request. */
export const SHORT = 'the app is well'

/** What the app answers below `LONG_PATH`, piece by piece. */
export const LONG = 'a piece of a long answer\n'.repeat(800)

/** The end of the paths that are answered slowly. */
export const LONG_PATH = '/long'

const PIECES = 16
/** Between two pieces of a long answer, in milliseconds. */
const PAUSE = 90

/** What the app answers to a body: so it is seen that all of it arrived. */
export function receiptOf(body: Buffer): string {
  return `${body.length} ${createHash('sha256').update(body).digest('hex')}`
}

/**
 * Starts an app with short and long answers, receipts of bodies, and WebSockets that give back every byte. It ends
 * with the scope.
 */
export async function startMixedApp(scope: Scope): Promise<{ readonly port: number }> {
  const open = new Set<Socket>()
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const accept = createHash('sha1')
      .update(`${incoming.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.write(head)
    socket.pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  scope.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port }
}

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (incoming.method === 'POST') {
    const pieces: Buffer[] = []
    for await (const piece of incoming) pieces.push(piece as Buffer)
    response.end(receiptOf(Buffer.concat(pieces)))
  } else if (incoming.url?.endsWith(LONG_PATH)) {
    const size = LONG.length / PIECES
    for (let at = 0; at < LONG.length; at += size) {
      response.write(LONG.slice(at, at + size))
      await sleep(PAUSE)
    }
    response.end()
  } else response.end(SHORT)
}
