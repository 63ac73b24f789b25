import t, { type Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { parseScrape, scrape, type Scrape } from '../harness/metrics.js'
import { createPerson } from '../harness/person.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'
import { quietMetrics } from './sample-metrics.js'

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

async function setUp(t: Test) {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, {
    yaml: `public_url: https://${HOST}
users: { file: users.yaml }
metrics: { listen: 127.0.0.1:0 }
session: { domain: ${HOST} }
apps:
  - name: app
    host: ${HOST}
    upstream: ${upstream.url}
    routes:
      - { path: /public/**, access: public }
      - { path: /work/**, access: required }
  - name: gone
    host: gone.${HOST}
    upstream: http://127.0.0.1:1
    routes: [{ path: /**, access: public }]
`,
  })
  return { upstream, gateway }
}

/** Waits for what is counted only when an answer has left. */
async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return true
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  return false
}

t.test('a scrape after real traffic tells of all of it', { skip: noAuthenticator }, async t => {
  const { upstream, gateway } = await setUp(t)
  const alice = createPerson(gateway)
  await alice.login('alice')
  t.equal((await alice.fetch('/work/x')).status, 200)
  const stranger = createPerson(gateway)
  t.equal((await stranger.fetch('/public/x')).status, 200)
  t.equal((await stranger.fetch('/work/x')).status, 401)
  await exchange(gateway, get('/public/x', [], `gone.${HOST}`), { answers: 1 })
  await exchange(gateway, get('/a//b', ['Connection: close']))
  upstream.answerWith(webSocketEcho)
  const socket = await openRaw(gateway)
  socket.write(get('/public/ws', WEBSOCKET))
  t.equal((await socket.answer())?.status, 101)

  let told: Scrape = await scrape(gateway)
  t.equal(told.value('gatehouse_open_streams'), 1)
  socket.destroy()
  await until(async () => {
    told = await scrape(gateway)
    return told.value('gatehouse_responses_total', { app: 'app', status: '1xx' }) === 1
  })
  const { value } = told
  t.equal(value('gatehouse_open_streams'), 0)
  t.equal(value('gatehouse_requests_total', { route: 'app /public/**', decision: 'allow' }), 2)
  t.equal(value('gatehouse_requests_total', { route: 'app /work/**', decision: 'login' }), 1)
  t.equal(value('gatehouse_requests_total', { route: '(other)', decision: 'refused' }), 1)
  t.equal(value('gatehouse_responses_total', { app: 'app', status: '2xx' }), 2)
  t.equal(value('gatehouse_responses_total', { app: 'app', status: '4xx' }), 1)
  t.equal(value('gatehouse_responses_total', { app: 'gone', status: '5xx' }), 1)
  t.equal(value('gatehouse_responses_total', { app: '(other)', status: '4xx' }), 1)
  t.ok((value('gatehouse_responses_total', { app: '(gateway)', status: '2xx' }) ?? 0) > 0)
  t.equal(value('gatehouse_upstream_errors_total', { app: 'gone', kind: 'unreachable' }), 1)
  t.equal(value('gatehouse_failures_total', { reason: 'empty_segment' }), 1)
  t.equal(value('gatehouse_request_duration_seconds_count', { app: 'app' }), 3, 'no WebSocket among them')
  t.equal(value('gatehouse_request_duration_seconds_bucket', { app: 'app', le: '+Inf' }), 3)
  t.equal(value('gatehouse_upstream_duration_seconds_count', { app: 'app' }), 2)
  t.equal(value('gatehouse_active_sessions'), 1)
  t.equal(value('gatehouse_upstream_up', { app: 'app', address: upstream.url }), 1)
  t.equal(value('gatehouse_logins_total', { step: 'password', result: 'accepted' }), 1)
  t.equal(value('gatehouse_logins_total', { step: 'second_factor', result: 'accepted' }), 1)
  t.equal(value('gatehouse_audit_events_total', { event: 'session.started' }), 1)
  t.ok((value('gatehouse_store_duration_seconds_count', { operation: 'get' }) ?? 0) > 0)
  t.equal(value('gatehouse_config_reloads_total', { result: 'rejected' }), 0)
  t.ok(Number(value('gatehouse_certificate_expiry_timestamp_seconds')) > 1e9)
  t.match(told.families.get('gatehouse_build_info')?.samples[0]?.labels, {
    version: /^\d+\.\d+\.\d+/,
    node: process.versions.node,
  })
  t.ok(Number(value('nodejs_eventloop_lag_p99_seconds')) >= 0)
  t.ok(Number(value('process_resident_memory_bytes')) > 0)
})

