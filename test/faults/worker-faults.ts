import type { Fault } from './fault.js'
import type { House } from './house.js'

const EMBEDDED = { store: 'embedded', workers: 2 } as const
const REDIS = { store: 'redis', workers: 2 } as const

/** The worker to which it happens; the others serve on. */
const stopped = new WeakMap<House, number>()

function death(name: string, plan: Fault['plan'], signal: NodeJS.Signals): Fault {
  return {
    name,
    plan,
    break: ({ gateway }) => process.kill(someWorker(gateway.workers()), signal),
    // Another one takes its place by itself.
    mend: () => undefined,
  }
}

function someWorker([worker]: readonly number[]): number {
  if (worker === undefined) throw new Error('there is no worker')
  return worker
}

/** What happens to one of two workers behind one address. */
export const WORKER_FAULTS: readonly Fault[] = [
  death('Worker: kill -9 of one of two on the embedded store', EMBEDDED, 'SIGKILL'),
  death('Worker: kill -9 of one of two on Redis', REDIS, 'SIGKILL'),
  death('Worker: SIGTERM of one of two on Redis', REDIS, 'SIGTERM'),
  {
    name: 'Worker: SIGSTOP of one of two on Redis',
    plan: REDIS,
    break: house => {
      const worker = someWorker(house.gateway.workers())
      stopped.set(house, worker)
      process.kill(worker, 'SIGSTOP')
    },
    mend: house => process.kill(stopped.get(house) ?? 0, 'SIGCONT'),
  },
]
