import t from 'tap'
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, mixedPolicy, startGateway } from '../harness/gateway.js'
import { askHttp2, openHttp2, readStream } from '../harness/http2-client.js'
import { END_HEADERS, FRAME, frame, headerBlock, openFrames } from '../harness/http2-frames.js'
import { exchange } from '../harness/raw-client.js'
import {
  hang,
  rawAnswer,
  rawAnswerThenEnd,
  rawAnswerThenReset,
  startRecordingUpstream,
  valuesOf,
} from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  yaml: mixedPolicy(upstream.url, 'access_log: {}\n'),
  http2: true,
})
const program = { 'sec-fetch-mode': 'cors' }

/** What a client and a server agree on by TLS. */
async function agreed(port: number, protocols: readonly string[]): Promise<string | false | null> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ALPNProtocols: [...protocols],
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  socket.destroy()
  return socket.alpnProtocol
}

/** Waits until something is so, ten seconds at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn += 1) {
    if (turn === 2_000) throw new Error('it did not come about')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

await t.test('HTTP/2 is spoken only where it was switched on, and HTTP/1.1 at the same port', async t => {
  const without = await startGateway(t, { upstream: upstream.url })
  t.equal(await agreed(without.port, ['h2', 'http/1.1']), 'http/1.1')
  t.equal(await agreed(gateway.port, ['h2', 'http/1.1']), 'h2')
  t.equal(await agreed(gateway.port, ['http/1.1']), 'http/1.1')
  const { answers } = await exchange(gateway, get('/public/x'), { answers: 1 })
  t.equal(answers[0]?.statusLine, 'HTTP/1.1 200 OK')
})

await t.test('a request is judged, reaches the app by HTTP/1.1 and stands in the log as HTTP/2', async t => {
  upstream.forget()
  const session = await openHttp2(t, gateway)
  const answer = await askHttp2(session, { ':path': '/public/x?a=b', accept: 'text/plain' })
  t.equal(answer.status, 200)
  t.ok(answer.complete)
  const [request] = upstream.requests
  t.equal(request?.requestLine, 'GET /public/x?a=b HTTP/1.1')
  t.same(valuesOf(request, 'host'), [HOST])
  t.same(valuesOf(request, 'x-forwarded-host'), [HOST])
  t.same(valuesOf(request, 'x-forwarded-proto'), ['https'])
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
  t.notOk(request?.rawHeaders.some(([name]) => name.startsWith(':')))
  await until(() => gateway.logLines.some(line => line.includes('"path":"/public/x","version":"2.0"')))
  const refused = await askHttp2(session, { ':path': '/admin/x', ...program })
  t.equal(refused.status, 401)
  t.match(refused.headers['www-authenticate'], /Bearer/)
  t.equal(refused.headers.connection, undefined)
  t.equal(upstream.requests.length, 1)
})

await t.test('somebody logs in and out over HTTP/2, with the cookies in pieces', async t => {
  upstream.forget()
  const session = await openHttp2(t, gateway)
  const login = await askHttp2(
    session,
    {
      ':path': '/auth/login',
      ':method': 'POST',
      'content-type': 'application/json',
      origin: `https://${HOST}`,
    },
    JSON.stringify({ username: 'alice', password: PASSWORD, mode: 'session' }),
  )
  t.equal(login.status, 202, login.body)
  const cookies = (login.headers['set-cookie'] ?? []).map(line => line.split(';')[0] ?? '')
  t.not(cookies.length, 0)
  const page = await askHttp2(session, { ':path': '/rest', cookie: ['a=1', ...cookies, 'b=2'], ...program })
  t.equal(page.status, 200, page.body)
  t.same(valuesOf(upstream.requests[0], 'cookie'), ['a=1; b=2'])
  t.same(valuesOf(upstream.requests[0], 'remote-user'), ['alice'])
  const form = await askHttp2(session, {
    ':path': '/auth/login',
    accept: 'text/html',
    'sec-fetch-mode': 'navigate',
  })
  t.equal(form.status, 200)
  t.match(form.body, /<form/)
  const verify = await askHttp2(session, { ':path': '/auth/verify', cookie: cookies, ...program })
  t.not(verify.status, 0)
})

await t.test('a body without a length, with one, and of ten megabytes reaches the app whole', async t => {
  const session = await openHttp2(t, gateway)
  for (const body of ['hello', 'x'.repeat(10 * 1024 * 1024)]) {
    for (const length of [{}, { 'content-length': String(body.length) }]) {
      upstream.forget()
      const answer = await askHttp2(session, { ':path': '/public/up', ':method': 'POST', ...length }, body)
      t.equal(answer.status, 200)
      t.ok(upstream.requests[0]?.body.equals(Buffer.from(body)))
    }
  }
  upstream.forget()
  upstream.answerWith(rawAnswer(`HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${'y'.repeat(9_000_000)}`))
  const down = await askHttp2(session, { ':path': '/public/down' })
  t.equal(down.body.length, 9_000_000)
  t.ok(down.complete)
})

await t.test('what an app answers comes as it is, without what is about its connection', async t => {
  const session = await openHttp2(t, gateway)
  upstream.forget()
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n' +
        'HTTP/1.1 200 Fine Then\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Content-Type-Options: nosniff\r\n' +
        'x-content-type-options: nosniff\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n' +
        'Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTE: gzip\r\nHTTP2-Settings: AAMAAABk\r\nTrailer: X-Sum\r\n' +
        'Transfer-Encoding: chunked\r\nX-Latin: caf\xe9\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\nKeep-Alive: 5\r\n' +
        'Upgrade: h2c\r\nX-Sum: 6\r\n\r\n',
    ),
  )
  const answer = await askHttp2(session, { ':path': '/public/x', te: 'trailers' })
  t.equal(answer.status, 200)
  t.equal(answer.body, 'hello')
  t.ok(answer.complete)
  t.same(answer.headers['set-cookie'], ['a=1', 'b=2'])
  t.equal(answer.headers['x-content-type-options'], 'nosniff, nosniff')
  t.equal(answer.headers['x-latin'], 'caf\xe9')
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-connection',
    'upgrade',
    'te',
    'transfer-encoding',
    'x-hop',
  ])
    t.equal(answer.headers[name], undefined, name)
  t.equal(answer.headers['http2-settings'], undefined)
  t.equal(answer.trailers['x-sum'], '5, 6')
  t.equal(answer.trailers.upgrade, undefined)
  t.match(answer.interim[0]?.link, /a\.css/)
})

await t.test('HEAD, 204 and 304 have no body', async t => {
  const session = await openHttp2(t, gateway)
  for (const [method, head, status] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 200],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n', 304],
  ] as const) {
    upstream.forget()
    upstream.answerWith(rawAnswer(head))
    const answer = await askHttp2(session, { ':path': '/public/x', ':method': method })
    t.equal(answer.status, status)
    t.equal(answer.body, '')
    t.ok(answer.complete, `${method} ${status}`)
  }
  const page = await askHttp2(session, { ':path': '/auth/login', ':method': 'HEAD' })
  t.equal(page.status, 200)
  t.ok(page.complete)
})

await t.test('an answer that breaks off is reset, and never looks whole', async t => {
  const session = await openHttp2(t, gateway)
  for (const broken of [
    rawAnswerThenEnd('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
    rawAnswerThenReset('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    rawAnswerThenReset('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
  ]) {
    upstream.forget()
    upstream.answerWith(broken)
    const answer = await askHttp2(session, { ':path': '/public/x' })
    t.notOk(answer.complete)
    t.equal(answer.code, 2, 'INTERNAL_ERROR')
  }
  upstream.forget()
  upstream.answerWith(rawAnswer('HTTP/1.1 677 Odd\r\nSet-Cookie: odd=1\r\nContent-Length: 0\r\n\r\n'))
  const odd = await askHttp2(session, { ':path': '/public/x', ...program })
  t.equal(odd.status, 502, 'a status that HTTP/2 does not have')
  t.equal(odd.headers['set-cookie'], undefined)
  t.ok(odd.complete)
  t.equal((await askHttp2(session, { ':path': '/auth/login' })).status, 200, 'the other streams go on')
})

await t.test('a body that breaks off never looks whole to the app', async t => {
  upstream.forget()
  for (const how of ['NO_ERROR', 'CANCEL', 'connection'] as const) {
    for (const method of ['POST', 'HEAD']) {
      const client = await openFrames(t, gateway)
      const fields = [
        [':method', method],
        [':scheme', 'https'],
        [':authority', HOST],
        [':path', '/public/up'],
      ] as const
      const half = `half of ${how} ${method}`
      client.write(
        frame(FRAME.headers, END_HEADERS, 1, headerBlock(fields)),
        frame(FRAME.data, 0, 1, Buffer.from(half)),
      )
      await until(() => upstream.received().includes(half))
      if (how === 'connection') client.destroy()
      else client.write(frame(FRAME.reset, 0, 1, Buffer.from([0, 0, 0, how === 'CANCEL' ? 8 : 0])))
    }
  }
  await until(() => upstream.openConnections() === 0)
  t.same(upstream.requests, [])
  t.notMatch(upstream.received().toString(), /\r\n0\r\n/)
})

await t.test('a client that goes away ends its own request and no other', async t => {
  upstream.forget()
  upstream.answerWith(hang)
  const session = await openHttp2(t, gateway)
  const one = session.request({ ':path': '/public/one', ':authority': HOST })
  const other = session.request({ ':path': '/public/other', ':authority': HOST })
  const head = session.request({ ':path': '/public/head', ':method': 'HEAD', ':authority': HOST })
  for (const stream of [one, head]) stream.on('error', () => undefined)
  await until(() => upstream.requests.length === 3)
  const open = upstream.openConnections()
  one.close(8)
  head.close(8)
  await until(() => upstream.openConnections() === open - 2)
  t.notOk(other.closed)
  await until(() => gateway.logLines.some(line => line.includes('/public/head')))
  other.close(8)
})

await t.test('an answer comes while the body is still on its way, and the rest is not wanted', async t => {
  const session = await openHttp2(t, gateway)
  const stream = session.request(
    { ':path': '/admin/x', ':method': 'POST', ':authority': HOST, ...program },
    { endStream: false },
  )
  stream.write('x'.repeat(1000))
  const answer = await readStream(stream)
  t.equal(answer.status, 401)
  t.match(JSON.parse(answer.body), { status: 401 })
  t.equal(answer.code, 0, 'NO_ERROR')
  const large = await askHttp2(
    session,
    {
      ':path': '/auth/login',
      ':method': 'POST',
      'content-type': 'application/json',
      origin: `https://${HOST}`,
    },
    'x'.repeat(200_000),
  )
  t.equal(large.status, 413)
  t.equal((await askHttp2(session, { ':path': '/auth/login' })).status, 200)
})

await t.test('a stopping gateway says goodbye, and lets what is under way end', async t => {
  const stopping = await startGateway(t, { upstream: upstream.url, http2: true })
  upstream.forget()
  let answer = (): void => undefined
  upstream.answerWith((_request, socket) => {
    answer = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate')
  })
  const idle = await openHttp2(t, stopping)
  const session = await openHttp2(t, stopping)
  const goodbyes: number[] = []
  session.on('goaway', (code: number) => goodbyes.push(code))
  const late = askHttp2(session, { ':path': '/public/late' })
  await until(() => upstream.requests.length === 1)
  const closed = stopping.close()
  await until(() => goodbyes.length > 0 && idle.destroyed)
  t.equal(goodbyes[0], 0)
  answer()
  const { status, body, complete } = await late
  t.same({ status, body, complete }, { status: 200, body: 'late', complete: true })
  await closed
})
