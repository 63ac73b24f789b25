import t from 'tap'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { FAILURES_TO_EJECT, SHORTEST_EJECTION } from '../../src/gate/balance.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import {
  hang,
  rawAnswer,
  rawAnswerThenReset,
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
  type RecordingUpstream,
} from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** A gateway in front of these addresses, everything public. */
function inFrontOf(t: Test, urls: readonly string[], more = ''): Promise<OpenTestGateway> {
  const yaml = `public_url: https://${HOST}
users: { file: users.yaml }
upstream: { urls: [${urls.join(', ')}]${more} }
routes: [{ path: /**, access: public }]
`
  return startGateway(t, { yaml })
}

async function status(door: OpenTestGateway, bytes: string = get('/'), method = 'GET') {
  return (await exchange(door, bytes, { answers: 1, method })).answers[0]?.status
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts something on a port that was closed so far. */
async function open(t: Test, port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server
}

/** Waits for a state; never longer than a loaded machine may need. */
async function until(holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1_000 && !holds(); tries += 1)
    await new Promise(resolve => setTimeout(resolve, 10))
  return holds()
}

function targets({ requests }: RecordingUpstream): readonly string[] {
  return requests.map(({ target }) => target)
}

t.test('requests are shared out among the addresses', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  for (let sent = 0; sent < 10; sent += 1) t.equal(await status(door), 200)
  t.same([a.requests.length, b.requests.length], [5, 5])
})

t.test('a slow address gets fewer requests', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  a.answerWith(hang)
  const door = await inFrontOf(t, [a.url, b.url])
  const waiting = await openRaw(door)
  const other = await openRaw(door)
  t.teardown(() => {
    waiting.destroy()
    other.destroy()
  })
  waiting.write(get('/0'))
  other.write(get('/1'))
  t.ok(await until(() => a.requests.length === 1 && b.requests.length === 1))
  for (let sent = 0; sent < 6; sent += 1) t.equal(await status(door), 200)
  t.same([a.requests.length, b.requests.length], [1, 7])
})

t.test('a client that goes away is counted no more, and nobody is at fault', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  a.answerWith(hang)
  for (let sent = 0; sent < 2 * FAILURES_TO_EJECT; sent += 1) {
    const connection = await openRaw(door)
    connection.write(get('/'))
    t.ok(await until(() => a.requests.length + b.requests.length > sent))
    connection.destroy()
  }
  let shares: readonly number[] = []
  for (let tries = 0; tries < 20 && shares[0] !== 3; tries += 1) {
    a.forget()
    b.forget()
    for (let sent = 0; sent < 6; sent += 1) t.equal(await status(door), 200)
    shares = [a.requests.length, b.requests.length]
  }
  t.same(shares, [3, 3])
  t.notMatch(door.logLines.join('\n'), /"standing"/)
})

t.test('what nobody took is sent to another address, with its body', async t => {
  const b = await startRecordingUpstream(t)
  const door = await inFrontOf(t, [`http://127.0.0.1:${await closedPort()}`, b.url])
  const body = 'x'.repeat(300_000)
  for (const method of ['GET', 'POST', 'DELETE']) {
    for (let sent = 0; sent < 3; sent += 1) {
      b.forget()
      const post = head(method, '/form', [`Host: ${HOST}`, `Content-Length: ${body.length}`])
      t.equal(await status(door, post + body, method), 200)
      t.equal(b.requests.length, 1, 'once')
      t.ok(b.requests[0]?.body.equals(Buffer.from(body)))
    }
  }
})

t.test('a chunked body goes to another address as well', async t => {
  const b = await startRecordingUpstream(t)
  const door = await inFrontOf(t, [`http://127.0.0.1:${await closedPort()}`, b.url])
  for (let sent = 0; sent < 4; sent += 1) {
    b.forget()
    const post = head('POST', '/', [`Host: ${HOST}`, 'Transfer-Encoding: chunked'])
    t.equal(await status(door, `${post}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`, 'POST'), 200)
    t.equal(b.requests[0]?.body.toString(), 'abcdefg')
  }
})

t.test('what an app may have taken is not sent twice, but where that does no harm', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  const sent = () => a.requests.length + b.requests.length
  for (const [method, lines, expected] of [
    ['POST', ['Content-Length: 5'], 1],
    ['POST', ['Content-Length: 0'], 1],
    ['PUT', ['Content-Length: 5'], 1],
    ['DELETE', [], 1],
    ['GET', ['Content-Length: 5'], 1],
    ['GET', [], 2],
    ['HEAD', [], 2],
  ] as const) {
    a.forget()
    b.forget()
    a.answerWith(rawAnswerThenReset(''))
    b.answerWith(rawAnswerThenReset(''))
    const bytes = head(method, '/', [`Host: ${HOST}`, ...lines])
    const body = (lines as readonly string[]).includes('Content-Length: 5') ? 'hello' : ''
    t.equal(await status(door, bytes + body, method), 502)
    t.equal(sent(), expected, `${method} ${lines.join()}`)
  }
})

t.test('an address that resets is left alone, and comes back when it answers', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  a.answerWith(rawAnswerThenReset(''))
  const post = head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 0'])
  const seen = []
  for (let sent = 0; sent < 4 * FAILURES_TO_EJECT; sent += 1) seen.push(await status(door, post, 'POST'))
  t.equal(seen.filter(one => one === 502).length, FAILURES_TO_EJECT)
  t.equal(a.requests.length, FAILURES_TO_EJECT)
  t.match(door.logLines.join('\n'), /"standing":"ejected"/)
  a.forget()
  b.forget()
  door.clock.advance(SHORTEST_EJECTION)
  for (let sent = 0; sent < 6; sent += 1) t.equal(await status(door, post, 'POST'), 200)
  t.same([a.requests.length, b.requests.length], [3, 3])
  t.match(door.logLines.join('\n'), /"standing":"up"/)
})

