import type { Method } from '../access/assurance.js'
import type { Audit, AuditEventName } from '../audit/audit-event.js'
import { CHANCE_OF_A_CODE } from '../factors/one-time-code.js'
import type { Factor, FactorOutcome, ProofTraits, SecondFactor } from '../factors/factor.js'
import type { PasswordCheck } from '../users/password-check.js'
import type { DirectoryUser } from '../users/user-directory.js'
import { canonicalUserName } from '../users/user-name.js'
import type { Attempt } from './attempt.js'
import type { Lockout } from './lockout.js'
import type { Busy, Client, Expired, Locked, Refused, RefusalReason, Throttled } from './login-step.js'
import { factorUser } from './ready-factors.js'

export interface ChecksOptions {
  readonly lockout: Lockout
  readonly checkPassword: PasswordCheck
  /** Those that the operator takes. */
  readonly factors: readonly Factor[]
  /** Whether people may begin a login with a password. Default true. */
  readonly passwordOffered?: boolean | undefined
  readonly audit: Audit
}

/** Tells the audit log of something that a person did. */
export type Tell = (
  event: AuditEventName,
  subject: string,
  client: Client,
  reason?: string,
  session?: string,
) => void

/** Checks a name and a password as they were typed. */
type CheckTypedPassword = (
  username: string,
  typed: string,
  client: Client,
) => Promise<{ readonly step: 'known'; readonly user: DirectoryUser } | Refused | Throttled | Locked | Busy>

/** One answer to a factor. */
export interface FactorAnswer {
  readonly user: DirectoryUser
  readonly factor: SecondFactor
  /** Names the login that it is for. */
  readonly binding: string
  /** As it was typed. */
  readonly typed: string
  readonly client: Client
  /** Names the session in the log, where there is one. */
  readonly session?: string | undefined
  /** Counts the try where the login itself counts as well. A step: the login takes no more. */
  readonly countTry?: () => Promise<Expired | undefined>
  /** Checks instead of the factor, for one that is about to be enrolled: what was typed as it is. */
  readonly enrol?: (typed: string) => Promise<FactorOutcome | { readonly outcome: RefusalReason }>
}

/** A try at a code that begins a login. */
export interface CodeAttempt {
  readonly method: 'email' | 'sms'
  /** What was typed to begin it, in its one form. */
  readonly asked: string
  /** Whose code it is; undefined: nobody's. */
  readonly user: DirectoryUser | undefined
  readonly client: Client
  /** A backend tries for its users: its address says nothing of them. */
  readonly byBackend: boolean
}

/**
 * What every proof goes through, whoever asks for it and over whichever protocol: may it be tried, count first, was
 * it used before, tell the audit log. There is no other way to check a password or a factor.
 */
export interface Checks {
  readonly tell: Tell
  /**
   * Whether one more try may be made at a code that begins a login; counts it. A step means that nothing may be
   * checked; `unheard` that the answer is to be told as a wrong one, whatever it is.
   */
  mayTryCode(attempt: CodeAttempt): Promise<Throttled | Locked | { readonly step: 'unheard' } | undefined>
  /** The code was right. */
  codeSucceeded(attempt: CodeAttempt): Promise<void>
  /** The same as `mayTryCode` by address alone, where nobody is named before the check. */
  mayTryAddress(attempt: Attempt, client: Client): Promise<Throttled | Locked | undefined>
  /** The try was right. */
  readonly succeeded: Lockout['succeeded']
  /** Checks a name and a password that begin a login: refused where the operator has not switched that on. */
  readonly password: CheckTypedPassword
  /** Checks the password of somebody who is logged in already. */
  readonly confirmPassword: CheckTypedPassword
  /** Checks and consumes an answer to a second factor. */
  factor(
    answer: FactorAnswer,
  ): Promise<
    { readonly step: 'right'; readonly traits: ProofTraits } | Refused | Throttled | Locked | Expired
  >
  /** The factor of a method; undefined when the operator does not take it. */
  factorOf(method: Method): Factor | undefined
}

/** The name that failures of an account are counted under, whether or not there is such a user. */
export function accountName(username: string): string {
  return canonicalUserName(username) ?? username.slice(0, 256)
}

