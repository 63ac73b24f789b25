import { CPU, MEMORY, PER_SECOND } from '../columns.js'
import { measureRequests } from '../measures/requests.js'
import { scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject, routes } from '../subjects/gateway.js'

/** What a longer policy costs a request: the route that is asked for is always the last. */
export const ROUTES = scenario<Subject>({
  name: 'routes',
  title: 'The last of 10, 1,000 and 10,000 routes',
  columns: [CPU, PER_SECOND, MEMORY],
  measure: measureRequests,
  subjects: [withRoutes(10), withRoutes(1_000), withRoutes(10_000)],
  comparisons: [
    { of: 'routes-1000', against: 'routes-10', column: CPU },
    { of: 'routes-10000', against: 'routes-10', column: CPU, target: { most: 1.5 } },
  ],
})

function withRoutes(count: number): SubjectKind<Subject> {
  return gatewaySubject(`routes-${count}`, `Gatehouse: ${count} routes`, {
    settings: { routes: routes(count) },
  })
}
