import type { Column, Comparison, Reading } from './scenario.js'

/** A subject with what was measured of it, round by round. */
export interface Measured {
  readonly name: string
  readonly title: string
  readonly rounds: readonly Reading[]
}

/** What the rounds say together. */
export interface Middle {
  readonly median: number
  /** How wide the interval is in which the true median lies 19 times of 20, as a share of the median. */
  readonly spread: number
}

/** What two subjects side by side are worth. */
export type Verdict =
  /** `spread`: how wide the interval is in which the true value lies 19 times of 20, in its own unit. */
  | { readonly kind: 'value'; readonly value: number; readonly spread: number }
  /** That interval is so wide, as a share of the median: the machine had other work. */
  | { readonly kind: 'noisy'; readonly spread: number }
  | { readonly kind: 'too few rounds' }
  /** One of the two was not measured. */
  | { readonly kind: 'unknown' }

/** Rounds that leave more than this share of their median open make no ratio. */
export const MOST_SPREAD = 0.15
/** Two rounds agree by chance. */
const LEAST_ROUNDS = 3

/** Median and spread of one column of a subject; undefined where nothing was measured. */
export function middleOf({ rounds }: Measured, { key }: Column): Middle | undefined {
  const values = rounds.map(round => round[key]).filter(value => value !== undefined)
  if (values.length === 0) return undefined
  const median = quantile(values, 0.5)
  return { median, spread: spreadOf(values) / median }
}

/**
 * Compares two subjects round by round, each with the other's round beside it, so that what slows the whole machine
 * for a while is in both and drops out. Rounds that disagree give no number.
 */
export function compare(comparison: Comparison, all: readonly Measured[]): Verdict {
  const { as = 'ratio' } = comparison
  const pairs = pairsOf(comparison, all)
  if (pairs.length === 0) return { kind: 'unknown' }
  if (pairs.length < LEAST_ROUNDS) return { kind: 'too few rounds' }
  const values = pairs.map(([value, base]) => (as === 'ratio' ? value / base : value - base))
  const median = quantile(values, 0.5)
  const spread = spreadOf(values)
  // A difference may be nothing at all, so what it disagrees by is a share of what it is taken from.
  const scale =
    as === 'ratio'
      ? median
      : quantile(
          pairs.map(([, base]) => base),
          0.5,
        )
  const share = spread / scale
  return share > MOST_SPREAD ? { kind: 'noisy', spread: share } : { kind: 'value', value: median, spread }
}

/** The numbers of the two subjects of a comparison in each round in which both were measured. */
export function pairsOf(
  { of, against, column }: Comparison,
  all: readonly Measured[],
): readonly (readonly [number, number])[] {
  const [one, other] = [of, against].map(name => all.find(subject => subject.name === name))
  return (one?.rounds ?? []).flatMap((round, number): readonly (readonly [number, number])[] => {
    const [value, base] = [round[column.key], other?.rounds[number]?.[column.key]]
    return value === undefined || base === undefined ? [] : [[value, base]]
  })
}

/** The value below which such a share of the numbers lies, between two of them where it falls there. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/**
 * How wide the interval is in which the true median lies 19 times of 20, whatever the numbers are spread like: by the
 * sign test, between the numbers that stand 0.98 √n places from the middle. The whole range of seven and fewer; of many
 * short rounds on a machine that others disturb, far less.
 */
function spreadOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const cut = Math.max(0, Math.floor((sorted.length - 1.96 * Math.sqrt(sorted.length)) / 2))
  return (sorted.at(-1 - cut) ?? Number.NaN) - (sorted[cut] ?? Number.NaN)
}
