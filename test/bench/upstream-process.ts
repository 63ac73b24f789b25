// The app behind every subject. Over plain sockets, because it shares its core with the load, and should use as little
// of it as it can. Any path: 1 KB. /seen: the request itself as text. /…/big: 100 MB. A body is read and dropped.
// A WebSocket handshake: for each message, one as long.
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { BIG } from './load/transfer.js'
import { frame } from './load/websocket-load.js'

const HEAD_END = '\r\n\r\n'
const usual = answer(Buffer.alloc(1024, 'x'))
const bigHead = answerHead(BIG)
const piece = Buffer.alloc(256 * 1024, 'x')

const server = createServer(socket => {
  let received = ''
  let bodyLeft = 0
  let take = takeHttp
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => take(chunk))
  socket.on('error', () => socket.destroy())

  function takeHttp(chunk: Buffer): void {
    if (bodyLeft > 0) {
      bodyLeft -= chunk.length
      if (bodyLeft <= 0) socket.write(usual)
      return
    }
    received = received === '' ? chunk.toString('latin1') : received + chunk.toString('latin1')
    const end = received.indexOf(HEAD_END)
    if (end < 0) return
    const head = received.slice(0, end + HEAD_END.length)
    const bodyBegun = received.length - head.length
    received = ''
    if (/\r\nupgrade: *websocket\r\n/i.test(head)) {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Sec-WebSocket-Accept: ${accept(head)}\r\n\r\n`,
      )
      take = echoTo(socket)
      return
    }
    bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? '0') - bodyBegun
    if (bodyLeft > 0) return
    const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'))
    if (path === '/seen') socket.write(answer(Buffer.from(head)))
    else if (path.endsWith('/big')) sendBig(socket)
    else socket.write(usual)
  }
})
server.listen(0, '127.0.0.1', 4096, () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())

function sendBig(socket: Socket): void {
  let left = BIG
  socket.write(bigHead)
  const more = (): void => {
    while (left > 0) {
      const next = piece.subarray(0, left)
      left -= next.length
      if (!socket.write(next)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

/** Takes frames of a client (RFC 6455, section 5.2) of less than 64 KiB, and answers each by one that is as long. */
function echoTo(socket: Socket): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  let frameLeft = 0
  let echo: Buffer = Buffer.alloc(0)
  return chunk => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      if (frameLeft === 0) {
        const short = (pending[1] ?? 0) & 0x7f
        if (pending.length < 4) return
        const bytes = short < 126 ? short : pending.readUInt16BE(2)
        const isEnd = ((pending[0] ?? 0) & 0x0f) === 8
        if (isEnd) {
          socket.end()
          return
        }
        frameLeft = (short < 126 ? 2 : 4) + 4 + bytes
        echo = echoOf(bytes)
      }
      const taken = Math.min(frameLeft, pending.length)
      frameLeft -= taken
      pending = pending.subarray(taken)
      if (frameLeft > 0) return
      socket.write(echo)
      if (pending.length === 0) return
    }
  }
}

const echoes = new Map<number, Buffer>()

function echoOf(bytes: number): Buffer {
  const known = echoes.get(bytes)
  if (known !== undefined) return known
  const made = frame(bytes, false)
  echoes.set(bytes, made)
  return made
}

function accept(head: string): string {
  const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? ''
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function answer(body: Buffer): Buffer {
  return Buffer.concat([answerHead(body.length), body])
}

function answerHead(length: number): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain',
    `Date: ${new Date().toUTCString()}`,
    'Connection: keep-alive',
    `Content-Length: ${length}`,
  ]
  return Buffer.from(`${head.join('\r\n')}${HEAD_END}`)
}
