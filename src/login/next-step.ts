import { addsFactor, assuranceOf, isMultiFactor, type Proof } from '../access/assurance.js'
import type { Person } from '../access/identity.js'
import type { StepUp } from '../access/route.js'
import type { SecondFactor } from '../factors/factor.js'
import type { ReadyFactors } from './ready-factors.js'

/** Who may enrol a first factor: everybody once, at the first login, or only who has a ticket of the operator. */
export type EnrolmentRule = 'first_login' | 'ticket'

/**
 * What a login is to reach. `route`: a certain page, which opens already. `login`: all that the account shows at a
 * login. `fresh_proof`: another second factor, whatever was shown before.
 */
export type Goal = 'route' | 'login' | 'fresh_proof'

/** What a login has reached so far, and what it has to reach. */
export interface LoginSituation {
  readonly person: Person
  readonly proofs: readonly Proof[]
  readonly factors: ReadyFactors
  /** Whether the user ever had a second factor, also one that was removed since. */
  readonly everEnrolled: boolean
  readonly enrolment: EnrolmentRule
  /** Whether an answered question counts as a second factor. Otherwise it is asked only where a page names it. */
  readonly questionsCount: boolean
  readonly goal: Goal
  /** What the page that somebody is going to asks for in particular. */
  readonly stepUp: StepUp | undefined
}

/** The next step by name. */
export type NextStep =
  | { readonly next: 'done' }
  | { readonly next: 'second_factor'; readonly factors: readonly SecondFactor[] }
  | { readonly next: 'enrol'; readonly needsTicket: boolean }
  | { readonly next: 'mfa_disabled' }
  | { readonly next: 'no_suitable_factor' }

/**
 * The one place that says what comes next in a login. It decides nothing about routes: an allowed request is always
 * the doing of `decide()`.
 */
export function nextStep(situation: LoginSituation): NextStep {
  const { person, proofs, factors, everEnrolled, enrolment, goal } = situation
  if (goal === 'route') return { next: 'done' }
  if (person.mfa === 'disabled') return { next: goal === 'login' ? 'done' : 'mfa_disabled' }
  if (goal === 'login' && (isMultiFactor(assuranceOf(proofs)) || factors.switchedOff)) return { next: 'done' }
  const offered = suitable(situation)
  if (offered.length > 0) return { next: 'second_factor', factors: offered }
  if (factors.enrolled) return { next: 'no_suitable_factor' }
  // Whoever has a second factor that does not do here, such as codes to the mailbox with which the login began, must
  // not come by another one with the first proof alone.
  return { next: 'enrol', needsTicket: enrolment === 'ticket' || everEnrolled || factors.hasOne }
}

/**
 * What somebody can show here: never what came over the channel of the first proof, because whoever holds that
 * channel has both then; and only what the page names, where it names something.
 */
function suitable({ proofs, factors, questionsCount, stepUp }: LoginSituation): readonly SecondFactor[] {
  const [first] = proofs
  const isSecond = (method: SecondFactor): boolean => {
    const isQuestion = method === 'knowledge_question'
    if (first === undefined || (isQuestion && !questionsCount)) return false
    return addsFactor([first], { method, at: first.at, countsAsSecondFactor: isQuestion })
  }
  const named = stepUp?.methods
  if (named === undefined || !isMultiFactor(assuranceOf(proofs))) {
    const second = factors.ready.filter(isSecond)
    const both = second.filter(method => named?.includes(method) === true)
    return both.length > 0 ? both : second
  }
  return factors.ready.filter(method => named.includes(method))
}