t.test('every family keeps the rules of the text format and of the names', async t => {
  const { gateway } = await setUp(t)
  await createPerson(gateway).fetch('/public/x')
  const { families } = await scrape(gateway)
  for (const { name, help, type, samples } of families.values()) {
    t.match(name, /^(gatehouse|process|nodejs)_[a-z0-9_]+$/)
    t.ok(help.length > 10, `${name} says what it is`)
    if (!name.startsWith('gatehouse_')) continue
    t.equal(type === 'counter', name.endsWith('_total'), `${name} ends as counters do`)
    if (type === 'histogram') t.match(name, /_seconds$/)
    const series = samples.map(one => JSON.stringify([one.name, one.labels]))
    t.equal(new Set(series).size, series.length, `${name} tells nothing twice`)
    t.ok(samples.every(({ value }) => Number.isFinite(value)))
  }
  const buckets = families.get('gatehouse_request_duration_seconds')?.samples ?? []
  const counts = buckets.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value)
  t.same(
    counts,
    [...counts].sort((a, b) => a - b),
    'each bucket holds those below it',
  )
})

t.test('strange hosts and paths make no series', async t => {
  const { gateway } = await setUp(t)
  const seriesOf = async (): Promise<number> => {
    const { families } = await scrape(gateway)
    return [...families.values()]
      .filter(({ name }) => name.startsWith('gatehouse_'))
      .reduce((sum, { samples }) => sum + samples.length, 0)
  }
  const ask = async (from: number, count: number): Promise<void> => {
    const requests = Array.from({ length: count }, (_, at) =>
      get(
        `/public/${from + at}/x?${at}`,
        [`X-Own-${at}: ${at}`],
        at % 2 === 0 ? HOST : `h${from + at}.example`,
      ),
    )
    await exchange(gateway, requests.join(''), { answers: count })
  }
  await ask(0, 100)
  await until(async () => (await scrape(gateway)).value('gatehouse_responses_total', { app: 'app' }) === 50)
  const before = await seriesOf()
  for (let from = 100; from < 10_100; from += 100) await ask(from, 100)
  t.equal(await seriesOf(), before)
})

t.test('names that come for ever are told apart up to a bound', async t => {
  const metrics = quietMetrics()
  for (let at = 0; at < 25_000; at += 1) {
    metrics.decided(`app${at} /**`, 'allow')
    metrics.finished({
      app: `app${at}`,
      status: 200,
      complete: true,
      seconds: 0.2,
      upstreamSeconds: 0.1,
      failure: undefined,
    })
  }
  const { families, value } = parseScrape(await metrics.text())
  t.equal(families.get('gatehouse_requests_total')?.samples.length, 20_001)
  t.equal(value('gatehouse_requests_total', { route: '(other)' }), 5_000)
  t.equal(value('gatehouse_request_duration_seconds_count', { app: '(other)' }), 24_000)
  t.equal(value('gatehouse_request_duration_seconds_bucket', { app: 'app1', le: '0.1' }), 0)
  t.equal(value('gatehouse_request_duration_seconds_bucket', { app: 'app1', le: '0.25' }), 1)
  t.equal(value('gatehouse_upstream_duration_seconds_bucket', { app: 'app1', le: '0.1' }), 1, 'a bound is in')
})

t.test('a label cannot end its line', async t => {
  const metrics = quietMetrics({ hash: '"} 1\nforged 1\n# \\', state: 'current' })
  const told = parseScrape(await metrics.text())
  t.equal(told.value('forged'), undefined)
  t.equal(told.families.get('gatehouse_policy_info')?.samples[0]?.labels.policy, '"} 1\nforged 1\n# \\')
})
