import { assuranceOf, isMultiFactor, type Proof } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import type { Audit, AuditEventName } from '../audit/audit-event.js'
import type { Clock } from '../clock.js'
import { identityOf } from '../credentials/authenticate.js'
import { CHALLENGE_SECONDS, type LoginChallenges } from '../credentials/login-challenges.js'
import type { OpenSession, SessionRecord } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { BackupCodes } from '../factors/backup-codes.js'
import type { Totp } from '../factors/totp.js'
import type { Store } from '../store/store.js'
import { readAccount } from '../users/accounts.js'
import type { PasswordCheck } from '../users/password-check.js'
import type { DirectoryUser } from '../users/user-directory.js'
import { canonicalUserName } from '../users/user-name.js'
import { type CurrentSession, findCurrentSession, startSession } from './current-session.js'
import type { Enrolment } from './enrolment.js'
import type { Attempt, Lockout } from './lockout.js'
import type {
  Client,
  Expired,
  Locked,
  Login,
  LoginStep,
  Refused,
  RefusalReason,
  SecondFactor,
  Throttled,
} from './login-step.js'
import { type EnrolmentRule, type LoginSituation, nextStep } from './next-step.js'

export interface LoginOptions {
  readonly store: Store
  readonly now: Clock
  readonly sessions: Sessions
  readonly challenges: LoginChallenges
  readonly lockout: Lockout
  readonly totp: Totp
  readonly backupCodes: BackupCodes
  readonly enrolment: Enrolment
  /** Who may enrol a first factor. */
  readonly enrolmentRule: EnrolmentRule
  readonly checkPassword: PasswordCheck
  readonly findUser: (subject: string) => DirectoryUser | undefined
  /** Whether the page somebody is going to opens with what they have shown so far (`decide()` says allow). */
  readonly opens: (identity: Identity, returnTo: string, address: string) => boolean
  readonly audit: Audit
}

/** How old a second factor may be, in milliseconds, for changing the factors themselves. */
const FRESH_PROOF = 5 * 60_000
/** How far two machines' clocks may differ, in milliseconds. */
const CLOCK_SKEW = 60_000

const EXPIRED: Expired = { step: 'expired' }

/**
 * Wires the steps of a login together. What all factors share is here and nowhere else: may they try, count first,
 * was it used, tell the audit log; so no factor can forget it.
 */
