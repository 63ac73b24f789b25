import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import { challengeBinding, type LoginChallenges } from '../credentials/login-challenges.js'
import type { OpenSession } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { SecondFactor } from '../factors/factor.js'
import type { BackupCodes } from '../factors/backup-codes.js'
import { type Checks, refused } from './checks.js'
import type { ContinueLogin } from './continue-login.js'
import type { CurrentSession, FindCurrentSession } from './current-session.js'
import type { Enrolment } from './enrolment.js'
import { isNewBrowser, type KnownBrowsers } from './known-browsers.js'
import type { Client, Done, EnrollableFactor, Expired, Login, LoginStep, Refused } from './login-step.js'
import type { Notify } from './notify.js'
import { factorUser, type FindReadyFactors } from './ready-factors.js'
import type { RememberedDevices } from './remembered-devices.js'

export interface LoginOptions {
  readonly now: Clock
  readonly sessions: Pick<Sessions, 'endAll'>
  readonly challenges: LoginChallenges
  readonly checks: Checks
  readonly continueLogin: ContinueLogin
  readonly enrolment: Enrolment
  readonly readyFactors: FindReadyFactors
  readonly backupCodes: Pick<BackupCodes, 'replace'>
  readonly devices: Pick<RememberedDevices, 'remember'>
  readonly knownBrowsers: Pick<KnownBrowsers, 'meet'>
  readonly findCurrentSession: FindCurrentSession
  readonly notify: Notify
}

const EXPIRED: Expired = { step: 'expired' }
const USED_UP: Expired = { step: 'expired', usedUp: true }

/** A session in the middle of a login, and what it waits for. */
interface Waiting {
  readonly current: CurrentSession
  readonly purpose: 'second_factor' | 'enrol'
  readonly returnTo: string | undefined
}

