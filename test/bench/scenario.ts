import type { BenchOptions } from './options.js'

/** One number that is measured: a column of the table of its scenario. */
export interface Column {
  readonly key: string
  /** With its unit. */
  readonly title: string
  /** Digits after the point. */
  readonly digits: number
  /** What other work on the machine does to it. */
  readonly noise: 'adds' | 'takes' | 'none'
}

/** What was measured of one subject in one round, by the keys of columns. What could not be measured is not there. */
export type Reading = Readonly<Record<string, number>>

/** Where the subjects of a scenario live while it runs. */
export interface House {
  /** A folder for their files. */
  readonly folder: string
  /** The app behind all of them: see `upstream-process.ts`. */
  readonly upstreamPort: number
  readonly options: BenchOptions
}

/** Something that can be started and then measured. */
export interface SubjectKind<Started> {
  readonly name: string
  /** How the table calls it. */
  readonly title: string
  /** Whether this machine has what it needs. Default: it has. */
  readonly isHere?: () => boolean
  readonly start: (house: House) => Promise<Started>
}

/** Two subjects side by side, in one column. */
export interface Comparison {
  readonly of: string
  readonly against: string
  readonly column: Column
  /** Default: ratio. */
  readonly as?: 'ratio' | 'difference'
  /** The goal; no assertion. Undefined: there is none. */
  readonly target?: { readonly most: number } | { readonly least: number }
}

/** One round of a subject that is running. */
export type Measure = (options: RoundOptions) => Promise<Reading>

/** What a round must know. */
export type RoundOptions = BenchOptions & Rounds

/** One question, and who answers it: its subjects are measured in turn, all in the same way. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** The chart shows the first. */
  readonly columns: readonly [Column, ...Column[]]
  readonly subjects: readonly SubjectKind<Measure>[]
  readonly comparisons: readonly Comparison[]
  /** Instead of `USUAL_ROUNDS`, where more or less time is needed for a number. */
  readonly usual?: Rounds
}

/** How often and how long a subject is measured after each start. */
export interface Rounds {
  readonly rounds: number
  /** Of one round. */
  readonly seconds: number
}

/** Many short rounds: what disturbs two that follow each other is the same. */
export const USUAL_ROUNDS: Rounds = { rounds: 40, seconds: 0.1 }

/** A scenario as it is written down: what its subjects are, and how each of them is measured. */
export interface ScenarioPlan<Started> extends Omit<Scenario, 'subjects'> {
  readonly subjects: readonly SubjectKind<Started>[]
  /** Prepares the rounds of a subject that is running. */
  readonly measure: (subject: Started) => Measure
  /** Makes a subject warm whose rounds are too calm to do that. */
  readonly warm?: (subject: Started, options: BenchOptions) => Promise<unknown>
}

/** Ties the subjects of a scenario to its one way of measuring. */
export function scenario<Started>({ subjects, measure, warm, ...rest }: ScenarioPlan<Started>): Scenario {
  return {
    ...rest,
    subjects: subjects.map(({ start, ...kind }) => ({
      ...kind,
      start: async house => {
        const subject = await start(house)
        await warm?.(subject, house.options)
        return measure(subject)
      },
    })),
  }
}
