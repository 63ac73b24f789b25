import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { AuditEvent } from '../../src/audit/audit-event.js'
import { createLoginChallenges } from '../../src/credentials/login-challenges.js'
import { createSessions, type Sessions } from '../../src/credentials/sessions.js'
import { createBackupCodes } from '../../src/factors/backup-codes.js'
import { createTotp, type Totp } from '../../src/factors/totp.js'
import { createEnrolmentTickets, type EnrolmentTickets } from '../../src/login/enrolment-tickets.js'
import { createEnrolment } from '../../src/login/enrolment.js'
import { createLockout, type Lockout } from '../../src/login/lockout.js'
import type {
  Client,
  Done,
  EnrolmentDue,
  Login,
  LoginStep,
  SecondFactorDue,
} from '../../src/login/login-step.js'
import { createLogin } from '../../src/login/login.js'
import type { EnrolmentRule } from '../../src/login/next-step.js'
import { resetSecondFactors } from '../../src/login/reset-second-factors.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'
import type { DirectoryUser } from '../../src/users/user-directory.js'
import { canonicalUserName } from '../../src/users/user-name.js'
import { totpCode } from '../harness/authenticator.js'

export const CLIENT: Client = { address: '192.0.2.1', userAgent: 'a browser', requestId: 'request' }
export const RIGHT = 'correct horse battery staple'
export const STEP = 30_000

/** A whole login over one memory store, with a clock that stands still and every password being `RIGHT`. */
export interface LoginBench {
  readonly time: { now: number }
  readonly store: Store
  readonly login: Login
  readonly sessions: Sessions
  readonly totp: Totp
  readonly lockout: Lockout
  readonly tickets: EnrolmentTickets
  readonly events: AuditEvent[]
  /** Who exists; a test may change it. */
  readonly users: Map<string, DirectoryUser>
  /** What the password check answers instead of looking. */
  readonly password: { busy: boolean }
  /** Another process on the same store. */
  elsewhere(): Login
  reset(subject: string): Promise<boolean>
  /** The code of now. */
  code(secret: string): string
}

export function user(name: string, mfa: 'enabled' | 'disabled' = 'enabled'): DirectoryUser {
  return {
    person: { subject: name, displayName: name, email: undefined, groups: [], mfa },
    passwordHash: 'unused',
    passwordVersion: 'v1',
    disabled: false,
  }
}

export function loginBench({ rule = 'first_login' }: { readonly rule?: EnrolmentRule } = {}): LoginBench {
  const time = { now: Date.UTC(2026, 10, 22, 12, 0, 15) }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const events: AuditEvent[] = []
  const password = { busy: false }
  const users = new Map(
    [user('alice'), user('bob'), user('kiosk', 'disabled')].map(u => [u.person.subject, u]),
  )
  const seal = createSeal(['a secret of the tests, long enough for a key'])
  const random = randomBytes

  function assemble() {
    const sessions = createSessions({ store, now, random, idle: 3_600_000, absolute: 43_200_000 })
    const totp = createTotp({ store, seal, now })
    const backupCodes = createBackupCodes({ store, seal, now, random })
    const lockout = createLockout({ store, now })
    const tickets = createEnrolmentTickets({ store, now, random })
    const enrolment = createEnrolment({
      store,
      seal,
      now,
      random,
      totp,
      tickets,
      rule,
      issuer: 'auth.example.com',
    })
    const audit = (event: AuditEvent): void => void events.push(event)
    const login = createLogin({
      store,
      now,
      sessions,
      challenges: createLoginChallenges({ store, now, random }),
      lockout,
      totp,
      backupCodes,
      enrolment,
      enrolmentRule: rule,
      checkPassword: (name, typed) => {
        if (password.busy) return Promise.resolve({ outcome: 'busy', retryAfter: 2 })
        const found = users.get(canonicalUserName(name) ?? '')
        if (found === undefined || typed !== RIGHT) return Promise.resolve({ outcome: 'wrong' })
        return Promise.resolve({ outcome: 'right', user: found })
      },
      findUser: subject => users.get(subject),
      opens: (_, returnTo) => returnTo.endsWith('/bypassed'),
      audit,
    })
    const reset = (subject: string): Promise<boolean> =>
      resetSecondFactors(subject, { store, sessions, lockout, totp, backupCodes, tickets, audit })
    return { login, sessions, totp, lockout, tickets, reset }
  }

  const code = (secret: string): string => totpCode(secret, time.now)
  const elsewhere = (): Login => assemble().login
  return { time, store, events, users, password, elsewhere, code, ...assemble() }
}

/** Insists on what a step is. */
export function expectStep<S extends LoginStep['step']>(
  t: Test,
  result: LoginStep,
  step: S,
): Extract<LoginStep, { step: S }> {
  if (result.step !== step) {
    t.fail(`expected ${step}, got ${JSON.stringify(result)}`)
    throw new Error(`not ${step}`)
  }
  return result as Extract<LoginStep, { step: S }>
}

/** The password step of a user without a factor. */
export async function atEnrolment(t: Test, bench: LoginBench, username = 'alice'): Promise<EnrolmentDue> {
  return expectStep(t, await bench.login.password({ username, password: RIGHT, client: CLIENT }), 'enrol')
}

/** A first login from password to backup codes. Leaves the clock two steps later, so that the next code is a new one. */
export async function enrolled(
  t: Test,
  bench: LoginBench,
  username = 'alice',
): Promise<{ readonly secret: string; readonly done: Done; readonly backupCodes: readonly string[] }> {
  const due = await atEnrolment(t, bench, username)
  const sessionId = due.session.id
  const offer = await bench.login.startEnrolment({ sessionId, challenge: due.challenge, client: CLIENT })
  if (offer.step !== 'enrolment') throw new Error(`no offer: ${offer.step}`)
  const code = bench.code(offer.secret)
  const attempt = { sessionId, challenge: due.challenge, factor: 'totp', code, client: CLIENT } as const
  const done = expectStep(t, await bench.login.secondFactor(attempt), 'done')
  bench.time.now += 2 * STEP
  return { secret: offer.secret, done, backupCodes: done.backupCodes ?? [] }
}

/** The password step of a user with a factor. */
export async function atSecondFactor(
  t: Test,
  bench: LoginBench,
  username = 'alice',
): Promise<SecondFactorDue> {
  const step = await bench.login.password({ username, password: RIGHT, client: CLIENT })
  return expectStep(t, step, 'second_factor')
}

/** Answers a challenge with a code. */
export function answer(
  bench: LoginBench,
  due: Pick<SecondFactorDue, 'session' | 'challenge'>,
  code: string,
  factor: 'totp' | 'backup_code' = 'totp',
  login: Login = bench.login,
): Promise<LoginStep> {
  return login.secondFactor({
    sessionId: due.session.id,
    challenge: due.challenge,
    factor,
    code,
    client: CLIENT,
  })
}
