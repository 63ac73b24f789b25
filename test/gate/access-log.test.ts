import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/replay.js'
import { testIo } from '../cli/test-io.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, mixedPolicy, startGateway, type TestGateway } from '../harness/gateway.js'
import { scrape } from '../harness/metrics.js'
import { createPerson } from '../harness/person.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream, valuesOf, webSocketEcho } from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'

type Line = Readonly<Record<string, unknown>>

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

async function setUp(t: Test, accessLog: string) {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { yaml: mixedPolicy(upstream.url, `access_log: ${accessLog}\n`) })
  return { upstream, gateway, file: join(dirname(gateway.configFile), 'access.log') }
}

/** Sends a request and waits for its answer. */
async function ask(gateway: TestGateway, bytes: string): Promise<void> {
  await exchange(gateway, bytes, { answers: 1 })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** The lines of the log, once there are so many. */
async function linesOf(file: string, count: number): Promise<readonly string[]> {
  for (let tries = 0; tries < 200; tries += 1) {
    const lines = textOf(file).split('\n').slice(0, -1)
    if (lines.length >= count) return lines
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  throw new Error(`there are not ${count} lines in ${textOf(file)}`)
}

const readLines = async (file: string, count: number): Promise<readonly Line[]> =>
  (await linesOf(file, count)).map(line => JSON.parse(line) as Line)

t.test('each request is one line that tells what became of it', async t => {
  const { upstream, gateway, file } = await setUp(t, '{ file: access.log }')
  await exchange(
    gateway,
    get('/public/x', ['User-Agent: curl/8', `Traceparent: ${TRACE}`, 'Tracestate: a=b']),
  )
  t.same(valuesOf(upstream.requests.at(-1), 'traceparent'), [TRACE], 'it goes upstream as it came')
  t.same(valuesOf(upstream.requests.at(-1), 'tracestate'), ['a=b'])
  await exchange(gateway, head('HEAD', '/public/x', [`Host: ${HOST}`]), { answers: 1, method: 'HEAD' })
  await ask(gateway, get('/admin/x'))
  await ask(gateway, get('/public//x?token=s3cret'))
  await ask(gateway, get('/auth/link/s3cret-token'))
  const told = await readLines(file, 5)
  t.match(told[0], {
    time: /^2027-01-15T08:/,
    method: 'GET',
    host: HOST,
    path: '/public/x',
    status: 200,
    decision: 'allow',
    user_agent: 'curl/8',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    request_id: /^\S{8,}$/,
  })
  t.ok(Number(told[0]?.bytes) > 20)
  t.ok(Number(told[0]?.duration) > 0)
  t.match(told[1], { method: 'HEAD', bytes: 0 })
  t.match(told[2], { status: 401, decision: 'login', route: 'gw /admin/**' })
  t.match(told[3], { status: 400, decision: 'refused', reason: 'empty_segment', path: '/public//x' })
  t.match(told[4], { path: '/auth/link/:token' }, 'a secret of the gateway in an address stays out')
  t.notOk(textOf(file).includes('s3cret'))
})

t.test(
  'who asked is told by name, and never by what they sent to show it',
  { skip: noAuthenticator },
  async t => {
    const { gateway, file } = await setUp(t, '{ file: access.log, query: true }')
    const alice = createPerson(gateway)
    await alice.login('alice')
    t.equal((await alice.fetch('/admin/a%20b?page=2')).status, 200)
    const line = { path: '/admin/a%20b?page=2', user: 'alice', decision: 'allow', address: '127.0.0.1' }
    let told: readonly Line[] = []
    for (let tries = 0; tries < 100 && !told.some(({ user }) => user === 'alice'); tries += 1)
      told = await readLines(file, told.length + 1)
    t.match(told.at(-1), line)
    for (const secret of alice.cookieHeader().split('; '))
      t.notOk(textOf(file).includes(secret.split('=')[1] ?? ''))
  },
)

t.test('a WebSocket is told when it ends, and what the log tells of a failure names it', async t => {
  const { upstream, gateway, file } = await setUp(t, '{ file: access.log }')
  upstream.answerWith(webSocketEcho)
  const socket = await openRaw(gateway)
  const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  socket.write(get('/public/ws', [...handshake, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']))
  t.equal((await socket.answer())?.status, 101)
  socket.destroy()
  t.match((await readLines(file, 1))[0], { status: 101, path: '/public/ws', decision: 'allow' })
  const yaml = mixedPolicy('http://127.0.0.1:1', 'access_log: { file: access.log }\n')
  const lonely = await startGateway(t, { yaml })
  await ask(lonely, get('/public/x', [`Traceparent: ${TRACE}`]))
  const [failed] = await readLines(join(dirname(lonely.configFile), 'access.log'), 1)
  t.match(failed, { status: 502, reason: 'upstream_unreachable' })
  const logged = lonely.logLines
    .map(line => JSON.parse(line) as Line)
    .find(({ msg }) => msg === 'a request failed')
  t.match(logged, { request_id: failed?.request_id, trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' })
})

t.test('a request that another proxy asks about is told as that proxy was asked', async t => {
  const upstream = await startRecordingUpstream(t)
  const more =
    'trusted_proxies: [127.0.0.1]\naccess_log: { file: access.log }\nmetrics: { listen: 127.0.0.1:0 }\n'
  const gateway = await startGateway(t, { yaml: mixedPolicy(upstream.url, more) })
  const original = [
    `X-Original-URL: https://${HOST}/public/a?b=c`,
    'X-Original-Method: POST',
    'X-Forwarded-For: 192.0.2.7',
  ]
  await ask(gateway, get('/auth/verify', original))
  const [line] = await readLines(join(dirname(gateway.configFile), 'access.log'), 1)
  t.match(line, {
    method: 'POST',
    host: HOST,
    path: '/public/a',
    address: '192.0.2.7',
    decision: 'allow',
    status: 200,
  })
  const told = await scrape(gateway)
  t.equal(told.value('gatehouse_requests_total', { route: 'gw /public/**', decision: 'allow' }), 1)
  t.equal(told.value('gatehouse_request_duration_seconds_count', { app: 'gw' }), 1)
})

t.test('a client cannot write lines of its own', async t => {
  const { gateway, file } = await setUp(t, '{ file: access.log, format: combined, query: true }')
  const forged = '" 200 1 "-" "x" 192.0.2.9 - admin [15/Jan/2027:08:00:10 +0000] "GET /admin HTTP/1.1'
  await ask(gateway, get('/public/x?a=%0a"\\', [`User-Agent: ${forged}\u009b31m`]))
  const lines = await linesOf(file, 1)
  t.equal(lines.length, 1)
  t.match(lines[0], /^127\.0\.0\.1 - - \[15\/Jan\/2027:08:00:\d\d \+0000\] "GET \/public\/x\?a=%0a/)
  t.equal(lines[0]?.match(/(?<!\\)"/g)?.length, 6, 'six quotes: those of the three fields')
  t.notOk(/[^\x20-\x7e]/.test(lines[0] ?? ''))
})

t.test('whoever rotates logs may move the file away', async t => {
  const { gateway, file } = await setUp(t, '{ file: access.log, format: common }')
  await ask(gateway, get('/public/1'))
  await linesOf(file, 1)
  renameSync(file, `${file}.1`)
  await ask(gateway, get('/public/2'))
  t.match((await linesOf(file, 1))[0], '/public/2')
  gateway.reload()
  await ask(gateway, get('/public/3'))
  await gateway.close()
  t.match(await linesOf(file, 2), [/\/public\/2/, /\/public\/3/], 'what waits is written at the end')
})

t.test('without a file the lines go to the standard output', async t => {
  const { gateway } = await setUp(t, '{ format: common }')
  await ask(gateway, get('/public/1'))
  await gateway.close()
  t.ok(gateway.logLines.some(line => line.includes('"GET /public/1 HTTP/1.1" 200')))
})

t.test('a replay reads what was written', async t => {
  const { upstream, gateway, file } = await setUp(t, '{ file: access.log }')
  for (const path of ['/public/1', '/public/2', '/admin/x', '/public//x']) await ask(gateway, get(path))
  await linesOf(file, 4)
  const folder = dirname(gateway.configFile)
  writeFileSync(
    join(folder, 'next.yaml'),
    mixedPolicy(upstream.url).replace('access: public', 'access: required'),
  )
  const io = { ...testIo(folder), untilStopped: () => new Promise<never>(() => undefined) }
  t.equal(await run(['access.log', '--against', 'next.yaml', '--json'], io), 1, io.written.err)
  t.match(JSON.parse(io.written.out), { counts: { lines: 4, judged: 4, notUnderstood: 0, withoutHost: 0 } })
  t.match(io.written.out, /\/public\/1/, 'what became stricter is told')
})
