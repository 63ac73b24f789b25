import type { Column, Comparison, Reading } from './scenario.js'

/** A subject with what was measured of it. */
export interface Measured {
  readonly name: string
  readonly title: string
  /** Round by round, for each time it was started. */
  readonly starts: readonly (readonly Reading[])[]
}

/** What several starts say together. */
export interface Summary {
  /** Their middle. */
  readonly value: number
  readonly least: number
  readonly most: number
  /** Between their quarter points, as a share of the middle. */
  readonly spread: number
}

/** What two subjects side by side are worth. */
export type Verdict =
  | ({ readonly kind: 'value' } & Summary)
  /** The starts are so far apart, as a share of the value: the machine had other work. */
  | { readonly kind: 'noisy'; readonly spread: number }
  | { readonly kind: 'too few starts' }
  /** One of the two was not measured. */
  | { readonly kind: 'unknown' }

/** Starts that disagree by more than this share make no number. */
export const MOST_SPREAD = 0.15
const LEAST_STARTS = 3

/** Where the rounds that were disturbed least stand among all of them, by size. */
const PLACE: Readonly<Record<Column['noise'], number>> = { adds: 0.1, takes: 0.9, none: 0.5 }

/**
 * One column of a subject, of the tenth of each start's rounds that was disturbed least: other work on the machine only
 * ever adds to what something costs (J. Chen, J. Revels: Robust benchmarking in noisy environments, 2016). Undefined
 * where nothing was measured.
 */
export function settled({ starts }: Measured, { key, noise }: Column): Summary | undefined {
  const values = starts.flatMap(rounds => {
    const own = rounds.map(round => round[key]).filter(value => value !== undefined)
    return own.length === 0 ? [] : [quantile(own, PLACE[noise])]
  })
  return values.length === 0 ? undefined : summarise(values)
}

/**
 * Compares two subjects. What disturbs the machine lasts longer than a round, so two rounds that follow each other are
 * disturbed alike, and the middle of their ratios says what one start of both is worth. Two starts of the same program
 * differ by some per cent, however often they are measured, so it takes several.
 */
export function compare(comparison: Comparison, all: readonly Measured[]): Verdict {
  const ratios = ratiosOf(comparison, all)
  if (ratios.length === 0) return { kind: 'unknown' }
  if (ratios.length < LEAST_STARTS) return { kind: 'too few starts' }
  const { spread } = summarise(ratios)
  if (spread > MOST_SPREAD) return { kind: 'noisy', spread }
  const { as = 'ratio', against, column } = comparison
  const other = all.find(({ name }) => name === against)
  const base = other && settled(other, column)?.value
  if (base === undefined) return { kind: 'unknown' }
  return { kind: 'value', ...summarise(as === 'ratio' ? ratios : ratios.map(ratio => (ratio - 1) * base)) }
}

/** For each start the middle of the ratios of its rounds. Empty where one of the two was not measured. */
export function ratiosOf(
  { of, against, column: { key } }: Comparison,
  all: readonly Measured[],
): readonly number[] {
  const [one, other] = [of, against].map(name => all.find(subject => subject.name === name))
  return (one?.starts ?? []).flatMap((rounds, start) => {
    const ratios = rounds.flatMap((round, number) => {
      const [value, base] = [round[key], other?.starts[start]?.[number]?.[key]]
      return value === undefined || base === undefined ? [] : [value / base]
    })
    return ratios.length === 0 ? [] : [quantile(ratios, 0.5)]
  })
}

/** @param values one for each start; at least one */
export function summarise(values: readonly number[]): Summary {
  const value = quantile(values, 0.5)
  const spread = (quantile(values, 0.75) - quantile(values, 0.25)) / Math.abs(value)
  return { value, least: Math.min(...values), most: Math.max(...values), spread }
}

/** The value below which such a share of the numbers lies, between two of them where it falls there. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
