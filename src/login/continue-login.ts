import type { Method, Proof } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import type { StepUp } from '../access/route.js'
import type { Clock } from '../clock.js'
import { identityOf } from '../credentials/authenticate.js'
import { CHALLENGE_SECONDS, type LoginChallenges } from '../credentials/login-challenges.js'
import type { OpenSession, SessionRecord } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { ProofTraits } from '../factors/factor.js'
import type { Store } from '../store/store.js'
import { readAccount } from '../users/accounts.js'
import type { DirectoryUser } from '../users/user-directory.js'
import type { Tell } from './checks.js'
import { refused } from './checks.js'
import type { CurrentSession } from './current-session.js'
import { isNewBrowser, type KnownBrowsers } from './known-browsers.js'
import type { Beginning, Client, EnrollableFactor, LoginStep } from './login-step.js'
import { type EnrolmentRule, type Goal, nextStep, type NextStep } from './next-step.js'
import type { Notify } from './notify.js'
import type { FindReadyFactors } from './ready-factors.js'
import type { FoundDevice, RememberedDevices } from './remembered-devices.js'

/** What the page somebody is going to would say: whether it opens, and what proof it asks for in particular. */
export type LookAhead = (
  identity: Identity,
  returnTo: string,
  address: string,
) => { readonly opens: boolean; readonly stepUp: StepUp | undefined }

export interface ContinueOptions {
  readonly store: Store
  readonly now: Clock
  readonly sessions: Pick<Sessions, 'start' | 'end' | 'replace'>
  readonly challenges: Pick<LoginChallenges, 'create'>
  readonly readyFactors: FindReadyFactors
  readonly enrolmentRule: EnrolmentRule
  /** What a first login can enrol, the usual one first. */
  readonly enrollable: readonly EnrollableFactor[]
  readonly questionsCount: boolean
  readonly devices: Pick<RememberedDevices, 'find'>
  readonly knownBrowsers: Pick<KnownBrowsers, 'meet'>
  readonly notify: Notify
  readonly lookAhead: LookAhead
  readonly tell: Tell
}

/** What follows a proof: the session it begins or strengthens, and the step that is next. */
export interface ContinueLogin {
  /** Starts the session of somebody whose first proof was just verified. */
  begin(user: DirectoryUser, proofs: readonly Proof[], beginning: Beginning): Promise<LoginStep>
  /** Names the next step for a session that exists. */
  next(
    current: CurrentSession,
    goal: Goal,
    returnTo: string | undefined,
    client: Pick<Client, 'address'>,
  ): Promise<NextStep>
  /** The same, and makes the challenge for it. */
  goOn(current: CurrentSession, goal: Goal, returnTo: string | undefined, client: Client): Promise<LoginStep>
  /** Adds a proof. Undefined when the session has ended or somebody else was faster. */
  strengthen(
    current: CurrentSession,
    method: Method,
    traits: ProofTraits,
    client: Client,
  ): Promise<OpenSession | undefined>
}

