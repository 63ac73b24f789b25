import { APP_FAULTS } from './app-faults.js'
import { CLUSTER_FAULTS } from './cluster-faults.js'
import { DISK_FAULTS } from './disk-faults.js'
import type { Fault } from './fault.js'
import { GATEWAY_FAULTS } from './gateway-faults.js'
import { REDIS_FAULTS } from './redis-faults.js'
import { WORKER_FAULTS } from './worker-faults.js'

/** Every fault that the run knows. */
export const ALL_FAULTS: readonly Fault[] = [
  ...REDIS_FAULTS,
  ...CLUSTER_FAULTS,
  ...GATEWAY_FAULTS,
  ...WORKER_FAULTS,
  ...APP_FAULTS,
  ...DISK_FAULTS,
]
