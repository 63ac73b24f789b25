import { pino } from 'pino'
import t from 'tap'
import { createClockWatch } from '../../src/assembly/clock-watch.js'
import { createHealth } from '../../src/assembly/health.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { type Store, StoreUnavailable } from '../../src/store/store.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson, type Person } from '../harness/person.js'
import { rawAnswer, startRecordingUpstream } from '../harness/recording-upstream.js'

const DAY = 86_400_000

/** A store whose reads end as the test says. */
function restlessStore(now: () => number) {
  let how: 'answers' | 'fails' | 'hangs' = 'answers'
  let reads = 0
  const memory = createMemoryStore({ now })
  const store: Store = {
    ...memory,
    get: async key => {
      if (key.id === 'ready') reads += 1
      if (how === 'fails') throw new StoreUnavailable('it is away')
      return how === 'hangs' ? new Promise(() => undefined) : memory.get(key)
    },
  }
  return {
    store,
    set: (next: typeof how): void => {
      how = next
    },
    reads: () => reads,
  }
}

t.test('a store that fails or hangs makes the gateway not ready, and nobody waits for it', async t => {
  const { store, set } = restlessStore(() => 0)
  const gateway = await startGateway(t, { store: () => store })
  const probe = createPerson(gateway)
  t.match(await probe.fetch('/auth/health/ready'), {
    status: 200,
    json: { status: 'ready', certificate: 'valid', clock: 'steady', audit: { state: 'written' } },
  })
  for (const how of ['fails', 'hangs'] as const) {
    set(how)
    // What was found out before holds for a second.
    let answer = await probe.fetch('/auth/health/ready')
    for (let tries = 0; tries < 100 && answer.status === 200; tries += 1) {
      await new Promise(resolve => setTimeout(resolve, 50))
      answer = await probe.fetch('/auth/health/ready')
    }
    t.match(answer, { status: 503, json: { status: 'not_ready', reason: 'store_unavailable' } }, how)
    t.match(await probe.fetch('/auth/health/live'), { status: 200, json: { status: 'live' } })
    set('answers')
    for (let tries = 0; tries < 100 && answer.status === 503; tries += 1) {
      await new Promise(resolve => setTimeout(resolve, 50))
      answer = await probe.fetch('/auth/health/ready')
    }
    t.equal(answer.status, 200, 'and back')
  }
})

t.test('asking for readiness is no way to load the store', async t => {
  const { store, set, reads } = restlessStore(() => 0)
  let elapsed = 0
  const health = createHealth({
    store,
    now: () => 0,
    elapsed: () => elapsed,
    certificateExpiry: () => undefined,
    upstreams: undefined,
  })
  const asked = await Promise.all(Array.from({ length: 1_000 }, () => health.storeAnswers()))
  t.ok(asked.every(Boolean))
  t.equal(reads(), 1)
  set('fails')
  t.equal(await health.storeAnswers(), true, 'what was found out holds for a second')
  elapsed += 1_000
  t.equal(await health.storeAnswers(), false)
  t.equal(reads(), 2)
})

t.test('the certificate is told of in words, two weeks before its end', async t => {
  let now = 0
  const of = (end: number | undefined): string =>
    createHealth({
      store: createMemoryStore({ now: () => now }),
      now: () => now,
      elapsed: () => 0,
      certificateExpiry: () => end,
      upstreams: undefined,
    }).certificate()
  t.equal(of(undefined), 'none')
  t.equal(of(20 * DAY), 'valid')
  now = 7 * DAY
  t.equal(of(20 * DAY), 'ends_soon')
  now = 20 * DAY
  t.equal(of(20 * DAY), 'ended')
})

t.test('a clock that is set is told for ten minutes; one that only goes on is steady', async t => {
  let now = Date.UTC(2027, 0, 1)
  let elapsed = 0
  const pass = (milliseconds: number, off = 0): void => {
    elapsed += milliseconds
    now += milliseconds + off
  }
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const watch = createClockWatch({ now: () => now, elapsed: () => elapsed, log })
  for (let times = 0; times < 1_000; times += 1) {
    pass(5_000, 2.5)
    watch.look()
  }
  t.equal(watch.state(), 'steady', 'a clock that is slewed by 500 ppm')
  pass(5_000, -45_000)
  watch.look()
  t.equal(watch.state(), 'jumped')
  t.match(lines, [/"seconds":-45/])
  pass(300_000)
  watch.look()
  t.equal(watch.state(), 'jumped')
  pass(300_000)
  t.equal(watch.state(), 'steady')
  t.equal(watch.jumps(), 1)
})