export function createContinueLogin(options: ContinueOptions): ContinueLogin {
  const { now, sessions, challenges, readyFactors, lookAhead, tell } = options

  const destination = (
    { session, user }: CurrentSession,
    returnTo: string | undefined,
    { address }: Pick<Client, 'address'>,
  ): ReturnType<LookAhead> =>
    returnTo === undefined
      ? { opens: false, stepUp: undefined }
      : lookAhead(identityOf(session.record, user.person), returnTo, address)

  const nextFor: ContinueLogin['next'] = async (current, goal, returnTo, client) => {
    const { session, user } = current
    return nextStep({
      person: user.person,
      proofs: session.record.proofs,
      factors: await readyFactors(user),
      everEnrolled: (await readAccount(options.store, user.person.subject)).everEnrolled,
      enrolment: options.enrolmentRule,
      questionsCount: options.questionsCount,
      goal,
      stepUp: destination(current, returnTo, client).stepUp,
    })
  }

  const goOn: ContinueLogin['goOn'] = async (current, goal, returnTo, client) => {
    const { session, user } = current
    const { subject } = user.person
    const next = await nextFor(current, goal, returnTo, client)
    const expiresIn = CHALLENGE_SECONDS
    switch (next.next) {
      case 'done':
        return { step: 'done', session, backupCodes: undefined, returnTo }
      case 'mfa_disabled':
      case 'no_suitable_factor':
        return refused(next.next)
      case 'second_factor': {
        const challenge = await challenges.create(session.id, subject, { purpose: 'second_factor', returnTo })
        return { step: 'second_factor', session, challenge, expiresIn, factors: next.factors, returnTo }
      }
      case 'enrol': {
        const challenge = await challenges.create(session.id, subject, { purpose: 'enrol', returnTo })
        const { needsTicket } = next
        const factors = options.enrollable
        return { step: 'enrol', session, challenge, expiresIn, needsTicket, factors, returnTo }
      }
    }
  }

  async function start(
    user: DirectoryUser,
    proofs: readonly Proof[],
    { client, carrier = 'cookie', deviceToken, backend }: Beginning,
  ): Promise<OpenSession> {
    const { subject } = user.person
    const { passwordVersion } = user
    const { address, userAgent } = client
    const findDevice = async (): Promise<FoundDevice | undefined> =>
      deviceToken === undefined || carrier !== 'cookie'
        ? undefined
        : options.devices.find(deviceToken, { subject, passwordVersion })
    const rememberedDevice = await findDevice()
    const fixed = { subject, proofs, address, userAgent, passwordVersion, carrier, backend }
    const { hasSecondFactor } = await readyFactors(user)
    const session = await sessions.start({ ...fixed, hasSecondFactor, rememberedDevice })
    // Whoever enrols ends all other sessions of the user, and whoever forgets a browser those that rest on it. This one
    // may just have been too late for that.
    const hasOneNow = hasSecondFactor || (await readyFactors(user)).hasSecondFactor
    const isForgotten = rememberedDevice !== undefined && (await findDevice()) === undefined
    if (hasOneNow === hasSecondFactor && !isForgotten) return session
    await sessions.end(session.id)
    return sessions.start({ ...fixed, hasSecondFactor: hasOneNow })
  }

  return {
    next: nextFor,
    goOn,
    begin: async (user, proofs, beginning) => {
      const { client, previousSessionId, returnTo, asIs } = beginning
      const previous = previousSessionId === undefined ? undefined : await sessions.end(previousSessionId)
      if (previous !== undefined)
        tell('session.ended', previous.subject, client, 'login_again', previous.reference)
      const session = await start(user, proofs, beginning)
      const { subject, reference } = session.record
      tell('session.started', subject, client, proofs.at(-1)?.method, reference)
      const current = { session, user }
      const { opens } = destination(current, returnTo, client)
      const step = await goOn(current, opens || asIs === true ? 'route' : 'login', returnTo, client)
      if (step.step !== 'done') return step
      const browser = await options.knownBrowsers.meet(session, client)
      if (isNewBrowser(browser, client)) options.notify(subject, { change: 'new_browser' }, client)
      return { ...step, browser }
    },
    strengthen: async (current, method, traits, client) => {
      const { hasSecondFactor } = await readyFactors(current.user)
      const replaced = await sessions.replace(current.session.id, (record: SessionRecord) => ({
        proofs: withProof(record.proofs, { method, at: now(), ...traits }),
        hasSecondFactor,
      }))
      if (replaced === undefined) return undefined
      const { subject, reference } = replaced.record
      tell('login.second_factor_accepted', subject, client, method, reference)
      tell('session.replaced', subject, client, undefined, reference)
      return replaced
    },
  }
}

/**
 * Puts a proof in the place of an older one of the same method, so that the one that began the login stays the first.
 * A key that has verified its user stays beside a newer proof that does not say so: that one takes nothing back.
 */
function withProof(proofs: readonly Proof[], added: Proof): readonly Proof[] {
  const at = proofs.findIndex(
    ({ method, userVerified }) =>
      method === added.method && (userVerified !== true || added.userVerified === true),
  )
  return at === -1 ? [...proofs, added] : proofs.with(at, added)
}
