import { availableParallelism } from 'node:os'

/** What became of a piece of work. `busy`: it was not begun; `retryAfter` is in seconds. */
export type QueueOutcome<T> =
  { readonly outcome: 'done'; readonly value: T } | { readonly outcome: 'busy'; readonly retryAfter: number }

/** Runs costly work a few at a time. */
export interface HashQueue {
  /** Rejects with what the work rejects with. */
  run<T>(work: () => Promise<T>): Promise<QueueOutcome<T>>
}

/** How many hashes at once, and how many may wait. */
export interface HashQueueOptions {
  /**
   * At most this many at once. Default: one less than there are processors and one less than libuv has threads (it
   * also reads files and resolves names), but one at least.
   */
  readonly concurrency?: number
  /** At most this many waiting besides. Default 64. */
  readonly capacity?: number
}

const RETRY_AFTER_SECONDS = 5
const DEFAULT_CAPACITY = 64
/** File reads and name look-ups need one of libuv's threads, too. */
const LIBUV_THREADS = 4

/** Makes the queue through which every password hash goes, so that logins never starve the proxy. */
export function createHashQueue({
  concurrency = defaultConcurrency(),
  capacity = DEFAULT_CAPACITY,
}: HashQueueOptions = {}): HashQueue {
  const waiting: (() => void)[] = []
  let running = 0

  return {
    run: async work => {
      if (running < concurrency) {
        running += 1
      } else {
        if (waiting.length >= capacity) return { outcome: 'busy', retryAfter: RETRY_AFTER_SECONDS }
        await new Promise<void>(resolve => waiting.push(resolve))
      }
      try {
        return { outcome: 'done', value: await work() }
      } finally {
        // The place goes straight to the next in line, so nobody who comes later can take it.
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}

function defaultConcurrency(): number {
  return Math.max(1, Math.min(availableParallelism(), LIBUV_THREADS) - 1)
}