export function createLogin(options: LoginOptions): Login {
  const { now, sessions, challenges, lockout, totp, backupCodes, enrolment, audit } = options
  const factors = { totp, backup_code: backupCodes }

  function tell(
    event: AuditEventName,
    subject: string,
    client: Client,
    reason?: string,
    session?: string,
  ): void {
    audit({ event, subject, address: client.address, requestId: client.requestId, reason, session })
  }

  const findCurrent = (sessionId: string): Promise<CurrentSession | undefined> =>
    findCurrentSession(sessionId, sessions, options.findUser)

  /** Counts the try. A step means that nothing may be checked. */
  async function mayTry(attempt: Attempt, client: Client): Promise<Throttled | Locked | undefined> {
    const permission = await lockout.begin(attempt)
    if (permission.outcome === 'allowed') return undefined
    tell('login.throttled', attempt.account, client, attempt.method)
    if (permission.outcome === 'locked') return { step: 'locked' }
    return { step: 'throttled', retryAfter: permission.retryAfter }
  }

  /** Asks the dispatcher, and makes the challenge for what it names. */
  async function continueWith(
    { session, user }: CurrentSession,
    goal: LoginSituation['goal'],
    returnTo: string | undefined,
  ): Promise<LoginStep> {
    const { subject } = user.person
    const next = nextStep({
      person: user.person,
      proofs: session.record.proofs,
      hasSecondFactor: await totp.enrolled(subject),
      everEnrolled: (await readAccount(options.store, subject)).everEnrolled,
      enrolment: options.enrolmentRule,
      goal,
    })
    switch (next.next) {
      case 'done':
        return { step: 'done', session, backupCodes: undefined, returnTo }
      case 'mfa_disabled':
        return { step: 'refused', reason: 'mfa_disabled' }
      case 'second_factor': {
        const challenge = await challenges.create(session.id, subject, { purpose: 'second_factor', returnTo })
        const withCodes = (await backupCodes.remaining(subject)) > 0
        const offered: readonly SecondFactor[] = withCodes ? ['totp', 'backup_code'] : ['totp']
        return {
          step: 'second_factor',
          session,
          challenge,
          expiresIn: CHALLENGE_SECONDS,
          factors: offered,
          returnTo,
        }
      }
      case 'enrol': {
        const challenge = await challenges.create(session.id, subject, { purpose: 'enrol', returnTo })
        const { needsTicket } = next
        return { step: 'enrol', session, challenge, expiresIn: CHALLENGE_SECONDS, needsTicket, returnTo }
      }
    }
  }

  async function password({
    username,
    password: typed,
    client,
    previousSessionId,
    returnTo,
  }: Parameters<Login['password']>[0]): Promise<LoginStep> {
    const account = canonicalUserName(username) ?? username.slice(0, 256)
    const attempt: Attempt = { method: 'password', account, address: client.address }
    const blocked = await mayTry(attempt, client)
    if (blocked !== undefined) return blocked

    const checked = await options.checkPassword(username, typed)
    if (checked.outcome === 'busy') {
      await lockout.notChecked(attempt)
      return { step: 'busy', retryAfter: checked.retryAfter }
    }
    if (checked.outcome === 'wrong' || checked.user.disabled) {
      tell('login.password_refused', account, client)
      return { step: 'refused', reason: 'credentials' }
    }

    const { user } = checked
    const { subject } = user.person
    await lockout.succeeded(attempt)
    if (previousSessionId !== undefined) {
      const previous = await sessions.end(previousSessionId)
      if (previous !== undefined)
        tell('session.ended', previous.subject, client, 'login_again', previous.reference)
    }
    const proof: Proof = { method: 'password', at: now() }
    const session = await startSession(user, proof, client, sessions, totp)
    tell('login.password_accepted', subject, client)
    tell('session.started', subject, client, undefined, session.record.reference)
    const identity = identityOf(session.record, user.person)
    const opens = returnTo !== undefined && options.opens(identity, returnTo, client.address)
    return continueWith({ session, user }, opens ? 'route' : 'account', returnTo)
  }

  /** Adds the proof and gives the session its new id. Undefined when somebody else was faster. */
  async function upgrade(
    current: CurrentSession,
    method: SecondFactor,
    client: Client,
  ): Promise<OpenSession | undefined> {
    const replaced = await sessions.replace(current.session.id, (record: SessionRecord) => ({
      proofs: [...record.proofs.filter(proof => proof.method !== method), { method, at: now() }],
      hasSecondFactor: true,
    }))
    if (replaced === undefined) return undefined
    const { subject, reference } = replaced.record
    tell('login.second_factor_accepted', subject, client, method, reference)
    tell('session.replaced', subject, client, undefined, reference)
    return replaced
  }

  async function secondFactor({
    sessionId,
    challenge,
    factor,
    code: typed,
    client,
  }: Parameters<Login['secondFactor']>[0]): Promise<LoginStep> {
    const current = await findCurrent(sessionId)
    const waiting = current && (await challenges.peek(challenge, sessionId))
    if (current === undefined || waiting === undefined) return EXPIRED
    const { subject } = current.user.person
    const { reference } = current.session.record
    const enrols = waiting.purpose === 'enrol'
    if (enrols && factor !== 'totp') return refused('not_pending')
    const code = factors[factor].normalise(typed)
    if (code === undefined) return refused('malformed_code')

    const attempt: Attempt = { method: factor, account: subject, address: client.address }
    const blocked = await mayTry(attempt, client)
    if (blocked !== undefined) return blocked
    if ((await challenges.countTry(challenge, sessionId)) === undefined) {
      await lockout.notChecked(attempt)
      return EXPIRED
    }

    const outcome = enrols
      ? await enrolment.confirm({ subject, sessionReference: reference }, code)
      : await factors[factor].verify(subject, code)
    if (outcome !== 'right') {
      tell('login.second_factor_refused', subject, client, `${factor}_${outcome}`, reference)
      return refused(outcome === 'wrong' || outcome === 'used' ? 'wrong_code' : outcome)
    }
    await lockout.succeeded(attempt)
    if (enrols) {
      tell('factor.enrolled', subject, client, factor, reference)
      // The others were started with a password alone, when that was all there was.
      await sessions.endAll(subject, reference)
    }
    // The code is used by now. Of two right ones at once, this decides.
    if (!(await challenges.take(challenge))) return EXPIRED
    const session = await upgrade(current, factor, client)
    if (session === undefined) return EXPIRED
    const codes = enrols ? await backupCodes.replace(subject) : undefined
    return { step: 'done', session, backupCodes: codes, returnTo: waiting.returnTo }
  }

  async function challengeFor({
    sessionId,
    returnTo,
  }: Parameters<Login['challengeFor']>[0]): Promise<LoginStep> {
    const current = await findCurrent(sessionId)
    return current === undefined ? EXPIRED : continueWith(current, 'fresh_proof', returnTo)
  }

  async function startEnrolment({
    sessionId,
    challenge,
    ticket,
    client,
  }: Parameters<Login['startEnrolment']>[0]): ReturnType<Login['startEnrolment']> {
    const current = await findCurrent(sessionId)
    // A ticket is a secret that could be guessed at, so it costs a try; looking at the offer again does not.
    const waiting =
      ticket === undefined
        ? await challenges.peek(challenge, sessionId)
        : await challenges.countTry(challenge, sessionId)
    if (current === undefined || waiting === undefined) return EXPIRED
    const { subject } = current.user.person
    if (waiting.purpose !== 'enrol' || (await totp.enrolled(subject))) return refused('not_pending')
    const { reference } = current.session.record
    const offer = await enrolment.start({ subject, sessionReference: reference }, ticket)
    if (offer === 'ticket') return refused('ticket')
    tell('factor.enrolment_started', subject, client, 'totp', reference)
    return offer
  }

  async function regenerateBackupCodes({
    sessionId,
    client,
  }: Parameters<Login['regenerateBackupCodes']>[0]): ReturnType<Login['regenerateBackupCodes']> {
    const current = await findCurrent(sessionId)
    if (current === undefined) return EXPIRED
    const { subject, proofs, reference } = current.session.record
    const ages = proofs.filter(proof => proof.method !== 'password').map(proof => now() - proof.at)
    const fresh = ages.some(age => age >= -CLOCK_SKEW && age <= FRESH_PROOF)
    if (!fresh || !isMultiFactor(assuranceOf(proofs))) return { step: 'step_up' }
    const codes = await backupCodes.replace(subject)
    tell('factor.backup_codes_replaced', subject, client, undefined, reference)
    return { step: 'backup_codes', codes }
  }

  return { password, secondFactor, challengeFor, startEnrolment, regenerateBackupCodes }
}

function refused(reason: RefusalReason): Refused {
  return { step: 'refused', reason }
}
