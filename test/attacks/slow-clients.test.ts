import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'

const SIZE = 32 * 1024 * 1024
const PIECE = Buffer.alloc(64 * 1024, 'x')
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** An app that sends without end, or takes nothing for a while. */
const open = new Set<Socket>()
const app = createServer(socket => {
  open.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  socket.once('data', bytes => {
    const head = bytes.toString('latin1')
    if (head.includes('/down')) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
      pour(socket, SIZE)
    } else if (head.includes('/flood')) {
      socket.write(ACCEPTED)
      pour(socket, SIZE)
    } else if (head.includes('/quiet')) socket.write(ACCEPTED)
    else if (head.includes('/late')) {
      socket.pause()
      setTimeout(() => socket.resume(), 2_500)
      take(socket, bytes, SIZE)
    } else if (head.includes('/short')) take(socket, bytes, 12)
    else if (head.includes('/long')) take(socket, bytes, 50_000)
  })
})
await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
t.teardown(() => {
  for (const socket of open) socket.destroy()
  app.close()
})

function pour(socket: Socket, left: number): void {
  if (left > 0 && !socket.destroyed) socket.write(PIECE, () => pour(socket, left - PIECE.length))
}

/** Answers once so many bytes of the body are here. */
function take(socket: Socket, first: Buffer, size: number): void {
  let taken = -(first.indexOf('\r\n\r\n') + 4)
  const count = (bytes: Buffer): void => {
    taken += bytes.length
    if (taken === size) socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
  }
  count(first)
  socket.on('data', count)
}

const gateway = await startGateway(t, {
  yaml: `public_url: http://localhost
upstream: http://127.0.0.1:${(app.address() as AddressInfo).port}
users: { file: users.yaml }
limits: { stalled_after: 1s }
routes: [{ path: /public/**, access: public }]
`,
  tls: false,
})

const get = (path: string, lines = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`
const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${length}\r\n\r\n`

/** Asks, and never reads. */
function deaf(request: string): Socket {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(request)
  t.teardown(() => socket.destroy())
  return socket
}

/** Waits until the app holds as many connections, 10 s at most. */
async function untilApp(holds: number): Promise<boolean> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (open.size === holds) return true
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return false
}

t.test('l1: a body for an app that stops coming ends the connection, and the app is told', async t => {
  const connection = await openRaw(gateway, 10_000)
  connection.write(`${post('/public/never', 1_000_000)}a beginning`)
  t.ok(await untilApp(1), 'it began')
  t.ok(await connection.closed())
  t.ok(await untilApp(0), 'the app does not wait for the rest')
})

t.test('a body for an app may take its time as long as it comes', async t => {
  for (const length of [12, 50_000]) {
    const connection = await openRaw(gateway, 10_000)
    const piece = 'x'.repeat(length / 6)
    connection.write(`${post(length === 12 ? '/public/short' : '/public/long', length)}${piece}`)
    for (let sent = 1; sent < 6; sent++) {
      await new Promise(resolve => setTimeout(resolve, 400))
      connection.write(sent === 5 ? 'x'.repeat(length - piece.length * 5) : piece)
    }
    t.equal((await connection.answer())?.status, 200)
    connection.destroy()
  }
})

t.test('a body that has to wait for its app is not taken for a slow one', async t => {
  const connection = await openRaw(gateway, 20_000)
  connection.write(post('/public/late', SIZE))
  connection.write(Buffer.alloc(SIZE, 'x'))
  t.equal((await connection.answer())?.status, 200)
  connection.destroy()
  t.ok(await untilApp(0))
})

t.test('l1, l10: whoever does not read an answer loses it, and the app sends no more', async t => {
  const socket = deaf(get('/public/down'))
  t.ok(await untilApp(1), 'it began')
  t.ok(await untilApp(0), 'the gateway let go of the app')
  socket.resume()
  await new Promise(resolve => socket.once('close', resolve))
  t.ok(socket.bytesRead < SIZE, `it got ${socket.bytesRead} of ${SIZE} bytes`)
})

t.test('l7: whoever does not read a WebSocket loses it, and the app sends no more', async t => {
  deaf(get('/public/flood', HANDSHAKE))
  t.ok(await untilApp(1), 'it began')
  t.ok(await untilApp(0), 'the gateway let go of the app')
})

t.test('a quiet WebSocket is not a stalled one', async t => {
  const connection = await openRaw(gateway, 2_500)
  connection.write(get('/public/quiet', HANDSHAKE))
  t.equal((await connection.answer())?.status, 101)
  t.notOk(await connection.closed(), 'it is open after 2.5 s')
  connection.destroy()
  t.ok(await untilApp(0))
})

t.test('l1: a body for the gateway itself has a time in all, however it trickles', async t => {
  const connection = await openRaw(gateway, 10_000)
  connection.write(post('/auth/login', 1000))
  const trickle = setInterval(() => connection.write('a'), 100)
  const answer = await connection.answer()
  clearInterval(trickle)
  t.equal(answer?.status, 408)
  t.ok(await connection.closed())
  const refused = await openRaw(gateway, 10_000)
  refused.write(`POST /auth/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n`)
  t.not((await refused.answer())?.status, undefined, 'an answer may come before the body')
  t.ok(await refused.closed(), 'and the rest of it has no longer')
})
