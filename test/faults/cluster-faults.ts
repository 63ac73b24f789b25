import type { Fault } from './fault.js'

const CLUSTER = { store: 'cluster', gateways: 2 } as const

/** What happens to one of three masters of a Redis Cluster, each with a replica. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  {
    name: 'Cluster: a master is killed, its replica takes over',
    plan: CLUSTER,
    break: ({ redis }) => redis().kill(),
    mend: ({ redis }) => redis().start(),
  },
  {
    name: 'Cluster: a master is stopped, and comes back after the fail-over',
    plan: CLUSTER,
    break: ({ redis }) => redis().signal('SIGSTOP'),
    mend: ({ redis }) => redis().signal('SIGCONT'),
  },
]
