import { addsFactor, assuranceOf, isMultiFactor, type Proof, provesPossession } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import type { CurrentSession, FindCurrentSession } from './current-session.js'
import type { Client, Expired, Refused, StepUpDue } from './login-step.js'
import type { FindReadyFactors } from './ready-factors.js'

export interface FreshProofOptions {
  readonly now: Clock
  readonly findCurrentSession: FindCurrentSession
  readonly readyFactors: FindReadyFactors
}

/** Who changes something of their own, and in which session. */
export interface Changer {
  readonly sessionId: string
  readonly client: Client
}

/** The change was made. */
export interface Changed {
  readonly step: 'changed'
}

/** What every change can come to besides its success. */
export type NotChanged = StepUpDue | Expired | Refused

/** What is done for somebody: with the session, the subject, and the public name of the session. */
type Work<T> = (current: CurrentSession, subject: string, reference: string) => Promise<T>

/** The door before everything that people change of their own account. */
export interface FreshProof {
  /**
   * Does the work for whoever has shown a second factor within the last 5 minutes; where somebody has none, for whoever
   * has logged in within that time.
   */
  require<T>(changer: Changer, work: Work<T>): Promise<T | Expired | StepUpDue>
  /**
   * The same for what opens something later. A password alone makes none of that, also where there is no second factor
   * yet: the first one comes by the enrolment, which asks for the operator's ticket where one is due.
   */
  requireTwoFactors<T>(changer: Changer, work: Work<T>): Promise<T | Expired | StepUpDue>
  /** Does the work for whoever is logged in: for what makes nothing weaker. */
  spare<T>(changer: Changer, work: Work<T>): Promise<T | Expired>
}

/** How old a second factor may be, in milliseconds, for changing the account. */
export const FRESH_PROOF = 5 * 60_000
/** How far two machines' clocks may differ, in milliseconds. */
const CLOCK_SKEW = 60_000

const EXPIRED: Expired = { step: 'expired' }
const STEP_UP: StepUpDue = { step: 'step_up' }

export function createFreshProof({ now, findCurrentSession, readyFactors }: FreshProofOptions): FreshProof {
  async function isFresh({ session, user }: CurrentSession): Promise<boolean> {
    const { proofs } = session.record
    const [first] = proofs
    const { ready } = await readyFactors(user)
    const hasFactor = user.person.mfa === 'enabled' && ready.length > 0
    if (hasFactor && !isMultiFactor(assuranceOf(proofs))) return false
    // What began the login is no second factor, also when it was shown again.
    const isSecond = (proof: Proof): boolean =>
      first !== undefined && provesPossession(proof.method) && addsFactor([first], proof)
    return proofs
      .filter(proof => !hasFactor || isSecond(proof))
      .map(proof => now() - proof.at)
      .some(age => age >= -CLOCK_SKEW && age <= FRESH_PROOF)
  }

  const spare: FreshProof['spare'] = async ({ sessionId, client }, work) => {
    const current = await findCurrentSession(sessionId, client)
    if (current === undefined) return EXPIRED
    return work(current, current.user.person.subject, current.session.record.reference)
  }

  const require: FreshProof['require'] = (changer, work) =>
    spare(changer, async (current, subject, reference) =>
      (await isFresh(current)) ? work(current, subject, reference) : STEP_UP,
    )

  return {
    spare,
    require,
    requireTwoFactors: (changer, work) =>
      require(changer, async (current, subject, reference) =>
        isMultiFactor(assuranceOf(current.session.record.proofs))
          ? work(current, subject, reference)
          : STEP_UP),
  }
}
