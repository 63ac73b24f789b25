/** How many different names were seen lately. */
export interface RecentNames {
  see(name: string): void
  /** Those of the last one to two periods; at most twice as many as are remembered of one. */
  count(): number
}

/** In milliseconds. */
const PERIOD = 300_000
/** How many names of one period are remembered; more are not counted. */
const MOST = 100_000

/**
 * Remembers names for one period and the one before, so that seeing one costs a look into a set.
 * @param elapsed milliseconds since any fixed moment, never going back
 */
export function createRecentNames(elapsed: () => number): RecentNames {
  let begun = elapsed()
  let current = new Set<string>()
  let before = new Set<string>()
  const turn = (): void => {
    const age = elapsed() - begun
    if (age < PERIOD) return
    before = age < 2 * PERIOD ? current : new Set()
    current = new Set()
    begun = elapsed()
  }
  return {
    see(name) {
      turn()
      if (current.size < MOST) current.add(name)
    },
    count() {
      turn()
      let only = 0
      for (const name of before) if (!current.has(name)) only += 1
      return current.size + only
    },
  }
}
