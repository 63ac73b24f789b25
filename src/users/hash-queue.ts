import { HASH_THREADS } from './hash-threads.js'

/** The queue is full: nothing was begun. `retryAfter` is in seconds. */
export interface QueueFull {
  readonly outcome: 'busy'
  readonly retryAfter: number
}

/** What became of a piece of work. `busy`: it was not begun. */
export type QueueOutcome<T> = { readonly outcome: 'done'; readonly value: T } | QueueFull

/** A place among those that are at work or wait. It ends with its work, or when it is left. */
export interface HashPlace {
  readonly outcome: 'entered'
  /** Runs the work when its turn comes, once. Rejects with what the work rejects with. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Gives the place up where there is no work after all. What was run has given it up already. */
  leave(): void
}

/** Runs costly work a few at a time. */
export interface HashQueue {
  /**
   * Takes a place, at once or not at all, so that whoever finds the queue full costs nobody anything: neither a look
   * into the store nor a write. It must be left or run.
   */
  enter(): HashPlace | QueueFull
  /** Enters and runs. Rejects with what the work rejects with. */
  run<T>(work: () => Promise<T>): Promise<QueueOutcome<T>>
}

/** How many hashes at once, and how many may wait. */
export interface HashQueueOptions {
  /** At most this many at once. Default: `HASH_THREADS`. */
  readonly concurrency?: number
  /** At most this many waiting besides. Default 64. */
  readonly capacity?: number
}

const FULL: QueueFull = { outcome: 'busy', retryAfter: 5 }
const DEFAULT_CAPACITY = 64

/** Makes the queue through which every password hash goes, so that logins never starve the proxy. */
export function createHashQueue({
  concurrency = HASH_THREADS,
  capacity = DEFAULT_CAPACITY,
}: HashQueueOptions = {}): HashQueue {
  const waiting: (() => void)[] = []
  let entered = 0
  let running = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < concurrency) running += 1
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The turn goes straight to the next in line, so nobody who comes later can take it.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  function enter(): HashPlace | QueueFull {
    if (entered >= concurrency + capacity) return FULL
    entered += 1
    let isHeld = true
    const leave = (): void => {
      if (isHeld) entered -= 1
      isHeld = false
    }
    return { outcome: 'entered', run: work => inTurn(work).finally(leave), leave }
  }

  return {
    enter,
    run: async work => {
      const place = enter()
      return place.outcome === 'busy' ? place : { outcome: 'done', value: await place.run(work) }
    },
  }
}