export function createChecks(options: ChecksOptions): Checks {
  const { lockout, checkPassword, factors, passwordOffered = true, audit } = options
  const byMethod = new Map<Method, Factor>(factors.map(factor => [factor.method, factor]))

  const tell: Tell = (event, subject, client, reason, session) => {
    const { address, requestId } = client
    audit({ event, subject, address, requestId, reason, session, browser: client.userAgent })
  }

  function permit(
    permission: Awaited<ReturnType<Lockout['begin']>>,
    attempt: Attempt,
    client: Client,
  ): Throttled | Locked | undefined {
    if (permission.outcome === 'allowed') return undefined
    tell('login.throttled', attempt.account, client, attempt.method)
    return permission.outcome === 'throttled'
      ? { step: 'throttled', retryAfter: permission.retryAfter }
      : { step: 'locked' }
  }

  const mayTry = async (attempt: Attempt, client: Client): Promise<Throttled | Locked | undefined> =>
    permit(await lockout.begin(attempt), attempt, client)

  const confirmPassword: CheckTypedPassword = async (username, typed, client) => {
    const account = accountName(username)
    const { address, browserToken } = client
    const attempt: Attempt = { method: 'password', account, subject: account, address, browserToken }
    const checked = await checkPassword(username, typed, () => mayTry(attempt, client))
    if (checked.outcome === 'busy') return { step: 'busy', retryAfter: checked.retryAfter }
    if (checked.outcome === 'forbidden') return checked.reason
    if (checked.outcome === 'wrong' || checked.user.disabled) {
      tell('login.password_refused', account, client, checked.outcome === 'wrong' ? 'wrong' : 'disabled')
      return refused('credentials')
    }
    await lockout.succeeded(attempt)
    tell('login.password_accepted', checked.user.person.subject, client)
    return { step: 'known', user: checked.user }
  }

  return {
    tell,
    mayTryCode: async attempt => {
      const tried = codeAttempt(attempt)
      const permission = await lockout.begin(tried)
      if (permission.outcome !== 'unheard') return permit(permission, tried, attempt.client)
      tell('login.throttled', attempt.user?.person.subject ?? attempt.asked, attempt.client, attempt.method)
      return { step: 'unheard' }
    },
    codeSucceeded: attempt => lockout.succeeded(codeAttempt(attempt)),
    mayTryAddress: async (attempt, client) => permit(await lockout.beginAddress(attempt), attempt, client),
    succeeded: attempt => lockout.succeeded(attempt),
    factorOf: method => byMethod.get(method),

    confirmPassword,
    password: async (username, typed, client) =>
      passwordOffered ? confirmPassword(username, typed, client) : refused('not_offered'),

    factor: async ({ user, factor: method, binding, typed, client, session, countTry, enrol }) => {
      const factor = byMethod.get(method)
      if (factor === undefined) return refused('not_offered')
      const answer = enrol === undefined ? factor.normalise(typed) : typed
      if (answer === undefined) return refused('malformed_code')
      const { subject } = user.person
      // What the gateway has just shown to somebody is no secret of anybody else.
      const chance = enrol === undefined ? await factor.chance?.(subject) : undefined
      const guess = chance === undefined ? undefined : { chance, passwordVersion: user.passwordVersion }
      const { address, browserToken } = client
      const attempt: Attempt = { method, account: subject, subject, address, browserToken, guess }
      const blocked = await mayTry(attempt, client)
      if (blocked !== undefined) return blocked
      const over = await countTry?.()
      if (over !== undefined) {
        await lockout.notChecked(attempt)
        return over
      }
      const checked =
        enrol === undefined
          ? await factor.verify({ user: factorUser(user), binding }, answer)
          : await enrol(answer)
      if (checked.outcome !== 'right') {
        tell('login.second_factor_refused', subject, client, `${method}_${checked.outcome}`, session)
        return refused(
          checked.outcome === 'wrong' || checked.outcome === 'used' ? 'wrong_code' : checked.outcome,
        )
      }
      await lockout.succeeded(attempt)
      return { step: 'right', traits: ('traits' in checked && checked.traits) || {} }
    },
  }
}

function codeAttempt({ method, asked, user, client, byBackend }: CodeAttempt): Attempt {
  const { address, browserToken } = client
  return {
    method,
    account: asked,
    subject: user?.person.subject,
    address: byBackend ? undefined : address,
    browserToken,
    isFirst: true,
    guess: user && { chance: CHANCE_OF_A_CODE, passwordVersion: user.passwordVersion },
  }
}

/** A step that did not succeed. */
export function refused(reason: RefusalReason): Refused {
  return { step: 'refused', reason }
}