/** Puts the steps of a login together: from the password to the session that has shown all it needs. */
export function createLogin(options: LoginOptions): Login {
  const { sessions, challenges, checks, continueLogin, enrolment, readyFactors, notify } = options
  const { tell } = checks

  /** A challenge of tokens names its session; every other one is worth something to the browser's session alone. */
  const sessionOf = async (given: string | undefined, challenge: string): Promise<string | undefined> =>
    (await challenges.tokenSessionOf(challenge)) ?? given

  async function waitingFor(
    given: string | undefined,
    challenge: string,
    client: Client,
  ): Promise<Waiting | undefined> {
    const sessionId = await sessionOf(given, challenge)
    if (sessionId === undefined) return undefined
    const current = await options.findCurrentSession(sessionId, client)
    const waiting = current && (await challenges.peek(challenge, sessionId))
    return current && waiting && { current, ...waiting }
  }

  async function countTry(challenge: string, sessionId: string): Promise<Expired | undefined> {
    const counted = await challenges.countTry(challenge, sessionId)
    if (counted.outcome === 'open') return undefined
    return counted.outcome === 'used_up' ? USED_UP : EXPIRED
  }

  /** Whether wrong codes have used the challenge up, for the session that it is of. */
  async function whyNotWaiting(given: string | undefined, challenge: string): Promise<Expired> {
    const sessionId = await sessionOf(given, challenge)
    return (sessionId === undefined ? undefined : await countTry(challenge, sessionId)) ?? EXPIRED
  }

  /** Only what would be offered now is asked for and taken, whatever was offered when the challenge was made. */
  async function whyNotSuitable(
    { current, returnTo }: Waiting,
    factor: SecondFactor,
    client: Client,
  ): Promise<Refused | undefined> {
    const next = await continueLogin.next(current, 'fresh_proof', returnTo, client)
    if (next.next === 'mfa_disabled') return refused('mfa_disabled')
    const isOffered = next.next === 'second_factor' && next.factors.includes(factor)
    return isOffered ? undefined : refused('no_suitable_factor')
  }

  async function remember(session: OpenSession, client: Client): Promise<Done['device']> {
    const { subject, passwordVersion, reference, carrier, proofs } = session.record
    if (carrier !== 'cookie' || !isMultiFactor(assuranceOf(proofs))) return undefined
    const { userAgent, address } = client
    const device = await options.devices.remember({ subject, passwordVersion, userAgent, address })
    if (device === undefined) return undefined
    tell('device.remembered', subject, client, undefined, reference)
    notify(subject, { change: 'device_remembered' }, client)
    return { token: device.token, expiresAt: device.expiresAt }
  }

  const password: Login['password'] = async attempt => {
    const checked = await checks.password(attempt.username, attempt.password, attempt.client)
    if (checked.step !== 'known') return checked
    return continueLogin.begin(checked.user, [{ method: 'password', at: options.now() }], attempt)
  }

  const prompt: Login['prompt'] = async ({ sessionId, challenge, factor: method, client }) => {
    const waiting = await waitingFor(sessionId, challenge, client)
    if (waiting === undefined) return EXPIRED
    const { user, session } = waiting.current
    const factor = checks.factorOf(method)
    if (waiting.purpose !== 'second_factor' || factor === undefined) return refused('not_pending')
    const unsuitable = await whyNotSuitable(waiting, method, client)
    if (unsuitable !== undefined) return unsuitable
    const given = await factor.prepare({ user: factorUser(user), binding: challengeBinding(challenge) })
    if (given.prompt === 'too_many') return { step: 'throttled', retryAfter: given.retryAfter }
    if (given.prompt === 'sent')
      tell('factor.code_sent', user.person.subject, client, method, session.record.reference)
    return { step: 'prompted', prompt: given }
  }

  async function finishEnrolment({ current, returnTo }: Waiting, factor: SecondFactor, client: Client) {
    const { subject } = current.user.person
    const { reference } = current.session.record
    tell('factor.enrolled', subject, client, factor, reference)
    notify(subject, { change: 'factor_added', factor }, client)
    // The others were started with a password alone, when that was all there was.
    await sessions.endAll(subject, reference)
    return { backupCodes: await options.backupCodes.replace(subject), returnTo }
  }

  const secondFactor: Login['secondFactor'] = async attempt => {
    const { challenge, factor, client } = attempt
    const waiting = await waitingFor(attempt.sessionId, challenge, client)
    if (waiting === undefined) return whyNotWaiting(attempt.sessionId, challenge)
    const { current } = waiting
    const { user, session } = current
    const { reference } = session.record
    const enrols = waiting.purpose === 'enrol'
    if (enrols && !isEnrollable(factor)) return refused('not_pending')
    const unsuitable = enrols ? undefined : await whyNotSuitable(waiting, factor, client)
    if (unsuitable !== undefined) return unsuitable
    const { hasOne } = await readyFactors(user)
    const enrolling = { user: factorUser(user), sessionReference: reference, hasOne }
    const checked = await checks.factor({
      user,
      factor,
      binding: challengeBinding(challenge),
      typed: attempt.code,
      client,
      session: reference,
      countTry: () => countTry(challenge, session.id),
      ...(enrols && isEnrollable(factor)
        ? { enrol: (answer: string) => enrolment.confirm(enrolling, factor, answer) }
        : {}),
    })
    if (checked.step !== 'right') return checked
    const enrolled = enrols ? await finishEnrolment(waiting, factor, client) : undefined
    // The answer is used by now. Of two right ones at once, this decides.
    if (!(await challenges.take(challenge))) return EXPIRED
    const strengthened = await continueLogin.strengthen(current, factor, checked.traits, client)
    if (strengthened === undefined) return EXPIRED
    const device = attempt.rememberDevice === true ? await remember(strengthened, client) : undefined
    const browser = await options.knownBrowsers.meet(strengthened, client)
    // The notice of the factor says the same of a login that has just enrolled it.
    if (enrolled === undefined && isNewBrowser(browser, client))
      notify(strengthened.record.subject, { change: 'new_browser' }, client)
    const { returnTo } = waiting
    const { backupCodes } = enrolled ?? {}
    return { step: 'done', session: strengthened, backupCodes, returnTo, device, browser }
  }

  const challengeFor: Login['challengeFor'] = async ({ sessionId, returnTo, client }): Promise<LoginStep> => {
    const current = await options.findCurrentSession(sessionId, client)
    return current === undefined ? EXPIRED : continueLogin.goOn(current, 'fresh_proof', returnTo, client)
  }

  const startEnrolment: Login['startEnrolment'] = async request => {
    const { challenge, ticket, client, factor = 'totp' } = request
    const waiting = await waitingFor(request.sessionId, challenge, client)
    if (waiting === undefined) return EXPIRED
    const { user, session } = waiting.current
    // A ticket is a secret that could be guessed at, so it costs a try; looking at the offer again does not.
    const over = ticket === undefined ? undefined : await countTry(challenge, session.id)
    if (over !== undefined) return over
    const { enrolled, hasOne } = await readyFactors(user)
    if (waiting.purpose !== 'enrol' || enrolled) return refused('not_pending')
    if (checks.factorOf(factor) === undefined) return refused('not_offered')
    const { reference } = session.record
    const enrolling = { user: factorUser(user), sessionReference: reference, hasOne }
    const offer = await enrolment.start(enrolling, factor, ticket)
    if (offer === 'ticket') return refused('ticket')
    tell('factor.enrolment_started', user.person.subject, client, factor, reference)
    return offer
  }

  return { password, prompt, secondFactor, challengeFor, startEnrolment }
}

function isEnrollable(factor: SecondFactor): factor is EnrollableFactor {
  return factor === 'totp' || factor === 'webauthn'
}
