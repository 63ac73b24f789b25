import { changeOfOpenness } from '../../access/openness.js'
import type { Outcome } from '../../access/judge.js'
import type { JudgedAs, NamedUser } from './judge-twice.js'
import type { ExampleLine, Ruling, Tally } from './tally-book.js'

/** How many lines there were of each kind. */
export interface Counts {
  /** All lines that are not empty. */
  lines: number
  judged: number
  notUnderstood: number
  /** Connections on which nothing was asked, and requests that were refused before they were read. */
  noRequest: number
  /** Log lines about something else than a request. */
  other: number
  /** Of the judged lines: those that do not name the host. */
  withoutHost: number
  /** Of the judged lines: those whose time could not be read, where it would have mattered. */
  withoutTime: number
  /** Of the judged lines: those with OPTIONS, judged as CORS preflights. */
  preflights: number
  /** The judged lines by whom they name: a user of the files, no one, somebody whom the files do not know. */
  users: Record<NamedUser, number>
}

/** Whether the new policy lets more through than the old one. `changed`: as much, but answers otherwise. */
export type Direction = 'opened' | 'closed' | 'changed'

/** Requests of which the two policies make something different. */
export interface ReplayDifference {
  readonly direction: Direction
  readonly as: JudgedAs
  readonly old: Ruling
  readonly next: Ruling
  readonly count: number
  readonly example: ExampleLine
}

/** How often a route came to a decision. */
export interface RulingCount extends Ruling {
  readonly as: JudgedAs
  readonly count: number
}

/** What came out of a replay. */
export interface ReplayReport {
  readonly counts: Readonly<Counts>
  /** The first lines that were not understood. */
  readonly notUnderstood: readonly ExampleLine[]
  /** What the old policy decided, by route and decision, the most frequent first. */
  readonly old: readonly RulingCount[]
  readonly next: readonly RulingCount[]
  /** What was opened first, then what was closed, then the rest; the most frequent first. */
  readonly differences: readonly ReplayDifference[]
}

const DIRECTIONS: readonly Direction[] = ['opened', 'closed', 'changed']

/** Puts together what was counted. */
export function reportOf(
  counts: Counts,
  tallies: Iterable<Tally>,
  notUnderstood: readonly ExampleLine[],
): ReplayReport {
  const all = [...tallies]
  const differences = all
    .filter(({ old, next }) => old.outcome !== next.outcome)
    .map(tally => ({ direction: directionOf(tally.old.outcome, tally.next.outcome), ...tally }))
    .sort((a, b) => DIRECTIONS.indexOf(a.direction) - DIRECTIONS.indexOf(b.direction) || b.count - a.count)
  return {
    counts: { ...counts, users: { ...counts.users } },
    notUnderstood: [...notUnderstood],
    old: countRulings(all, 'old'),
    next: countRulings(all, 'next'),
    differences,
  }
}

function directionOf(old: Outcome, next: Outcome): Direction {
  const openness = changeOfOpenness(old, next)
  return openness === 'same' ? 'changed' : openness
}

function countRulings(tallies: readonly Tally[], side: 'old' | 'next'): readonly RulingCount[] {
  const sums = new Map<string, RulingCount>()
  for (const tally of tallies) {
    const { as, count } = tally
    const ruling = tally[side]
    const { route, place, outcome } = ruling
    const key = JSON.stringify([as, ruling.app, route, place, outcome])
    sums.set(key, { as, ...ruling, count: count + (sums.get(key)?.count ?? 0) })
  }
  return [...sums.values()].sort((a, b) => b.count - a.count)
}
