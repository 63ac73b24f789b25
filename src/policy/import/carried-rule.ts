import type { LineColumn } from '../../documents/source-text.js'
import type { AddressRange } from './address-range.js'
import type { PathSet } from './path-set.js'

/** What a rule asks for, from the most open to the strictest. */
export type Level = 'open' | 'login' | 'two_factors' | 'closed'

/** Orders levels: a greater number is stricter. */
export const STRICTNESS: Readonly<Record<Level, number>> = { open: 0, login: 1, two_factors: 2, closed: 3 }

/** People who have every one of these names and groups. */
export interface Conjunction {
  readonly users: readonly string[]
  readonly groups: readonly string[]
}

/** One rule of a first-match list, as far as it is known which requests it was for. */
export interface CarriedRule {
  readonly place: LineColumn
  /** How messages call it, such as `rule 3 (bypass)`. */
  readonly name: string
  readonly level: Level
  /** Paths that it surely was for. Each is without a trailing slash, and stands for that with one too. */
  readonly sure: readonly PathSet[]
  /** Paths that it may have been for: all of `sure`, and those where it depended on what no route can ask. */
  readonly may: readonly PathSet[]
  /** Whether host, path, method and network were all that it asked of a request. */
  readonly certain: boolean
  /** What it depended on besides; for messages. Undefined where that is only the trailing slash. */
  readonly doubt?: string | undefined
  /** GET stands for HEAD too. Undefined: every method. */
  readonly methods: readonly string[] | undefined
  readonly networks: readonly AddressRange[] | undefined
  /** Paths that it was for, for trying. */
  readonly samples: readonly string[]
  /** Whom it was for: anybody whom one of these fits. Others went on to the next rule. Undefined: everybody. */
  readonly subjects: readonly Conjunction[] | undefined
}

/** A rule that could be carried over only in part. */
export interface Loss {
  readonly rule: CarriedRule
  /** What became of it, as a sentence. */
  readonly says: string
  /** What the operator can do. */
  readonly cure: string
}
