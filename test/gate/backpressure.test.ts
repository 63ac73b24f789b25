import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { usersYaml } from '../harness/demo-users.js'

const SIZE = 100 * 1024 * 1024
/** What the memory of the gateway may grow by while 100 MB pass, in kB: about what it takes to do anything at all. */
const GROWTH = 120 * 1024
/** Most that lies in sockets and buffers between two ends of which one does nothing, in bytes. */
const UNDER_WAY = 24 * 1024 * 1024

/** An app that sends or takes 100 MB as fast as it is let, and counts. */
const app = { sent: 0, taken: 0, socket: undefined as Socket | undefined }
const server = createServer(socket => {
  socket.on('error', () => socket.destroy())
  socket.once('data', head => {
    app.socket = socket
    if (head.includes('GET /down')) {
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`)
      send(socket, SIZE, sent => (app.sent = sent))
      return
    }
    app.taken = head.length - head.indexOf('\r\n\r\n') - 4
    socket.on('data', bytes => {
      app.taken += bytes.length
      if (app.taken === SIZE)
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
    })
    socket.pause()
  })
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
t.teardown(() => server.close())

const PIECE = Buffer.alloc(64 * 1024, 'x')

/** Sends so many bytes, waiting whenever the other side does. */
function send(socket: Socket, size: number, tell: (sent: number) => void): void {
  let sent = 0
  const more = (): void => {
    while (sent < size) {
      const piece = PIECE.subarray(0, Math.min(PIECE.length, size - sent))
      sent += piece.length
      tell(sent)
      if (!socket.write(piece)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}

const port = await freePort()
const folder = t.testdir({
  'gateway.yaml': `public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
upstream: http://127.0.0.1:${(server.address() as AddressInfo).port}
users: { file: users.yaml }
routes: [{ path: /**, access: public }]
`,
  'users.yaml': await usersYaml(),
})
const gateway = spawn(process.execPath, ['dist/main.js', 'serve', '--config', `${folder}/gateway.yaml`], {
  stdio: ['ignore', 'ignore', 'pipe'],
})
t.teardown(() => gateway.kill('SIGKILL'))
let said = ''
gateway.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
// Before it listens it may warn of a policy that is open to everybody.
while (!said.includes('Gatehouse listens')) await once(gateway.stderr, 'data')

/** The most memory that the gateway has had so far, in kB. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1])
}

async function open(head: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.write(`${head}\r\nHost: localhost:${port}\r\n`)
  return socket
}

/** Waits until a number no longer changes, and gives it. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1, equal = 0; equal < 6;) {
    const now = read()
    equal = now === before ? equal + 1 : 0
    before = now
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return read()
}

const skip = process.platform === 'linux' ? false : 'the memory of a process is read from /proc'

t.test('100 MB down to a slow reader: the app waits, and memory stays as it is', { skip }, async t => {
  const idle = peak()
  const client = await open('GET /down HTTP/1.1')
  client.pause()
  client.write('\r\n')
  let received = 0
  client.on('data', bytes => (received += bytes.length))
  client.pause()
  while (app.sent === 0) await new Promise(resolve => setTimeout(resolve, 5))
  const waiting = await settled(() => app.sent)
  t.ok(waiting < UNDER_WAY, `the app stopped after ${waiting} bytes`)
  client.resume()
  while (received < SIZE) await new Promise(resolve => setTimeout(resolve, 5))
  t.equal(app.sent, SIZE)
  t.ok(peak() - idle < GROWTH, `${peak() - idle} kB more`)
  client.destroy()
})

for (const framing of [`Content-Length: ${SIZE}`, 'Transfer-Encoding: chunked']) {
  t.test(`100 MB up (${framing}) to a slow app: the client waits, and memory stays`, { skip }, async t => {
    const chunked = framing.startsWith('T')
    app.taken = 0
    app.socket = undefined
    const idle = peak()
    const client = await open('PUT /slow HTTP/1.1')
    client.write(`${framing}\r\n\r\n`)
    let sent = 0
    if (chunked) client.write(`${SIZE.toString(16)}\r\n`)
    send(client, SIZE, now => (sent = now))
    const waiting = await settled(() => sent)
    t.ok(waiting > 0 && waiting < UNDER_WAY, `the client stopped after ${waiting} bytes`)
    const slow = app.socket as Socket | undefined
    slow?.resume()
    if (chunked) {
      // The app takes its chunks as they are framed; it is enough that everything gets through.
      while (sent < SIZE) await new Promise(resolve => setTimeout(resolve, 5))
      t.ok((await settled(() => app.taken)) >= SIZE)
    } else {
      const [answer] = (await once(client, 'data')) as [Buffer]
      t.match(answer.toString(), /^HTTP\/1.1 200 OK/)
    }
    t.ok(peak() - idle < GROWTH, `${peak() - idle} kB more`)
    client.destroy()
  })
}

t.test('told to stop, the gateway stops', async t => {
  gateway.kill('SIGTERM')
  const [code] = (await once(gateway, 'exit')) as [number]
  t.equal(code, 0)
})
