import { SECOND_FACTORS } from '../factors/factor.js'
import type { Clock } from '../clock.js'
import { accountKey, type Counted, FIRST_CODES, FIRST_FACTORS, GUESSES } from './attempt.js'
import type { FailureCounts } from './failure-counts.js'
import type { GuessBudget } from './guess-budget.js'
import {
  FIRST_CODE_LIMITS,
  FIRST_LIMITS,
  GUESSES_A_YEAR,
  type Limits,
  SECOND_FACTOR_LIMITS,
} from './lockout-limits.js'

/** One count of an account. */
export interface CountState {
  /**
   * What is counted: a method; `first_` and a method: codes that begin a login, by the name that was typed; `locks_`
   * and a method: the same by account; `guesses` and `first_guesses`: millionths of a chance within a year.
   */
  readonly counted: string
  readonly failures: number
  /** Milliseconds since the epoch. Undefined: the next try may be made now, or none may. */
  readonly blockedUntil: number | undefined
  /** No try is looked at until it is unlocked. */
  readonly locked: boolean
}

/** Makes what tells the counts of an account that are not 0, for an operator to look at. */
export function createCountStates({
  counts,
  budget,
  now,
}: {
  readonly counts: Pick<FailureCounts, 'read'>
  readonly budget: Pick<GuessBudget, 'spent'>
  readonly now: Clock
}): (account: string, passwordVersion: string) => Promise<readonly CountState[]> {
  return async (account, passwordVersion) => {
    const states: CountState[] = []
    const counters: readonly (readonly [readonly Counted[], Limits])[] = [
      [FIRST_FACTORS, FIRST_LIMITS],
      [FIRST_CODES, FIRST_CODE_LIMITS],
      [SECOND_FACTORS, SECOND_FACTOR_LIMITS],
    ]
    for (const [all, { locksAt }] of counters)
      for (const counted of all) {
        const counter = await counts.read(accountKey(counted, account))
        if (counter === undefined || counter.failures === 0) continue
        const { failures, blockedUntil } = counter
        const locked = failures >= locksAt
        const waits = !locked && blockedUntil > now()
        states.push({ counted, failures, blockedUntil: waits ? blockedUntil : undefined, locked })
      }
    for (const counted of GUESSES) {
      const failures = await budget.spent(accountKey(counted, account), passwordVersion)
      const locked = failures >= GUESSES_A_YEAR
      if (failures > 0) states.push({ counted, failures, blockedUntil: undefined, locked })
    }
    return states
  }
}
