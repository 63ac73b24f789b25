import { boundedName } from './counts.js'
import type { Sample } from './families.js'

/** Durations by name, sorted into buckets: the numbers behind a histogram. */
export interface Durations {
  /** Takes one duration in seconds. */
  add(name: string, seconds: number): void
  /** The buckets, sum and count of each name as Prometheus has them: each bucket holds those below it too. */
  samples(family: string, label: string): Sample[]
}

interface Sorted {
  /** One for each bucket, and a last one for what is longer than all of them. */
  readonly counts: number[]
  sum: number
}

/** How many names are told apart: each is as many series as there are buckets. */
const MOST_NAMES = 1_000

/**
 * Begins to sort durations.
 * @param buckets upper bounds in seconds, ascending
 */
export function createDurations(buckets: readonly number[]): Durations {
  const sorted = new Map<string, Sorted>()
  const bounds = buckets.map(String)
  return {
    add(name, seconds) {
      const known = boundedName(sorted, name, MOST_NAMES)
      let one = sorted.get(known)
      if (one === undefined) sorted.set(known, (one = { counts: [...buckets, 0].map(() => 0), sum: 0 }))
      let at = 0
      while (at < buckets.length && seconds > (buckets[at] ?? 0)) at += 1
      one.counts[at] = (one.counts[at] ?? 0) + 1
      one.sum += seconds
    },
    samples: (family, label) =>
      [...sorted].flatMap(([name, { counts, sum }]) => {
        let below = 0
        const of = (le: string): Sample => ({
          name: `${family}_bucket`,
          labels: { le, [label]: name },
          value: below,
        })
        const steps = counts.map((count, at) => {
          below += count
          return of(bounds[at] ?? '+Inf')
        })
        const labels = { [label]: name }
        return [
          ...steps,
          { name: `${family}_sum`, labels, value: sum },
          { name: `${family}_count`, labels, value: below },
        ]
      }),
  }
}
