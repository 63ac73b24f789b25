import t from 'tap'
import { decide } from '../../src/access/decide.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import type { RouteTable } from '../../src/access/route-table.js'
import type { Route } from '../../src/access/route.js'
import {
  NOW,
  alice,
  appWith,
  canonical,
  proof,
  regexRouteFor,
  requestFor,
  routeFor,
} from './sample-policy.js'

const ROUNDS = 15
const CALLER = alice([proof('password'), proof('totp')])

/** Routes as a large policy has them: exact paths, folders, one segment open, some with methods and groups. */
function routesOf(count: number): readonly Route[] {
  return Array.from({ length: count }, (_, index) => {
    const rest: Partial<Route> = index % 5 === 0 ? { groups: ['staff'], methods: ['GET'] } : {}
    if (index % 3 === 0) return routeFor(`/team${index}/assets/**`, rest)
    if (index % 3 === 1) return routeFor(`/team${index}/*/edit`, rest)
    return routeFor(`/team${index}/page`, rest)
  })
}

/** Requests for the first, a middle and the last routes, and for none. */
function requestsFor(count: number): readonly ReturnType<typeof requestFor>[] {
  const of = (index: number): string =>
    [`/team${index}/assets/js/app.js`, `/team${index}/wiki/edit`, `/team${index}/page`][index % 3] ?? '/'
  const asked = [0, 1, 2, count >> 1, count - 3, count - 2, count - 1].map(of)
  return [...asked, '/', '/nowhere/at/all'].map(path => requestFor(path))
}

/** Nanoseconds that one call takes. */
function nanoseconds(calls: number, work: (call: number) => void): number {
  const start = process.hrtime.bigint()
  for (let call = 0; call < calls; call++) work(call)
  return Number(process.hrtime.bigint() - start) / calls
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

t.test('finding and deciding does not grow with the number of routes', t => {
  const measured = (count: number): (() => number) => {
    const table: RouteTable = compileRouteTable([appWith(routesOf(count))])
    const requests = requestsFor(count)
    return () =>
      nanoseconds(20_000, call => {
        const request = requests[call % requests.length]
        if (request !== undefined) decide(request, table.find(request, '192.0.2.1'), CALLER, NOW)
      })
  }
  const few = measured(10)
  const many = measured(10_000)
  const rounds = Array.from({ length: ROUNDS }, () => ({ few: few(), many: many() }))
  const ratio = median(rounds.map(round => round.many / round.few))
  t.comment(`10 routes: ${median(rounds.map(round => round.few)).toFixed(0)} ns`)
  t.comment(
    `10,000 routes: ${median(rounds.map(round => round.many)).toFixed(0)} ns, ratio ${ratio.toFixed(2)}`,
  )
  t.ok(ratio < 5)
  t.end()
})

t.test('what reading a request costs', t => {
  for (const target of [
    '/team17/assets/js/app.js?v=3',
    '/wiki/J%C3%BCrgen%20und%20Ren%C3%A9e',
    '/.well-known/x',
  ]) {
    const times = Array.from({ length: ROUNDS }, () => nanoseconds(20_000, () => canonical({ target })))
    t.comment(`${target}: ${median(times).toFixed(0)} ns`)
  }
  t.end()
})

t.test('regex routes are tried one by one', t => {
  const regexes = Array.from({ length: 10_000 }, (_, index) => regexRouteFor(`/v[0-9]+/item${index}`))
  const table = compileRouteTable([appWith(regexes)])
  for (const path of ['/v1/item0', '/v1/item9999', '/other']) {
    const request = requestFor(path)
    const times = Array.from({ length: 3 }, () => nanoseconds(5, () => table.find(request, '192.0.2.1')))
    t.comment(`${path}: ${(median(times) / 1e6).toFixed(3)} ms`)
  }
  t.end()
})
