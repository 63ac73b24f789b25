import { CPU, MEMORY, P50, P99, PER_SECOND } from '../columns.js'
import { cpuMicroseconds } from '../cpu-time.js'
import { connectionsTo } from '../load/connection.js'
import type { Span } from '../load/count.js'
import { loadOf } from '../load/load.js'
import { loadAtRate, timeAt } from '../load/paced-load.js'
import { residentMebibytes } from '../memory.js'
import type { BenchOptions } from '../options.js'
import { pidOf } from '../processes.js'
import type { Measure } from '../scenario.js'
import type { Subject } from '../subject.js'

/** Microseconds that the processes of a subject have used so far. */
export function cpuOf({ children }: Subject): number {
  return children.reduce((sum, child) => sum + cpuMicroseconds(pidOf(child)), 0)
}

/** Resident memory of the processes of a subject, in MiB. */
export function memoryOf({ children }: Subject): number {
  return children.reduce((sum, child) => sum + residentMebibytes(pidOf(child)), 0)
}

/** So many seconds of CPU time; as long before, for connections and for what rested. */
export function spanOf(subject: Subject, seconds: number): Span {
  return { lead: seconds, seconds, probe: () => cpuOf(subject) }
}

/** As many requests as it takes, with one under way on each connection. */
export function measureRequests(subject: Subject): Measure {
  const load = loadOf(subject.target)
  return async ({ connections, seconds }) => {
    const { requests, seconds: took, used } = await load(connections, spanOf(subject, seconds))
    return { [CPU.key]: used / requests, [PER_SECOND.key]: requests / took, [MEMORY.key]: memoryOf(subject) }
  }
}

/** In seconds: some hundred thousand requests, after which the compiler has nothing left to do. */
const WARM_AFTER = 8

/** Warms a subject up for `measureLatency()`: the pauses of a compiler would be its longest times. */
export async function warmAtFullSpeed(subject: Subject, options: BenchOptions): Promise<void> {
  await measureRequests(subject)({ ...options, rounds: 1, seconds: WARM_AFTER })
}

/** So many requests a second. @param rateOf how many */
export function measureLatency(rateOf: (options: { readonly rate: number }) => number) {
  return (subject: Pick<Subject, 'target'>): Measure => {
    const open = connectionsTo(subject.target)
    return async options => {
      const times = await loadAtRate(open, rateOf(options), options.seconds)
      return { [P50.key]: timeAt(times, 0.5), [P99.key]: timeAt(times, 0.99) }
    }
  }
}
