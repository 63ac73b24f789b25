import { assuranceOf, isMultiFactor, type Proof } from '../access/assurance.js'
import type { Person } from '../access/identity.js'

/** Who may enrol a first factor: everybody once, at the first login, or only who has a ticket of the operator. */
export type EnrolmentRule = 'first_login' | 'ticket'

/** What a login has to reach. */
export interface LoginSituation {
  readonly person: Person
  readonly proofs: readonly Proof[]
  readonly hasSecondFactor: boolean
  /** Whether the user ever had a second factor, also one that was removed since. */
  readonly everEnrolled: boolean
  readonly enrolment: EnrolmentRule
  /**
   * `route`: a certain page, which opens already. `account`: all proofs that the account can show.
   * `fresh_proof`: another second factor, whatever was shown before.
   */
  readonly goal: 'route' | 'account' | 'fresh_proof'
}

/** The next step by name. */
export type NextStep =
  | { readonly next: 'done' }
  | { readonly next: 'second_factor' }
  | { readonly next: 'enrol'; readonly needsTicket: boolean }
  | { readonly next: 'mfa_disabled' }

/**
 * The one place that says what comes next in a login. It decides nothing about routes: an allowed request is always
 * the doing of `decide()`.
 */
export function nextStep(situation: LoginSituation): NextStep {
  const { person, proofs, hasSecondFactor, everEnrolled, enrolment, goal } = situation
  if (goal === 'route') return { next: 'done' }
  if (person.mfa === 'disabled') return { next: goal === 'account' ? 'done' : 'mfa_disabled' }
  if (goal === 'account' && isMultiFactor(assuranceOf(proofs))) return { next: 'done' }
  if (hasSecondFactor) return { next: 'second_factor' }
  return { next: 'enrol', needsTicket: enrolment === 'ticket' || everEnrolled }
}
