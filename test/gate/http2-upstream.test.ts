import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import {
  createSecureServer,
  createServer as createPlainServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { connect } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { makeCertificate } from '../harness/certificates.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { exchange, headerOf, type RawAnswer } from '../harness/raw-client.js'
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock } from '../harness/http2-frames.js'
import { get, head } from '../harness/siege.js'

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: string) => void

interface App {
  readonly gateway: OpenTestGateway
  readonly sessions: readonly ServerHttp2Session[]
}

const certificate = makeCertificate(t.testdir(), 'app', 'IP:127.0.0.1')

/** A gateway before an app that speaks HTTP/2 and nothing else. */
async function setUp(t: Test, answer: Answer, secure = false, settings = {}): Promise<App> {
  const pair = { cert: certificate.cert, key: certificate.key }
  const server = secure ? createSecureServer({ ...pair, settings }) : createPlainServer({ settings })
  const sessions: ServerHttp2Session[] = []
  server.on('session', session => {
    sessions.push(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    let body = ''
    stream.on('error', () => undefined)
    stream.setEncoding('utf8').on('data', (text: string) => (body += text))
    stream.on('end', () => answer(stream, headers, body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { gateway: await startBefore(t, server, secure), sessions }
}

/** An app that reads the first request of each connection, and writes the very frames that it is told to. */
async function startFrameApp(t: Test, answer: (socket: Socket, stream: number) => void): Promise<Server> {
  const app = createServer(socket => {
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.write(frame(FRAME.settings, 0, 0))
    socket.once('data', () => {
      socket.write(frame(FRAME.settings, 1, 0))
      answer(socket, 1)
    })
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => app.close())
  return app
}

async function startBefore(t: Test, app: Server, secure = false, more = ''): Promise<OpenTestGateway> {
  const { port } = app.address() as AddressInfo
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`
  return startGateway(t, {
    yaml: `public_url: https://${HOST}
users: { file: users.yaml }
upstream: { url: '${url}', http2: true${secure ? `, ca: ${certificate.certFile}` : ''}, timeouts: { headers: 1s }${more} }
routes: [{ path: /**, access: public }]
`,
  })
}

const echo: Answer = (stream, headers, body) => {
  stream.respond({ ':status': 200, 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
  stream.end(JSON.stringify({ ...headers, body }))
}

/** Over a connection of its own. */
async function ask(gateway: OpenTestGateway, bytes: string, method = 'GET'): Promise<RawAnswer> {
  const { answers } = await exchange(gateway, bytes, { answers: 1, method })
  const [answer] = answers
  if (answer === undefined) throw new Error('there is no answer')
  return answer
}

for (const secure of [false, true])
  await t.test(`an app is reached by HTTP/2 over ${secure ? 'TLS' : 'plain http'}`, async t => {
    const { gateway, sessions } = await setUp(t, echo, secure)
    const lines = [`Host: ${HOST}`, 'Content-Length: 5', 'X-One: 1', 'TE: gzip', 'Cookie: a=b']
    const answer = await ask(gateway, `${head('POST', '/notes?x=1', lines)}hello`)
    t.equal(answer.status, 200)
    t.same(headerOf(answer, 'set-cookie'), ['a=1', 'b=2'])
    const seen = JSON.parse(answer.body.toString()) as Record<string, unknown>
    t.match(seen, {
      ':method': 'POST',
      ':path': '/notes?x=1',
      ':authority': HOST,
      ':scheme': secure ? 'https' : 'http',
      'x-one': '1',
      'x-forwarded-proto': 'https',
      body: 'hello',
    })
    for (const name of ['host', 'connection', 'te', 'transfer-encoding']) t.notOk(name in seen, name)
    await Promise.all(Array.from({ length: 20 }, () => ask(gateway, get('/'))))
    t.equal(sessions.length, 1, 'all over one connection')
  })

await t.test('more requests than the app takes on a connection go over another one', async t => {
  const waiting: ServerHttp2Stream[] = []
  const { gateway, sessions } = await setUp(t, stream => void waiting.push(stream), false, {
    maxConcurrentStreams: 2,
  })
  const first = ask(gateway, get('/first'))
  await until(() => waiting.length === 1)
  const others = Array.from({ length: 3 }, () => ask(gateway, get('/')))
  await until(() => waiting.length === 4)
  t.equal(sessions.length, 2)
  for (const stream of waiting) {
    stream.respond({ ':status': 204 })
    stream.end()
  }
  for (const answer of await Promise.all([first, ...others])) t.equal(answer.status, 204)
})

/** What an app sends after half an answer: RFC 9113, sections 6.4, 6.8 and 8.1. */
const BROKEN: Readonly<Record<string, (socket: Socket, stream: number) => void>> = {
  '/reset': (socket, stream) => void socket.write(frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, 2]))),
  '/reset-without-an-error': (socket, stream) =>
    void socket.write(frame(FRAME.reset, 0, stream, Buffer.alloc(4))),
  '/cut': socket => void socket.destroy(),
  '/ended': socket => void socket.end(),
  '/goaway': socket => void socket.end(frame(FRAME.goaway, 0, 0, Buffer.alloc(8))),
  '/short': (socket, stream) => void socket.write(frame(FRAME.data, END_STREAM, stream)),
}

await t.test('what is broken off never looks whole', async t => {
  for (const [path, breakOff] of Object.entries(BROKEN)) {
    const app = await startFrameApp(t, (socket, stream) => {
      const fields = headerBlock([
        [':status', '200'],
        ...(path === '/short' ? ([['content-length', '10']] as const) : []),
      ])
      socket.write(frame(FRAME.headers, END_HEADERS, stream, fields))
      socket.write(frame(FRAME.data, 0, stream, Buffer.from('half')), () => breakOff(socket, stream))
    })
    const answer = await ask(await startBefore(t, app), get(path))
    t.match([answer.status, answer.complete], [200, false], path)
  }
})

await t.test('what never began is told', async t => {
  const { gateway } = await setUp(t, (stream, headers) => {
    if (headers[':path'] === '/refused') stream.close(7)
  })
  t.equal((await ask(gateway, get('/silent'))).status, 504)
  t.equal((await ask(gateway, get('/refused'))).status, 502)
})

await t.test('an app that goes away in good order loses no request', async t => {
  let answers = 0
  const { gateway, sessions } = await setUp(t, (stream, headers, body) => {
    answers += 1
    if (answers % 10 === 0) stream.session?.close()
    echo(stream, headers, body)
  })
  for (let round = 0; round < 100; round += 1) {
    const { status } = await ask(gateway, get('/'))
    if (status !== 200) t.equal(status, 200, `round ${round}`)
  }
  t.ok(sessions.length >= 10, `${sessions.length} connections`)
})

await t.test('a client that goes away ends its request at the app, and no other', async t => {
  const closed: string[] = []
  const held = new Map<string, ServerHttp2Stream>()
  const { gateway } = await setUp(t, (stream, headers) => {
    const path = String(headers[':path'])
    held.set(path, stream)
    stream.on('close', () => closed.push(path))
  })
  const stays = ask(gateway, get('/stays'))
  const goes = exchange(gateway, get('/goes'), { answers: 1, patience: 300 })
  await until(() => held.size === 2)
  await goes.catch(() => undefined)
  await until(() => closed.length === 1)
  t.same(closed, ['/goes'])
  held.get('/stays')?.respond({ ':status': 200 })
  held.get('/stays')?.end('there')
  t.equal((await stays).body.toString(), 'there')
})

await t.test('a slow client makes the app wait, and early hints and trailers arrive', async t => {
  const big = Buffer.alloc(20 * 1024 * 1024, 'x')
  let taken = 0
  const { gateway } = await setUp(t, (stream, headers) => {
    if (headers[':path'] === '/big') {
      stream.respond({ ':status': 200, 'content-length': big.length })
      stream.end(big)
      const timer = setInterval(() => (taken = stream.bufferSize), 20)
      stream.on('close', () => clearInterval(timer))
      return
    }
    stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
    stream.end('body')
  })
  const answer = await ask(gateway, get('/', ['TE: trailers']))
  t.equal(answer.interim[0]?.status, 103)
  t.match(answer.body.toString(), 'body')
  const before = process.memoryUsage().rss
  const socket = connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.pause()
  socket.write(get('/big'))
  await until(() => taken > 10 * 1024 * 1024)
  t.ok(process.memoryUsage().rss - before < 60 * 1024 * 1024, 'the gateway does not hold it')
  socket.destroy()
})

await t.test('an app is asked by HTTP/2 whether it is well', async t => {
  const asked: string[] = []
  const app = createPlainServer()
  app.on('stream', (stream, headers) => {
    asked.push(`${String(headers[':method'])} ${String(headers[':path'])}`)
    stream.respond({ ':status': 204 })
    stream.end()
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => app.close())
  const gateway = await startBefore(t, app, false, ', health: { path: /well, every: 1s }')
  await until(() => asked.includes('GET /well'))
  t.equal((await ask(gateway, get('/'))).status, 204)
})

await t.test('an app that knows HTTP/1.1 only is told of as not reached', async t => {
  const app = createHttp1Server((_, response) => response.end('hello'))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => app.close())
  const gateway = await startBefore(t, app)
  t.equal((await ask(gateway, get('/'))).status, 502)
})

/** Waits for a state, five seconds at most. */
async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > end) throw new Error('it did not come to hold')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
