import type { Sample } from './families.js'

/** What stands in the place of every name beyond the most that are told apart. */
export const OTHER = '(other)'

/** Names may come for ever, and each costs memory and a series: files are replaced, and with them their names. */
const MOST_NAMES = 20_000

/** Counts by two names, such as a route and its decision. */
export interface PairCounts {
  /** Counts one more. `second` must be of a closed list; `first` is `(other)` beyond the most that are told apart. */
  add(first: string, second: string): void
  /** Every count, under these label names. */
  samples(firstLabel: string, secondLabel: string): Sample[]
}

/**
 * Begins to count by pairs.
 * @param most how many first names are told apart; default 20,000
 */
export function createPairCounts(most = MOST_NAMES): PairCounts {
  const counts = new Map<string, Map<string, number>>()
  return {
    add(first, second) {
      const known = boundedName(counts, first, most)
      let inner = counts.get(known)
      if (inner === undefined) counts.set(known, (inner = new Map<string, number>()))
      inner.set(second, (inner.get(second) ?? 0) + 1)
    },
    samples: (firstLabel, secondLabel) =>
      [...counts].flatMap(([first, inner]) =>
        [...inner].map(([second, value]) => ({
          labels: { [firstLabel]: first, [secondLabel]: second },
          value,
        })),
      ),
  }
}

/** Counts by one name. */
export interface Counts {
  /** Counts one more. */
  add(name: string): void
  /** Every count, under this label name. */
  samples(label: string): Sample[]
}

/**
 * Begins to count by names.
 * @param most how many are told apart; default 20,000
 */
export function createCounts(most = MOST_NAMES): Counts {
  const counts = new Map<string, number>()
  return {
    add(name) {
      const known = boundedName(counts, name, most)
      counts.set(known, (counts.get(known) ?? 0) + 1)
    },
    samples: label => [...counts].map(([name, value]) => ({ labels: { [label]: name }, value })),
  }
}

/** The name itself while there is room for it. */
export function boundedName(known: ReadonlyMap<string, unknown>, name: string, most: number): string {
  return known.has(name) || known.size < most ? name : OTHER
}