t.test('requests that break the app eject half of it at most', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  a.answerWith(rawAnswer('nonsense\r\n\r\n'))
  b.answerWith(rawAnswer('nonsense\r\n\r\n'))
  for (let sent = 0; sent < 6 * FAILURES_TO_EJECT; sent += 1)
    t.equal(await status(door, head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 0']), 'POST'), 502)
  a.forget()
  b.forget()
  t.equal(await status(door), 200)
  t.equal(a.requests.length + b.requests.length, 1)
})

t.test('an answer of the app itself, whatever it says, ejects nothing', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const door = await inFrontOf(t, [a.url, b.url])
  const broken = rawAnswer('HTTP/1.1 503 Gone Wrong\r\nContent-Length: 0\r\n\r\n')
  a.answerWith(broken)
  b.answerWith(broken)
  for (let sent = 0; sent < 6 * FAILURES_TO_EJECT; sent += 1) t.equal(await status(door), 503)
  t.same([a.requests.length, b.requests.length], [3 * FAILURES_TO_EJECT, 3 * FAILURES_TO_EJECT])
})

t.test('when no address takes the request, the answer is 502', async t => {
  const ports = [await closedPort(), await closedPort(), await closedPort(), await closedPort()]
  const door = await inFrontOf(
    t,
    ports.map(port => `http://127.0.0.1:${port}`),
  )
  for (let sent = 0; sent < 10; sent += 1) {
    t.equal(await status(door), 502)
    const post = head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 5'])
    t.equal(await status(door, `${post}hello`, 'POST'), 502)
  }
})

t.test('a WebSocket goes to an address that is there, and counts as long as it is open', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  a.answerWith(webSocketEcho)
  b.answerWith(webSocketEcho)
  const door = await inFrontOf(t, [a.url, `http://127.0.0.1:${await closedPort()}`, b.url])
  const connections = []
  for (let opened = 0; opened < 6; opened += 1) {
    const connection = await openRaw(door)
    t.teardown(() => connection.destroy())
    connections.push(connection)
    connection.write(get('/live', HANDSHAKE))
    t.ok(await connection.restHas(20))
    t.match(connection.rest().toString(), /^HTTP\/1\.1 101/)
  }
  t.same([a.requests.length, b.requests.length], [3, 3])
  a.answerWith(hang)
  a.forget()
  b.forget()
  // What fails at once has the fewest under way; the others are as busy as each other.
  t.equal(await status(door), 200)
  for (const connection of connections) connection.destroy()
  t.ok(await until(() => a.openConnections() + b.openConnections() <= 1), 'only the kept connection is left')
})

t.test('a handshake that an app may have taken is not sent to another one', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  a.answerWith(rawAnswerThenReset(''))
  b.answerWith(rawAnswerThenReset(''))
  const door = await inFrontOf(t, [a.url, b.url])
  t.equal(await status(door, get('/live', HANDSHAKE)), 502)
  t.equal(a.requests.length + b.requests.length, 1)
})

t.test('with pass_host: false each address hears its own name', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  const dead = `http://127.0.0.1:${await closedPort()}`
  const door = await inFrontOf(t, [a.url, dead, b.url], ', pass_host: false')
  for (let sent = 0; sent < 12; sent += 1) t.equal(await status(door), 200)
  for (const one of [a, b]) {
    t.ok(one.requests.length > 0)
    for (const request of one.requests) t.same(valuesOf(request, 'host'), [new URL(one.url).host])
  }
})

t.test('checks find out who is well', async t => {
  const [a, port] = [await startRecordingUpstream(t), await closedPort()]
  const health =
    ', health: { path: "/healthz?deep", every: 1s, timeout: 1s, unhealthy_after: 2, healthy_after: 1 }'
  const door = await inFrontOf(t, [a.url, `http://127.0.0.1:${port}`], health)
  const log = () => door.logLines.join('\n')
  t.ok(await until(() => log().includes(`"upstream":"http://127.0.0.1:${port}","standing":"failing"`)))
  t.ok(targets(a).includes('/healthz?deep'))
  t.same(valuesOf(a.requests[0], 'user-agent'), ['Gatehouse-Health'])
  t.same(valuesOf(a.requests[0], 'host'), [new URL(a.url).host])
  await open(t, port, socket => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 204 Well\r\nConnection: close\r\n\r\n')
  })
  t.ok(await until(() => log().includes(`"upstream":"http://127.0.0.1:${port}","standing":"up"`)))
  // An answer that says so is as good as none.
  a.answerWith(rawAnswer('HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n'))
  t.ok(await until(() => log().includes(`"upstream":"${a.url}","standing":"failing"`)))
  t.equal(await status(door), 204)
  await door.close()
  const checked = a.requests.length
  await new Promise(resolve => setTimeout(resolve, 1_500))
  t.equal(a.requests.length, checked, 'a gateway that has ended asks no more')
})

t.test('an only address whose checks fail is tried all the same', async t => {
  const a = await startRecordingUpstream(t)
  a.answerWith(rawAnswer('HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n'))
  const door = await inFrontOf(t, [a.url], ', health: { path: /healthz, every: 1s, unhealthy_after: 1 }')
  t.ok(await until(() => door.logLines.join('\n').includes('"standing":"failing"')))
  t.equal(await status(door), 500)
})
