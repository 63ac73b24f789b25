import t from 'tap'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import {
  hang,
  rawAnswer,
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
} from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const doors = [
  await startGateway(t, { upstream: upstream.url }),
  await startGateway(t, { upstream: upstream.url, tls: false }),
]
t.beforeEach(() => upstream.forget())

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']

for (const door of doors) {
  const by = door.tls ? 'over TLS' : 'in the clear'

  t.test(`a request that asks for h2c ${by} is answered as if it had not asked, many times`, async t => {
    const connection = await openRaw(door)
    t.teardown(() => connection.destroy())
    for (let turn = 0; turn < 12; turn++) {
      connection.write(get(`/public/${turn}`, H2C))
      t.equal((await connection.answer())?.status, 200)
    }
    t.same(
      upstream.requests.map(request => request.target),
      Array.from({ length: 12 }, (_, turn) => `/public/${turn}`),
    )
    t.same(valuesOf(upstream.requests[0], 'upgrade'), [])
    t.same(valuesOf(upstream.requests[0], 'http2-settings'), [])
  })

  t.test(`a POST that asks for h2c ${by} keeps its body, also one that comes later`, async t => {
    const post = (length: number) =>
      head('POST', '/public/form', [`Host: ${HOST}`, ...H2C, `Content-Length: ${length}`])
    const connection = await openRaw(door)
    t.teardown(() => connection.destroy())
    connection.write(`${post(5)}hello${get('/public/behind')}`)
    t.equal((await connection.answer())?.status, 200)
    t.equal((await connection.answer())?.status, 200)
    connection.write(`${post(10)}hello`)
    await new Promise(resolve => setImmediate(resolve))
    connection.write(`world${get('/public/last')}`)
    t.equal((await connection.answer())?.status, 200)
    t.equal((await connection.answer())?.status, 200)
    t.same(upstream.requests.map(request => `${request.target} ${request.body.toString()}`).sort(), [
      '/public/behind ',
      '/public/form hello',
      '/public/form helloworld',
      '/public/last ',
    ])
  })

  t.test(`an upgrade ${by} waits for the answers that are due before it`, async t => {
    for (const lines of [H2C, HANDSHAKE]) {
      upstream.forget()
      let release: (() => void) | undefined
      upstream.answerWith((request, socket, tunnel) => {
        if (request.target !== '/public/slow') webSocketEcho(request, socket, tunnel)
        else release = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow')
      })
      const connection = await openRaw(door)
      connection.write(get('/public/slow') + get('/public/socket', lines))
      for (let turn = 0; turn < 200 && release === undefined; turn++)
        await new Promise(resolve => setTimeout(resolve, 5))
      await new Promise(resolve => setTimeout(resolve, 50))
      release?.()
      t.equal((await connection.answer())?.body.toString(), 'slow')
      t.equal((await connection.answer())?.status, lines === H2C ? 200 : 101)
      connection.destroy()
    }
  })

  t.test(`whoever resets a connection ${by} after an upgrade or CONNECT harms nobody`, async t => {
    upstream.answerWith(hang)
    for (const bytes of [
      `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
      get('/auth/login', HANDSHAKE),
      get('/auth/login', H2C),
      get('/public/x', HANDSHAKE),
      get('/public/x', H2C),
      get('/admin/x', HANDSHAKE),
      get('/public/../x', HANDSHAKE),
    ]) {
      for (let turn = 0; turn < 5; turn++) await writeAndReset(door, bytes)
    }
    upstream.forget()
    const { answers } = await exchange(door, get('/public/alive'), { answers: 1 })
    t.equal(answers[0]?.status, 200)
  })

  t.test(`an app that answers a handshake ${by} with nonsense gives 502`, async t => {
    for (const bytes of [
      'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 O\xffK\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 102 OK\r\n\r\nHTTP/1.1 999 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n',
    ]) {
      upstream.answerWith(rawAnswer(bytes))
      const { answers } = await exchange(door, get('/public/socket', HANDSHAKE), { answers: 1 })
      t.ok([200, 502].includes(answers[0]?.status ?? 0), JSON.stringify([bytes, answers[0]?.statusLine]))
    }
  })
}

/** Sends bytes and then a reset, at the moment when the answer may be on its way. */
async function writeAndReset(
  door: { readonly port: number; readonly tls: boolean },
  bytes: string,
): Promise<void> {
  const where = { port: door.port, host: '127.0.0.1' }
  const socket = connect(where)
  socket.on('error', () => undefined)
  const stream = door.tls ? connectTls({ socket, rejectUnauthorized: false }) : socket
  stream.on('error', () => undefined)
  await new Promise(resolve => stream.once(door.tls ? 'secureConnect' : 'connect', resolve))
  await new Promise(resolve => stream.write(bytes, resolve))
  socket.resetAndDestroy()
  await new Promise(resolve => setTimeout(resolve, 10))
}
