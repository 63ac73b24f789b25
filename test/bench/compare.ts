import type { Column, Comparison, Reading } from './scenario.js'

/** A subject with what was measured of it, round by round. */
export interface Measured {
  readonly name: string
  readonly title: string
  readonly rounds: readonly Reading[]
}

/** What the rounds say together. */
export interface Settled {
  readonly value: number
  /** How far the two halves of the rounds are apart, as a share of the value. */
  readonly spread: number
}

/** What two subjects side by side are worth. */
export type Verdict =
  /** `spread`: how far the two halves of the rounds are apart, in the unit of the value. */
  | { readonly kind: 'value'; readonly value: number; readonly spread: number }
  /** They are so far apart, as a share of the value: the machine had other work. */
  | { readonly kind: 'noisy'; readonly spread: number }
  | { readonly kind: 'too few rounds' }
  /** One of the two was not measured. */
  | { readonly kind: 'unknown' }

/** Halves that differ by more than this share make no ratio. */
export const MOST_SPREAD = 0.15
/** Two in each half. */
const LEAST_ROUNDS = 4

/** Where the undisturbed rounds stand among all of them, by size. */
const PLACE: Readonly<Record<Column['noise'], number>> = { adds: 0.1, takes: 0.9, none: 0.5 }

/** One column of a subject, of the rounds that were disturbed least; undefined where nothing was measured. */
export function settled({ rounds }: Measured, column: Column): Settled | undefined {
  const values = rounds.map(round => round[column.key]).filter(value => value !== undefined)
  if (values.length === 0) return undefined
  const value = undisturbed(values, column)
  return { value, spread: apart(values, half => undisturbed(half, column)) / value }
}

/**
 * Compares two subjects by the rounds in which each was disturbed least: other work on the machine only ever adds to
 * what something costs, so the cheapest tenth says most (J. Chen, J. Revels: Robust benchmarking in noisy environments,
 * 2016). The rounds with odd and those with even numbers must say the same by themselves; otherwise there is no number.
 */
export function compare(comparison: Comparison, all: readonly Measured[]): Verdict {
  const { as = 'ratio', column } = comparison
  const pairs = pairsOf(comparison, all)
  if (pairs.length === 0) return { kind: 'unknown' }
  if (pairs.length < LEAST_ROUNDS) return { kind: 'too few rounds' }
  const valueOf = (some: typeof pairs): number => {
    const [value, base] = [0, 1].map(at =>
      undisturbed(
        some.map(pair => pair[at] ?? Number.NaN),
        column,
      ),
    ) as [number, number]
    return as === 'ratio' ? value / base : value - base
  }
  const value = valueOf(pairs)
  const spread = apart(pairs, valueOf)
  // A difference may be nothing at all, so what it disagrees by is a share of what it is taken from.
  const scale =
    as === 'ratio'
      ? value
      : undisturbed(
          pairs.map(([, base]) => base),
          column,
        )
  const share = spread / scale
  return share > MOST_SPREAD ? { kind: 'noisy', spread: share } : { kind: 'value', value, spread }
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

function undisturbed(numbers: readonly number[], { noise }: Column): number {
  return quantile(numbers, PLACE[noise])
}

/** How far what is made of the one half is from what is made of the other: each second one belongs to each. */
function apart<Item>(all: readonly Item[], make: (half: readonly Item[]) => number): number {
  const [odd, even] = [0, 1].map(rest => make(all.filter((_, at) => at % 2 === rest))) as [number, number]
  return all.length < 2 ? 0 : Math.abs(odd - even)
}
