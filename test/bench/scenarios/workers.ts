import { CPU, MEMORY, PER_SECOND } from '../columns.js'
import { measureRequests } from '../measures/requests.js'
import { scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject } from '../subjects/gateway.js'

/** What a second process adds. All processors are for everybody here, the load included. */
export const WORKERS = scenario<Subject>({
  name: 'workers',
  title: 'One and two workers, on every core, the load beside them',
  columns: [PER_SECOND, CPU, MEMORY],
  measure: measureRequests,
  subjects: [
    gatewaySubject('one-worker', 'Gatehouse: one process', { core: 'any' }),
    gatewaySubject('two-workers', 'Gatehouse: `--workers 2`', { core: 'any', words: ['--workers', '2'] }),
  ],
  comparisons: [{ of: 'two-workers', against: 'one-worker', column: PER_SECOND, target: { least: 1.6 } }],
})
