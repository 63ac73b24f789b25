import type { Clock } from '../clock.js'

/** What was asked for lately, by its key. */
export interface RecentMap<Value extends object> {
  /** Undefined: it is not remembered. What is found counts as asked for now. */
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  clear(): void
  /** All that is remembered, in no order. It does not count as asked for. */
  entries(): Iterable<readonly [key: string, value: Value]>
}

export interface RecentMapOptions {
  /** So many of those that were asked for last are remembered; never more than twice as many. */
  readonly least: number
  /** For so long a value is remembered after it was asked for, in milliseconds; while others are, at most twice as long. */
  readonly life: number
  readonly now: Clock
}

/**
 * Makes an empty one. It has two generations: what is asked for moves to the younger one, and the older one is dropped
 * as a whole. One map in the order of use would look for its oldest key among all places that it has deleted, which
 * among 10,000 costs more than a read of the store (5 µs, measured).
 */
export function createRecentMap<Value extends object>(options: RecentMapOptions): RecentMap<Value> {
  const { least, life, now } = options
  let younger = new Map<string, Value>()
  let older = new Map<string, Value>()
  let begun = now()

  function turn(): void {
    older = younger
    younger = new Map()
    begun = now()
  }

  function turnInTime(): void {
    // A clock that is set back ends a generation too: nothing stays for as long as it was wrong.
    const age = Math.abs(now() - begun)
    if (age < life) return
    turn()
    if (age >= 2 * life) older = new Map()
  }

  function keep(key: string, value: Value): void {
    if (younger.size >= least && !younger.has(key)) turn()
    younger.set(key, value)
  }

  return {
    get: key => {
      turnInTime()
      const found = younger.get(key)
      if (found !== undefined) return found
      const left = older.get(key)
      if (left !== undefined) keep(key, left)
      return left
    },
    set: (key, value) => {
      turnInTime()
      keep(key, value)
    },
    delete: key => {
      younger.delete(key)
      older.delete(key)
    },
    clear: () => {
      younger.clear()
      older.clear()
    },
    *entries() {
      yield* younger
      for (const entry of older) if (!younger.has(entry[0])) yield entry
    },
  }
}
