import t from 'tap'
import type { Route } from '../../src/access/route.js'
import type { Identity } from '../../src/access/identity.js'
import { readArrival, type Arrival } from '../../src/http/arrival.js'
import { createHeaderRoles } from '../../src/http/header-roles.js'
import { alice, appWith, NOW, proof, routeFor } from '../access/sample-policy.js'
import { policyOf, shadowBench } from './shadow-bench.js'

const REQUESTS = 100_000
const ROUNDS = 5

/** What a browser sends with every request. */
const FIELDS = [
  ...[
    'Host',
    'gw.example',
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  ],
  ...[
    'Accept',
    'text/html,application/xhtml+xml',
    'Accept-Language',
    'en',
    'Accept-Encoding',
    'gzip, br, zstd',
  ],
  ...['Cookie', 'theme=dark; lang=en', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Site', 'same-origin'],
]
const roleOf = createHeaderRoles([], [])
const ALICE: Identity = alice([proof('password'), proof('totp')])

function routesOf(count: number): readonly Route[] {
  return Array.from({ length: count }, (_, index) =>
    index % 4 === 0
      ? routeFor(`/team${index}/assets/**`, { access: 'public', methods: ['GET'] })
      : routeFor(`/team${index}/*/edit`, index % 4 === 1 ? { groups: ['staff'] } : {}),
  )
}

/** Nanoseconds of this process's CPU that one call takes: what else the machine does counts little. */
function nanoseconds(work: (call: number) => void): number {
  const start = process.cpuUsage()
  for (let call = 0; call < REQUESTS; call++) work(call)
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / REQUESTS
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

t.test('for requests that decide alike the shadow costs about what reading the request did', t => {
  const routes = routesOf(40)
  const live = policyOf([appWith(routes)])
  const bench = shadowBench(live, policyOf([appWith(routes)], { hash: 'next' }))
  const targets = ['/team0/assets/js/app.js?v=3', '/team1/wiki/edit', '/team39/wiki/edit', '/nowhere/at/all']
  const read = (target: string): Arrival =>
    readArrival(
      { method: 'GET', url: target, rawHeaders: FIELDS, socket: { remoteAddress: '192.0.2.1' } },
      { roleOf, trustedProxies: undefined, policy: live.policy },
    )
  const credential = { kind: 'session', id: 'alice' } as const
  bench.callers.set('alice', ALICE)
  const arrivals = targets.map(read)
  const at = <T>(list: readonly T[], call: number): T => list[call % list.length] as T
  const judge = (call: number) => {
    const arrival = at(arrivals, call)
    if (!arrival.reading.ok) throw new Error('a plain path was refused')
    const judgement = bench.guard.judge(arrival.reading.request, arrival, credential)
    if (judgement instanceof Promise) throw new Error('Alice is known at once')
    return { arrival, judgement }
  }
  const rounds = Array.from({ length: ROUNDS }, () => ({
    reading: nanoseconds(call => read(at(targets, call))),
    guard: nanoseconds(judge),
    both: nanoseconds(call => {
      const { arrival, judgement } = judge(call)
      bench.observer.judged(arrival, judgement, credential)
    }),
  }))
  const reading = median(rounds.map(round => round.reading))
  const shadow = median(rounds.map(round => round.both - round.guard))
  t.comment(`reading a request: ${reading.toFixed(0)} ns`)
  t.comment(`judging it: ${median(rounds.map(round => round.guard)).toFixed(0)} ns`)
  t.comment(`the shadow beside it: ${shadow.toFixed(0)} ns`)
  t.match(bench.observer.tally()?.report(), { since: NOW, compared: ROUNDS * REQUESTS, different: 0 })
  t.ok(shadow < 3 * reading, 'it stays of the order of reading the header fields')
  t.end()
})

t.test('what differences cost', t => {
  const live = policyOf([appWith(routesOf(40))])
  const bench = shadowBench(
    live,
    policyOf([appWith([routeFor('/**', { access: 'public' })])], { hash: 'next' }),
  )
  const arrival = bench.arrive({ target: '/team1/wiki/edit' })
  bench.pass(arrival)
  const rounds = Array.from({ length: ROUNDS }, () => nanoseconds(() => bench.pass(arrival)))
  t.comment(`judging and counting a difference: ${median(rounds).toFixed(0)} ns`)
  t.equal(bench.observer.tally()?.report().different, ROUNDS * REQUESTS + 1)
  t.end()
})
