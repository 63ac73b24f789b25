import type { Caller } from '../../access/identity.js'
import type { AskedRequest, Outcome } from '../../access/judge.js'
import type { Place } from '../../access/route.js'
import type { Direction } from './compare-cell.js'

/** How one policy differs from another. */
export interface PolicyDiff {
  readonly differences: readonly Difference[]
  readonly upstreams: readonly UpstreamChange[]
  /** Names of apps that only the new policy has. */
  readonly addedApps: readonly string[]
  /** Names of apps that only the old policy has. */
  readonly removedApps: readonly string[]
  /** What could not be compared exactly, a sentence each. None: no difference is missed. */
  readonly doubts: readonly string[]
}

/** Requests that one pair of routes decides, and for whom that makes a difference. */
export interface Difference {
  readonly direction: Direction
  readonly before: DecidingRoute
  readonly after: DecidingRoute
  /** In words, such as `GET, HEAD`. */
  readonly methods: string
  /** What is special about these requests, in words; empty: nothing. */
  readonly conditions: readonly string[]
  /** How many further pairs of routes make the same difference. */
  readonly alike: number
  readonly changes: readonly Change[]
}

/** What decides on one side. */
export interface DecidingRoute {
  /** The app's name; undefined: it is not for an app. */
  readonly app: string | undefined
  /** The pattern as it is written, or what stands in its place. */
  readonly pattern: string
  /** What it asks of people, in words. */
  readonly demands: string
  /** Undefined: nobody wrote it. */
  readonly place: Place | undefined
}

/** Callers who are decided otherwise, and one of them. */
export interface Change {
  /** In words, one phrase for each kind. */
  readonly who: readonly string[]
  readonly from: Outcome
  readonly to: Outcome
  /** Set where both let the request through, and only one tells the app who asks. */
  readonly identity: 'gained' | 'lost' | undefined
  readonly witness: Witness
}

/** A request that shows a difference, verified by `judge()` under both policies. */
export interface Witness {
  readonly asked: AskedRequest
  readonly caller: Caller
  /** The caller in words. */
  readonly as: string
  /** When it comes, in milliseconds since the epoch. */
  readonly at: number
  readonly from: Outcome
  readonly to: Outcome
}

/** Requests that both let through, to different upstreams. */
export interface UpstreamChange {
  readonly app: string
  readonly from: string
  readonly to: string
  readonly witness: Witness
}
