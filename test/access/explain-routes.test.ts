import fc from 'fast-check'
import t from 'tap'
import { condenseRoutes, describeLeftOut } from '../../src/access/condense-routes.js'
import { explainRoutes, type ReadRoute } from '../../src/access/explain-routes.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import type { Route } from '../../src/access/route.js'
import { addresses, requests, routes } from './raw-policies.js'
import { appWith, networkOf, NOW, requestFor, routeFor } from './sample-policy.js'

function explain(all: readonly Route[], path: string, method = 'GET', address = '192.0.2.9') {
  const request = requestFor(path, { method })
  return explainRoutes(compileRouteTable([appWith(all)]).find(request, address), request, address, NOW)
}

t.test('each route says what it is for, so that the difference is seen', t => {
  const networks = networkOf('10.2.0.0', 16)
  networks.addAddress('192.0.2.7')
  const all = [
    routeFor('/other'),
    routeFor('/a/**', { methods: ['PUT', 'POST'] }),
    routeFor('/a/**', { networks }),
    routeFor('/a/**', { access: 'bypassed', until: NOW, tokens: ['feed'] }),
    routeFor('/**', { access: 'public' }),
  ]
  t.same(
    explain(all, '/a/b').map(({ verdict, why }) => [verdict, why]),
    [
      ['path', 'for another path'],
      ['method', 'only for PUT, POST'],
      ['network', 'only from 10.2.0.0/16, 192.0.2.7'],
      ['decides', 'login and second factor, or an API token for feed'],
      ['not_reached', 'fits as well, but stands below'],
    ],
  )
  t.match(explain([], '/a').at(-1), { verdict: 'decides', access: 'required', place: undefined })
  const many = explain([routeFor('/a', { methods: ['A', 'B', 'C', 'D', 'E', 'F'] })], '/a')
  t.equal(many[0]?.why, 'only for A, B, C, D and 2 more')
  t.same(explainRoutes(undefined, requestFor('/'), '', NOW), [], 'no app, no routes')
  t.end()
})

t.test('the first route without a mismatch is the one that decides', t => {
  fc.assert(
    fc.property(
      fc.array(routes, { maxLength: 6 }),
      requests,
      addresses.filter(one => one !== ''),
      (all, request, address) => {
        const match = compileRouteTable([appWith(all)]).find(request, address)
        const read = explainRoutes(match, request, address, NOW)
        const first = read.findIndex(({ verdict }) => verdict === 'decides' || verdict === 'not_reached')
        return (
          read[first]?.verdict === 'decides' && read.filter(one => one.verdict === 'decides').length === 1
        )
      },
    ),
    { numRuns: 5_000 },
  )
  t.end()
})

const rows = fc.array(
  fc
    .tuple(
      fc.constantFrom<ReadRoute['verdict']>('path', 'method', 'network', 'decides', 'not_reached'),
      fc.nat(40),
    )
    .map(([verdict, count]) => Array.from({ length: verdict === 'decides' ? 1 : count }, () => verdict)),
  { maxLength: 8 },
)

t.test('a long list is shortened, and no route is lost or counted twice', t => {
  const row = (verdict: ReadRoute['verdict']): ReadRoute => {
    return { name: 'wiki /a', pattern: '/a', access: 'required', place: undefined, verdict, why: '' }
  }
  fc.assert(
    fc.property(rows, lists => {
      const all = lists.flat().map(row)
      const shown = condenseRoutes(all)
      const total = shown.reduce((sum, one) => sum + ('count' in one ? one.count : 1), 0)
      const kept = shown.filter(one => !('count' in one))
      return (
        total === all.length &&
        kept.filter(one => one.verdict === 'decides').length ===
          all.filter(one => one.verdict === 'decides').length &&
        shown.every(one => !('count' in one) || one.count > 1)
      )
    }),
    { numRuns: 5_000 },
  )
  const long = [
    ...Array.from({ length: 183 }, () => row('path')),
    ...Array.from({ length: 10 }, () => row('method')),
    row('decides'),
    row('path'),
    ...Array.from({ length: 9 }, () => row('not_reached')),
    ...Array.from({ length: 4 }, () => row('path')),
  ]
  t.same(
    condenseRoutes(long).flatMap(one => ('count' in one ? [describeLeftOut(one)] : [])),
    [
      '183 routes for other paths',
      '4 more routes for other methods',
      '6 more routes that fit as well, but stand below',
      '4 routes below for other paths',
    ],
  )
  t.end()
})