/** Asks until the answer has this status; never longer than a loaded machine may need. */
async function readyAnswer(probe: Person, status: number) {
  let answer = await probe.fetch('/auth/health/ready')
  for (let tries = 0; tries < 400 && answer.status !== status; tries += 1) {
    await new Promise(resolve => setTimeout(resolve, 25))
    answer = await probe.fetch('/auth/health/ready')
  }
  return answer
}

const SICK = rawAnswer('HTTP/1.1 503 Starting\r\nContent-Length: 0\r\n\r\n')
const WELL = rawAnswer('HTTP/1.1 204 Well\r\n\r\n')

/** Two apps in front of a gateway; the second one is not asked whether it is well. */
function twoApps(first: readonly string[], second: string, more = ''): string {
  return `public_url: https://${HOST}
users: { file: users.yaml }
session: { domain: ${HOST} }
${more}
apps:
  - name: wiki
    host: ${HOST}
    upstream: { urls: [${first.join(', ')}], health: { path: /healthz, every: 1s, timeout: 1s, unhealthy_after: 2 } }
    routes: [{ path: /**, access: public }]
  - { name: shop, host: shop.${HOST}, upstream: "${second}", routes: [{ path: /**, access: public }] }
`
}

t.test('where upstreams count, a gateway is ready while each has an address that is well', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  for (const one of [a, b]) one.answerWith(SICK)
  const yaml = twoApps([a.url, b.url], 'http://127.0.0.1:1', 'health: { upstreams: true }')
  const probe = createPerson(await startGateway(t, { yaml }))
  t.match(await readyAnswer(probe, 503), {
    status: 503,
    json: { status: 'not_ready', reason: 'upstream_unavailable' },
  })
  t.match(await probe.fetch('/auth/health/live'), { status: 200 })
  a.answerWith(WELL)
  t.match(await readyAnswer(probe, 200), { status: 200, json: { status: 'ready' } }, 'one address is enough')
  const asked = a.requests.length
  a.answerWith(SICK)
  t.match(await readyAnswer(probe, 503), { status: 503 }, 'and gone again')
  t.ok(a.requests.length >= asked + 2, 'after as many bad checks as the setting says')
})

t.test('where they do not, what the upstreams do makes no gateway unready', async t => {
  const upstream = await startRecordingUpstream(t)
  upstream.answerWith(SICK)
  const gateway = await startGateway(t, { yaml: twoApps([upstream.url], 'http://127.0.0.1:1') })
  for (let tries = 0; tries < 400 && !gateway.logLines.join().includes('"failing"'); tries += 1)
    await new Promise(resolve => setTimeout(resolve, 25))
  t.match(gateway.logLines.join(), /"standing":"failing"/)
  t.match(await createPerson(gateway).fetch('/auth/health/ready'), { status: 200 })
})

t.test('an app that was just started gets requests with its first good check', async t => {
  const [a, b] = [await startRecordingUpstream(t), await startRecordingUpstream(t)]
  a.answerWith(SICK)
  const gateway = await startGateway(t, { yaml: twoApps([a.url, b.url], 'http://127.0.0.1:1') })
  const told = (standing: string): boolean =>
    gateway.logLines.join().includes(`"upstream":"${a.url}","standing":"${standing}"`)
  for (let tries = 0; tries < 400 && !told('failing'); tries += 1)
    await new Promise(resolve => setTimeout(resolve, 25))
  t.equal(a.requests.length, 1, 'one bad check was enough')
  a.answerWith(WELL)
  for (let tries = 0; tries < 400 && !told('up'); tries += 1)
    await new Promise(resolve => setTimeout(resolve, 25))
  t.equal(a.requests.length, 2, 'and one good one')
})
