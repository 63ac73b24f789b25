import fc from 'fast-check'
import t from 'tap'
import { compileRouteTable, mismatchOf } from '../../src/access/route-table.js'
import { addresses, requests, routes } from './raw-policies.js'
import { appWith } from './sample-policy.js'

const RUNS = { numRuns: 4_000 }
const lists = fc.array(routes, { maxLength: 12 })

t.test(
  'the compiled table finds the first route in the order of the file that is for the request',
  async () => {
    fc.assert(
      fc.property(lists, requests, addresses, (list, request, address) => {
        const first = list.find(route => mismatchOf(route, request, address) === undefined)
        const match = compileRouteTable([appWith(list)]).find(request, address)
        return first === undefined ? match?.route.place === undefined : match?.route === first
      }),
      RUNS,
    )
  },
)

t.test('a route that is added behind others takes no request from them', async () => {
  fc.assert(
    fc.property(lists, routes, requests, addresses, (list, added, request, address) => {
      const before = compileRouteTable([appWith(list)]).find(request, address)?.route
      const after = compileRouteTable([appWith([...list, added])]).find(request, address)?.route
      return before?.place === undefined || after === before
    }),
    RUNS,
  )
})

t.test('a route that is added anywhere takes only the requests that it is for', async () => {
  fc.assert(
    fc.property(lists, routes, fc.nat(12), requests, addresses, (list, added, at, request, address) => {
      const before = compileRouteTable([appWith(list)]).find(request, address)?.route
      const after = compileRouteTable([appWith(list.toSpliced(at, 0, added))]).find(request, address)?.route
      if (after === added) return mismatchOf(added, request, address) === undefined
      return after === before || (after?.place === undefined && before?.place === undefined)
    }),
    RUNS,
  )
})

t.test('the routes of one app are nothing to another', async () => {
  fc.assert(
    fc.property(lists, lists, requests, addresses, (list, foreign, request, address) => {
      const alone = compileRouteTable([appWith(list)])
      const both = compileRouteTable([
        appWith(foreign, { name: 'other', host: 'other.example' }),
        appWith(list),
        appWith(foreign, { name: 'wild', host: '*.example' }),
      ])
      const [expected, match] = [alone.find(request, address), both.find(request, address)]
      return match?.app.name === 'wiki' && match.route.pattern === expected?.route.pattern
    }),
    RUNS,
  )
})
