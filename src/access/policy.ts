import type { PathLeniency } from './canonicalise.js'
import type { OwnPaths } from './own-paths.js'
import type { RouteTable } from './route-table.js'

/**
 * Everything that says what becomes of a request. Immutable: a reload replaces the whole, and a request is read and
 * judged by one policy from start to end.
 */
export interface Policy {
  readonly routes: RouteTable
  /** What the app of a canonical host accepts in paths. */
  readonly leniencies: (host: string) => readonly PathLeniency[]
  /** What is for the gateway itself, and decided by no route. */
  readonly isOwn: OwnPaths
  /** Whether people reach the gateway by https: then a credential that came over plain http is not looked at. */
  readonly secure: boolean
  /** Names the text that it was read from: the first 16 hexadecimal digits of its SHA-256. */
  readonly hash: string
}
