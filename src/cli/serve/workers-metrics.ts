import { createMetricsSum, type MetricsSnapshot, type MetricsSum } from '../../metrics/metrics-sum.js'

export interface WorkersMetricsOptions {
  /** Asks every worker that can answer for its metrics; gives their numbers. */
  readonly ask: () => readonly number[]
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** The metrics of all workers together, for the listener of the supervisor. */
export interface WorkersMetrics extends Pick<MetricsSum, 'text' | 'contentType'> {
  /** Takes the answer of a worker. */
  take(worker: number, metrics: MetricsSnapshot): void
  /** A worker has ended. */
  end(worker: number): void
}

/** How long a worker is waited for, in milliseconds. Of one that hangs, what it told last is shown. */
const PATIENCE = 1_000

/** Makes the sum; workers are asked each time that somebody reads it. */
export function createWorkersMetrics({ ask, wait }: WorkersMetricsOptions): WorkersMetrics {
  const sum = createMetricsSum()
  const readers = new Set<(worker: number) => void>()
  const settle = (worker: number): void => {
    for (const reader of readers) reader(worker)
  }

  function answersOf(workers: readonly number[]): Promise<void> {
    const due = new Set(workers)
    return new Promise(resolve => {
      const reader = (worker: number): void => {
        due.delete(worker)
        if (due.size === 0) done()
      }
      const done = (): void => {
        readers.delete(reader)
        resolve()
      }
      readers.add(reader)
      if (due.size === 0) done()
      else void wait(PATIENCE).then(done)
    })
  }

  return {
    take: (worker, metrics) => {
      sum.replace(worker, metrics)
      settle(worker)
    },
    end: worker => {
      sum.end(worker)
      settle(worker)
    },
    text: async () => {
      await answersOf(ask())
      return sum.text()
    },
    contentType: sum.contentType,
  }
}
