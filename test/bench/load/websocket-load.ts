import { connect } from 'node:net'
import { type Count, type LoadResult, type Span, startCount } from './count.js'
import type { Target } from './target.js'

/**
 * Keeps one message on its way there and back on each connection, by a protocol of its own over plain
 * sockets: the messages are made once (RFC 6455, section 5.2), masked with zeros, and what comes back is only counted.
 * Rejects when a handshake is not answered 101, and when a connection ends.
 * @param bytes how long a message is, 65535 at most
 */
export async function loadWebSockets(
  target: Target,
  bytes: number,
  connections: number,
  span: Span,
): Promise<LoadResult> {
  const message = frame(bytes, true)
  const echoLength = frame(bytes, false).length
  const all = await Promise.all(
    Array.from({ length: connections }, () => openWebSocket(target, message, echoLength)),
  )
  const count = startCount(span)
  await Promise.all(all.map(({ echo }) => echo(count)))
  for (const { close } of all) close()
  return count.result()
}

/** A binary message of so many zeros in one frame, as a client (masked) or a server sends it. */
export function frame(bytes: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0
  const length = bytes < 126 ? [mask | bytes] : [mask | 126, bytes >> 8, bytes & 255]
  return Buffer.concat([Buffer.from([0x82, ...length]), Buffer.alloc((isMasked ? 4 : 0) + bytes)])
}

interface WebSocketConnection {
  /** Sends a message whenever the last one is back, until the end. */
  readonly echo: (count: Count) => Promise<void>
  readonly close: () => void
}

function openWebSocket(
  { port, path, headers }: Target,
  message: Buffer,
  echoLength: number,
): Promise<WebSocketConnection> {
  const fields = {
    ...headers,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  return new Promise((resolve, reject) => {
    let isClosed = false
    let head = ''
    let missing = echoLength
    let back: (() => void) | undefined
    let failed: (error: Error) => void = reject
    function take(length: number): void {
      missing -= length
      if (missing > 0) return
      missing = echoLength
      back?.()
    }
    const close = (): void => {
      isClosed = true
      socket.destroy()
    }
    socket.once('error', error => failed(error))
    socket.once('close', () => {
      if (!isClosed) failed(new Error(`a WebSocket was closed: ${head}`))
    })
    socket.on('data', (chunk: Buffer) => {
      if (head.endsWith('\r\n\r\n')) {
        take(chunk.length)
        return
      }
      head += chunk.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      if (!head.startsWith('HTTP/1.1 101 ')) {
        reject(new Error(`the handshake was answered ${head}`))
        close()
        return
      }
      const echo = (count: Count): Promise<void> =>
        new Promise((resolveEcho, rejectEcho) => {
          back = () => {
            if (count.answered()) socket.write(message)
            else resolveEcho()
          }
          failed = rejectEcho
          socket.write(message)
        })
      resolve({ echo, close })
    })
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  })
}
