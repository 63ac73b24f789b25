import { request } from 'node:http'
import type { Socket } from 'node:net'

/** How often a WebSocket sends something, in milliseconds. */
const BEAT = 250

/** What is to be told, and asked, while it is open. */
export interface WebSocketOptions {
  readonly onOpen: () => void
  /** Whether it is to be closed from this side; asked every quarter of a second. */
  readonly isOver: () => boolean
}

/**
 * Opens a WebSocket at `/full/socket` and keeps sending on it; bytes that come back are not looked at.
 * @returns resolves when it is closed, by whichever side; rejects when it does not open
 */
export function holdWebSocket(
  port: number,
  headers: Record<string, string>,
  { onOpen, isOver }: WebSocketOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: '/full/socket',
      agent: false,
      headers: {
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    asked.on('error', reject)
    asked.on('response', answer => {
      answer.resume()
      reject(new Error(`the handshake was answered ${answer.statusCode ?? 0}`))
    })
    asked.on('upgrade', (_answer, socket: Socket) => {
      onOpen()
      socket.on('error', () => socket.destroy()).resume()
      const beat = setInterval(() => {
        if (isOver()) socket.destroy()
        // An empty ping with a mask of zeros (RFC 6455, section 5.5.2).
        else socket.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0]))
      }, BEAT)
      socket.on('close', () => {
        clearInterval(beat)
        resolve()
      })
    })
    asked.end()
  })
}
