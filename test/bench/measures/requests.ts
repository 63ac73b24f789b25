import { CPU, MEMORY, P50, P99, PER_SECOND } from '../columns.js'
import { cpuMicroseconds } from '../cpu-time.js'
import { load } from '../load/load.js'
import { loadAtRate, timeAt } from '../load/paced-load.js'
import { residentMebibytes } from '../memory.js'
import type { BenchOptions } from '../options.js'
import { pidOf } from '../processes.js'
import type { Reading } from '../scenario.js'
import type { Subject } from '../subject.js'

/** Microseconds that the processes of a subject have used so far. */
export function cpuOf({ children }: Subject): number {
  return children.reduce((sum, child) => sum + cpuMicroseconds(pidOf(child)), 0)
}

/** Resident memory of the processes of a subject, in MiB. */
export function memoryOf({ children }: Subject): number {
  return children.reduce((sum, child) => sum + residentMebibytes(pidOf(child)), 0)
}

/**
 * As many requests as it takes, with one under way on each connection. Half as long before that counts: a process that
 * rested has given memory back, and what it costs to take it anew would be taken for what requests cost.
 */
export async function measureRequests(
  subject: Subject,
  { connections, seconds }: BenchOptions,
): Promise<Reading> {
  await load(subject.target, connections, seconds / 2)
  const before = cpuOf(subject)
  const { requests, seconds: took } = await load(subject.target, connections, seconds)
  return {
    [CPU.key]: (cpuOf(subject) - before) / requests,
    [PER_SECOND.key]: requests / took,
    [MEMORY.key]: memoryOf(subject),
  }
}

/** The same, and then at the fixed rate, where a subject takes clearly more requests than that. */
export async function measurePacedRequests(subject: Subject, options: BenchOptions): Promise<Reading> {
  const full = await measureRequests(subject, options)
  if ((full[PER_SECOND.key] ?? 0) < options.rate * 1.5) return full
  const times = await loadAtRate(subject.target, options.rate, options.seconds)
  return { ...full, [P50.key]: timeAt(times, 0.5), [P99.key]: timeAt(times, 0.99) }
}
