import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Sessions } from '../credentials/sessions.js'
import type { Checks } from './checks.js'
import type { CurrentSession, FindCurrentSession } from './current-session.js'
import type { Client } from './login-step.js'
import type { FindReadyFactors } from './ready-factors.js'

export interface LogoutOptions {
  readonly sessions: Pick<Sessions, 'end' | 'endAll'>
  readonly checks: Pick<Checks, 'tell'>
  readonly readyFactors: FindReadyFactors
  readonly findCurrentSession: FindCurrentSession
}

/** What was ended. */
export interface LoggedOut {
  readonly step: 'logged_out'
  /** Whether all other sessions of the user were ended as well. */
  readonly everywhere: boolean
}

/**
 * Ends a session, partial or full, however it is carried; there is nothing to do when it has ended already.
 * `everywhere` ends all others of the user too. It is passed over for a password alone where the user has a second
 * factor: whoever has stolen it cannot throw the owner out.
 */
export type Logout = (request: {
  readonly sessionId: string
  readonly everywhere: boolean
  readonly client: Client
}) => Promise<LoggedOut>

export function createLogout({ sessions, checks, readyFactors, findCurrentSession }: LogoutOptions): Logout {
  async function isOwner({ session, user }: CurrentSession): Promise<boolean> {
    if (user.person.mfa === 'disabled' || isMultiFactor(assuranceOf(session.record.proofs))) return true
    return !(await readyFactors(user)).hasSecondFactor
  }

  return async ({ sessionId, everywhere, client }) => {
    // Asked before the session ends.
    const current = everywhere ? await findCurrentSession(sessionId, client) : undefined
    const endsAll = current !== undefined && (await isOwner(current))
    const ended = await sessions.end(sessionId)
    if (ended === undefined) return { step: 'logged_out', everywhere: false }
    checks.tell(
      'session.ended',
      ended.subject,
      client,
      endsAll ? 'logout_everywhere' : 'logout',
      ended.reference,
    )
    if (endsAll) await sessions.endAll(ended.subject)
    return { step: 'logged_out', everywhere: endsAll }
  }
}
