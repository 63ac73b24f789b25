import type { Registry } from 'prom-client'
import { createCounts } from './counts.js'
import { createDurations } from './durations.js'
import { addFamily } from './families.js'

/** Counts what is asked of the store. */
export interface StoreMetrics {
  /** An operation of the store ended after so many seconds; `failed`: it threw. */
  storeAnswered(operation: string, seconds: number, failed: boolean): void
  /** A record was looked for in the memory of this process, and found there or not. */
  cacheAsked(hit: boolean): void
}

/** In seconds. A read of the embedded store takes microseconds, one of another machine a millisecond. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1]

/** Begins to count, and puts the counts into a registry. */
export function createStoreMetrics(register: Registry): StoreMetrics {
  const durations = createDurations(BUCKETS)
  const errors = createCounts()
  const asked = createCounts()

  addFamily(register, {
    name: 'gatehouse_store_duration_seconds',
    help: 'How long the store took, by operation.',
    type: 'histogram',
    read: () => durations.samples('gatehouse_store_duration_seconds', 'operation'),
  })
  addFamily(register, {
    name: 'gatehouse_store_errors_total',
    help: 'Operations that the store failed, by operation.',
    type: 'counter',
    read: () => errors.samples('operation'),
  })
  addFamily(register, {
    name: 'gatehouse_store_cache_total',
    help: 'Reads that were looked for in the memory of this process first, by result: hit or miss.',
    type: 'counter',
    read: () => asked.samples('result'),
  })

  return {
    storeAnswered(operation, seconds, failed) {
      durations.add(operation, seconds)
      if (failed) errors.add(operation)
    },
    cacheAsked: hit => asked.add(hit ? 'hit' : 'miss'),
  }
}
