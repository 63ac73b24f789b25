import t from 'tap'
import { HOST, mixedPolicy, startGateway } from '../harness/gateway.js'
import { askHttp2, openHttp2, readStream } from '../harness/http2-client.js'
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock, openFrames } from '../harness/http2-frames.js'
import { hang, startRecordingUpstream } from '../harness/recording-upstream.js'

const upstream = await startRecordingUpstream(t)
const SHORT = 'limits: { stalled_after: 1s }\nshutdown_timeout: 1s\n'
const gateway = await startGateway(t, { yaml: mixedPolicy(upstream.url, SHORT), http2: true })
t.beforeEach(() => upstream.forget())

const form = {
  ':path': '/auth/login',
  ':method': 'POST',
  ':authority': HOST,
  'content-type': 'application/x-www-form-urlencoded',
  origin: `https://${HOST}`,
}

await t.test('a form that stays away is answered with 408, and the streams beside it go on', async t => {
  const session = await openHttp2(t, gateway)
  const stream = session.request(form, { endStream: false })
  stream.write('username=')
  const answer = await readStream(stream)
  t.equal(answer.status, 408)
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
  t.equal(answer.headers.connection, undefined)
  t.equal((await askHttp2(session, { ':path': '/public/x' })).status, 200)
  t.notOk(gateway.logLines.some(line => line.includes('"level":50')))
})

await t.test('a body for an app that stays away ends its own stream', async t => {
  const session = await openHttp2(t, gateway)
  const stream = session.request(
    { ':path': '/public/up', ':method': 'POST', ':authority': HOST },
    { endStream: false },
  )
  stream.write('half')
  const answer = await readStream(stream)
  t.notOk(answer.complete && answer.status === 200)
  t.same(upstream.requests, [])
  t.equal((await askHttp2(session, { ':path': '/public/x' })).status, 200)
})

await t.test('a client that takes nothing of its answer is given up, and the app with it', async t => {
  upstream.answerWith((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n`)
    socket.write(Buffer.alloc(50_000_000))
  })
  const client = await openFrames(t, gateway)
  const fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', HOST],
    [':path', '/public/large'],
  ] as const
  client.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(fields)))
  const reset = await client.next(({ type, stream }) => type === FRAME.reset && stream === 1)
  t.equal(reset?.payload.readUInt32BE(0), 2, 'INTERNAL_ERROR')
  const taken = client.frames.reduce(
    (sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0),
    0,
  )
  t.equal(taken, 65_535, 'the window of RFC 9113, section 6.9.2, and no byte more')
  upstream.forget()
  client.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
  t.ok(await client.next(({ type, flags }) => type === FRAME.ping && flags === 1), 'the connection goes on')
})

await t.test('a stopping gateway ends what does not end by itself', async t => {
  const stopping = await startGateway(t, { yaml: mixedPolicy(upstream.url, SHORT), http2: true })
  upstream.answerWith(hang)
  const session = await openHttp2(t, stopping)
  const held = askHttp2(session, { ':path': '/public/held' })
  const silent = await openFrames(t, stopping)
  const begun = performance.now()
  await stopping.close()
  t.ok(performance.now() - begun < 8_000)
  t.notOk((await held).complete)
  t.ok(await silent.closed())
})
