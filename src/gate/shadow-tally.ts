import type { Method } from '../access/assurance.js'
import type { Outcome } from '../access/judge.js'
import { changeOfOpenness } from '../access/openness.js'
import type { Place } from '../access/route.js'

/** What one of the two policies made of a request. */
export interface Side {
  readonly outcome: Outcome
  /** Why: of an allowance, a denial or a refusal. */
  readonly reason?: string | undefined
  /** Undefined: no app has the host, or no route was asked. */
  readonly route?: string | undefined
  /** Undefined also for a route that nobody wrote. */
  readonly place?: Place | undefined
  /** Where the request goes. Set only where the two policies send it to different places. */
  readonly upstream?: string | undefined
}

/** A request that was decided in two ways. Nothing of its query, its header fields or its body. */
export interface Example {
  readonly method: string
  readonly host: string
  /** At most 500 characters; then it ends in `…`. API tokens of our own are masked. */
  readonly path: string
  /** Who asked; undefined: nobody. */
  readonly subject?: string | undefined
  /** Set: the credential was an API token. */
  readonly token?: { readonly scopes: readonly string[]; readonly owner: 'machine' | 'user' } | undefined
  /** What was shown besides the password; undefined: nothing. */
  readonly factors?: readonly Method[] | undefined
  /** How long ago the last of them was shown, in milliseconds. */
  readonly factorAge?: number | undefined
  /** The browser is a remembered one. */
  readonly remembered?: boolean | undefined
  readonly address: string
}

/** Requests that are decided differently in the same way. Times are milliseconds since the epoch. */
export interface DifferenceKind {
  readonly live: Side
  readonly shadow: Side
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  /** The last one that was logged. */
  readonly example: Example
}

/** What was counted for one pair of policies. Plain data: this is what the store keeps. */
export interface ShadowReport {
  /** The hashes of the two policies. */
  readonly live: string
  readonly shadow: string
  readonly since: number
  readonly until: number
  /** Requests that both policies decided, and how many of them differently. */
  readonly compared: number
  readonly different: number
  /** How many of those the shadow policy is more open to, or more closed. */
  readonly opened: number
  readonly closed: number
  /** Requests whose credential could not be looked up: they were compared as nobody's. */
  readonly unknown: number
  /** Requests that were not compared, because too many were waiting for a look-up. */
  readonly skipped: number
  /** Differences of further kinds than those listed. */
  readonly further: number
  readonly kinds: readonly DifferenceKind[]
}

/** Counts for one pair of policies. */
export interface ShadowTally {
  alike(): void
  /**
   * Counts a difference.
   * @returns its kind, when it is to be told: the first of a kind, and then one a minute
   */
  different(live: Side, shadow: Side, example: () => Example): DifferenceKind | undefined
  unknown(): void
  skipped(): void
  /** Changes with every request that was compared. */
  readonly compared: number
  report(): ShadowReport
}

/** Kinds that are told apart; further ones are counted together. */
export const MOST_KINDS = 1_000
/** How often one kind is told, in milliseconds. */
const TELL_EVERY = 60_000

interface CountedKind extends Pick<DifferenceKind, 'live' | 'shadow' | 'firstAt'> {
  count: number
  lastAt: number
  example: Example
  toldAt: number
}

/**
 * Begins to count.
 * @param pair the hashes of the two policies
 */
export function createShadowTally(
  pair: Pick<ShadowReport, 'live' | 'shadow'>,
  now: () => number,
): ShadowTally {
  const since = now()
  const kinds = new Map<string, CountedKind>()
  const counts = { compared: 0, different: 0, opened: 0, closed: 0, unknown: 0, skipped: 0, further: 0 }

  return {
    alike: () => {
      counts.compared += 1
    },
    different: (live, shadow, example) => {
      const at = now()
      const change = changeOfOpenness(live.outcome, shadow.outcome)
      counts.compared += 1
      counts.different += 1
      if (change !== 'same') counts[change] += 1
      const key = kindKey(live, shadow)
      const known = kinds.get(key)
      if (known === undefined) {
        if (kinds.size >= MOST_KINDS) {
          counts.further += 1
          return undefined
        }
        const begun = { live, shadow, count: 1, firstAt: at, lastAt: at, example: example(), toldAt: at }
        kinds.set(key, begun)
        return kindOf(begun)
      }
      known.count += 1
      known.lastAt = at
      if (Math.abs(at - known.toldAt) < TELL_EVERY) return undefined
      known.example = example()
      known.toldAt = at
      return kindOf(known)
    },
    unknown: () => {
      counts.unknown += 1
    },
    skipped: () => {
      counts.skipped += 1
    },
    get compared() {
      return counts.compared
    },
    report: () => ({
      ...pair,
      since,
      until: now(),
      ...counts,
      kinds: [...kinds.values()].map(kindOf),
    }),
  }
}

function kindOf({ live, shadow, count, firstAt, lastAt, example }: CountedKind): DifferenceKind {
  return { live, shadow, count, firstAt, lastAt, example }
}

/**
 * Adds up what several processes, or one process several times, counted for the same pair of policies.
 * @returns the kinds with the most frequent first; undefined when there is nothing to add up
 */
export function addUpReports(reports: readonly ShadowReport[]): ShadowReport | undefined {
  const [first] = reports
  if (first === undefined) return undefined
  const kinds = new Map<string, DifferenceKind>()
  for (const kind of reports.flatMap(report => report.kinds)) {
    const key = kindKey(kind.live, kind.shadow)
    const known = kinds.get(key)
    kinds.set(key, known === undefined ? kind : joined(known, kind))
  }
  const sum = (count: (report: ShadowReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  return {
    live: first.live,
    shadow: first.shadow,
    since: Math.min(...reports.map(({ since }) => since)),
    until: Math.max(...reports.map(({ until }) => until)),
    compared: sum(({ compared }) => compared),
    different: sum(({ different }) => different),
    opened: sum(({ opened }) => opened),
    closed: sum(({ closed }) => closed),
    unknown: sum(({ unknown }) => unknown),
    skipped: sum(({ skipped }) => skipped),
    further: sum(({ further }) => further),
    kinds: [...kinds.values()].sort((one, other) => other.count - one.count),
  }
}

function joined(one: DifferenceKind, other: DifferenceKind): DifferenceKind {
  return {
    ...(one.lastAt >= other.lastAt ? one : other),
    count: one.count + other.count,
    firstAt: Math.min(one.firstAt, other.firstAt),
  }
}

function kindKey(live: Side, shadow: Side): string {
  return `${sideKey(live)}\n${sideKey(shadow)}`
}

function sideKey({ outcome, reason, route, place, upstream }: Side): string {
  return `${outcome} ${reason ?? ''} ${place?.line ?? ''} ${upstream ?? ''} ${route ?? ''}`
}
