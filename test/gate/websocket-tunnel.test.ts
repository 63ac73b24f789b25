import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { DEMO_USERS, usersYaml } from '../harness/demo-users.js'
import { HOST, HOUR, rewriteUsers, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { headerOf, openRaw } from '../harness/raw-client.js'
import type { RawConnection } from '../harness/raw-client.js'
import { startRecordingUpstream, valuesOf, webSocketEcho } from '../harness/recording-upstream.js'
import type { UpstreamAnswer } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
users: { file: users.yaml }
apps:
  - name: app
    host: ${HOST}
    upstream: { url: ${upstream.url}, timeouts: { headers: 1s } }
    websocket_origins: ['https://board.example']
    routes:
      - { path: /public/**, access: public }
`,
})
t.beforeEach(() => upstream.forget())

const HANDSHAKE = [
  'Connection: keep-alive, Upgrade',
  'Upgrade: WebSocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Opens a WebSocket and gives it with the answer to its handshake. */
async function openSocket(path: string, lines: readonly string[] = [], behind: string | Buffer = '') {
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(Buffer.concat([Buffer.from(get(path, [...HANDSHAKE, ...lines])), Buffer.from(behind)]))
  return { connection, answer: await connection.answer() }
}

/** A masked frame of a client (RFC 6455, 5.2), with a mask of zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const head = [0x80 | opcode]
  if (payload.length < 126) head.push(0x80 | payload.length)
  else if (payload.length < 65_536) head.push(0xfe, payload.length >> 8, payload.length & 0xff)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(payload.length))
    head.push(0xff, ...length)
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload])
}

t.test('frames of text and bytes come back whole, small and large', async t => {
  upstream.answerWith(webSocketEcho)
  for (const [opcode, size] of [
    [1, 5],
    [2, 5],
    [2, 64 * 1024],
    [2, 1024 * 1024],
  ] as const) {
    const { connection, answer } = await openSocket('/public/socket')
    t.equal(answer?.status, 101)
    t.same(headerOf(answer, 'upgrade'), ['websocket'])
    t.same(headerOf(answer, 'sec-websocket-accept'), ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
    const sent = frame(opcode, Buffer.alloc(size, 'é'))
    connection.write(sent)
    t.ok(await connection.restHas(sent.length))
    t.ok(connection.rest().equals(sent), `${size} bytes`)
    connection.destroy()
  }
})

t.test('what is sent behind the handshake waits for the 101, and is not lost', async t => {
  let accept: (() => void) | undefined
  upstream.answerWith((request, socket, tunnel) => {
    accept = () => {
      webSocketEcho(request, socket, tunnel)
    }
  })
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  const [first, second] = [frame(1, Buffer.from('first')), frame(1, Buffer.from('second'))]
  connection.write(Buffer.concat([Buffer.from(get('/public/socket', HANDSHAKE)), first]))
  while (upstream.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  connection.write(second)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.notOk(upstream.received().includes(first), 'nothing is sent before the 101')
  t.equal(connection.rest().length, 0)
  accept?.()
  t.equal((await connection.answer())?.status, 101)
  t.ok(await connection.restHas(first.length + second.length))
  t.same(connection.rest(), Buffer.concat([first, second]))
})

t.test('what the app sends with its 101 is not lost, nor its choice of a subprotocol', async t => {
  upstream.answerWith((_request, socket, tunnel) => {
    tunnel(() => undefined)
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Protocol: chat\r\nSet-Cookie: app=1\r\nSet-Cookie: __Host-gatehouse=evil\r\n\r\nhello',
    )
  })
  const { connection, answer } = await openSocket('/public/socket', [
    'Sec-WebSocket-Protocol: soap, chat',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ])
  t.same(valuesOf(upstream.requests[0], 'sec-websocket-protocol'), ['soap, chat'])
  t.same(valuesOf(upstream.requests[0], 'sec-websocket-extensions'), ['permessage-deflate'])
  t.same(valuesOf(upstream.requests[0], 'connection'), ['Upgrade'])
  t.same(headerOf(answer, 'sec-websocket-protocol'), ['chat'])
  t.same(headerOf(answer, 'set-cookie'), ['app=1'])
  t.ok(await connection.restHas(5))
  t.equal(connection.rest().toString(), 'hello')
})

t.test('either side ends both', async t => {
  const app = upstream.openConnections()
  upstream.answerWith(webSocketEcho)
  const first = await openSocket('/public/socket')
  t.equal(first.answer?.status, 101)
  first.connection.destroy()
  for (let turn = 0; turn < 100 && upstream.openConnections() > app; turn++)
    await new Promise(resolve => setTimeout(resolve, 10))
  t.equal(upstream.openConnections(), app, 'the client left')
  upstream.answerWith((request, socket, tunnel) => {
    webSocketEcho(request, socket, tunnel)
    socket.end('bye')
  })
  const second = await openSocket('/public/socket')
  t.equal(second.answer?.status, 101)
  t.ok(await second.connection.closed(), 'the app left')
  t.equal(second.connection.rest().toString(), 'bye')
})

t.test('a silent WebSocket stays open longer than an app may take to answer', async t => {
  upstream.answerWith(webSocketEcho)
  const { connection } = await openSocket('/public/socket')
  await new Promise(resolve => setTimeout(resolve, 1_600))
  connection.write('ping')
  t.ok(await connection.restHas(4))
})

t.test('the page of the app and those that are named may open one, and so may a program', async t => {
  upstream.answerWith(webSocketEcho)
  for (const [lines, status] of [
    [[], 101],
    [[`Origin: https://${HOST}`], 101],
    [['Origin: https://board.example'], 101],
    [['Origin: http://board.example'], 403],
    [['Origin: https://other.example'], 403],
    [['Origin: null'], 403],
  ] as const) {
    const { connection, answer } = await openSocket('/public/socket', lines)
    t.equal(answer?.status, status, `with ${lines.join()}`)
    connection.destroy()
  }
})

/** Two events, and no end. */
const events: UpstreamAnswer = (_request, socket) => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n')
}

t.test('WebSockets and event streams end with the session', { skip: noAuthenticator }, async t => {
  const withoutCarol = DEMO_USERS.map(user => (user.name === 'carol' ? { ...user, disabled: true } : user))
  for (const [user, what, end] of [
    ['bob', 'a logout on another connection', (person: ReturnType<typeof createPerson>) => person.logout()],
    ['carol', 'a user who is disabled', async () => rewriteUsers(gateway, await usersYaml(withoutCarol))],
    ['dave', 'the clock', async () => gateway.clock.advance(13 * HOUR)],
  ] as const) {
    const person = createPerson(gateway)
    await person.login(user)
    const cookie = `Cookie: ${person.cookieHeader()}`
    upstream.answerWith(webSocketEcho)
    const socket = await openSocket('/desk/socket', [cookie, `Origin: https://${HOST}`])
    t.equal(socket.answer?.status, 101)
    t.same(valuesOf(upstream.requests.at(-1), 'remote-user'), [user])
    t.same(valuesOf(upstream.requests.at(-1), 'cookie'), [])
    upstream.answerWith(webSocketEcho)
    const anybodys = await openSocket('/public/socket')
    upstream.answerWith(events)
    const stream: RawConnection = await openRaw(gateway)
    t.teardown(() => stream.destroy())
    stream.write(get('/desk/events', [cookie]))
    t.ok(await stream.restHas(100))
    await end(person)
    t.ok(await socket.connection.closed(), `${what} ends the WebSocket`)
    t.ok(await stream.closed(), `${what} ends the event stream`)
    anybodys.connection.write('still here')
    t.ok(await anybodys.connection.restHas(10), 'a WebSocket of nobody goes on')
    anybodys.connection.destroy()
  }
})
