import type { Method } from '../access/assurance.js'

/**
 * What came of a code. `used`: it was right once, and its only use is over; whoever asks is told the same as for
 * `wrong`.
 */
export type FactorOutcome = 'right' | 'wrong' | 'used'

/**
 * One way to prove that it is you. A factor checks and consumes; who may try, and how often, is decided before it
 * is asked.
 */
export interface Factor {
  readonly method: Method
  /**
   * Brings what was typed into the one form that is both checked and consumed.
   * @returns undefined when it cannot be a code of this factor, whoever it is about
   */
  normalise(typed: string): string | undefined
  /** Checks a normalised code and consumes it in the same step: of many callers at once one gets `right`. */
  verify(subject: string, code: string): Promise<FactorOutcome>
  /** Removes all of it, for an operator's reset. True when there was something. */
  remove(subject: string): Promise<boolean>
}
