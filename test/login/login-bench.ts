import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Identity } from '../../src/access/identity.js'
import { decide } from '../../src/access/decide.js'
import type { Decision } from '../../src/access/decision.js'
import type { Route } from '../../src/access/route.js'
import { createServices, type Services } from '../../src/assembly/services.js'
import type { AuditEvent } from '../../src/audit/audit-event.js'
import type { FirstFactor, GatewayConfig } from '../../src/config/gateway-config.js'
import { identityOf } from '../../src/credentials/authenticate.js'
import type { OpenSession } from '../../src/credentials/session-record.js'
import type { Message } from '../../src/factors/delivery/messenger.js'
import { USUAL_TOTP } from '../../src/factors/totp-code.js'
import type {
  Client,
  Done,
  EnrolmentDue,
  EnrolmentOffer,
  Login,
  LoginStep,
  SecondFactorDue,
} from '../../src/login/login-step.js'
import { resetSecondFactors } from '../../src/login/reset-second-factors.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import type { Store } from '../../src/store/store.js'
import type { FileDirectory } from '../../src/users/file-directory.js'
import type { DirectoryUser } from '../../src/users/user-directory.js'
import { canonicalUserName } from '../../src/users/user-name.js'
import { appWith, requestFor, routeFor } from '../access/sample-policy.js'
import { totpCode } from '../harness/authenticator.js'
import { sharedHasher } from '../harness/hasher.js'

export const CLIENT: Client = { address: '192.0.2.1', userAgent: 'a browser', requestId: 'request' }
export const RIGHT = 'correct horse battery staple'
export const STEP = 30_000
export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE
export const ORIGIN = 'https://auth.example.com'

/** What a test says of its bench. */
export interface LoginBenchOptions {
  readonly rule?: 'first_login' | 'ticket'
  /** The ways to begin a login. Default: all. */
  readonly methods?: readonly FirstFactor[]
  readonly mfa?: Partial<GatewayConfig['mfa']>
  readonly tokens?: Partial<GatewayConfig['tokens']>
  readonly bindIp?: boolean
  readonly usersFile?: string
}

/**
 * The parts that a running gateway has, over one memory store, with a clock that stands still and every password being
 * `RIGHT`. What would be sent is kept.
 */
export interface LoginBench extends Services {
  readonly time: { now: number }
  readonly store: Store
  readonly totp: Services['factors']['totp']
  readonly events: AuditEvent[]
  /** Who exists; a test may change it. */
  readonly users: Map<string, DirectoryUser>
  /** What the password check answers instead of looking. */
  readonly password: { busy: boolean }
  readonly mails: Message[]
  readonly texts: Message[]
  /** Routes that are asked about by their path; a test may add some. Everything else opens to nobody. */
  readonly routes: Map<string, Route>
  /** What a session would get at one of these routes. */
  decisionAt(path: string, session: OpenSession): Decision
  /** Another process on the same store. */
  another(): Services
  elsewhere(): Login
  reset(subject: string): Promise<boolean>
  /** The code of now. */
  code(secret: string): string
}

export function user(name: string, rest: Partial<DirectoryUser> & { mfa?: 'disabled' } = {}): DirectoryUser {
  const { mfa = 'enabled', ...more } = rest
  return {
    person: { subject: name, displayName: name, email: undefined, groups: [], mfa },
    phone: undefined,
    passwordHash: 'unused',
    passwordVersion: 'v1',
    disabled: false,
    ...more,
  }
}

/** Somebody with a mailbox and a telephone. */
export function reachable(name: string, rest: Partial<DirectoryUser> = {}): DirectoryUser {
  const { person, ...known } = user(name)
  return {
    ...known,
    person: { ...person, email: `${name}@example.com` },
    phone: `+49170${String(name.length).padStart(7, '0')}`,
    ...rest,
  }
}

export function loginBench(options: LoginBenchOptions = {}): LoginBench {
  const time = { now: Date.UTC(2026, 10, 22, 12, 0, 15) }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const events: AuditEvent[] = []
  const password = { busy: false }
  const mails: Message[] = []
  const texts: Message[] = []
  const users = new Map(
    [user('alice'), user('bob'), user('kiosk', { mfa: 'disabled' })].map(u => [u.person.subject, u]),
  )
  const routes = new Map([['/bypassed', routeFor('/bypassed', { access: 'bypassed' })]])
  const audit = (event: AuditEvent): void => void events.push(event)

  const decideAt = (path: string, identity: Identity): Decision => {
    const route = routes.get(path)
    const match = route && { app: appWith([route]), route }
    return decide(requestFor(path), match, identity, now())
  }
  const assemble = (): Services =>
    createServices({
      config: configFor(options),
      store,
      secrets: ['a secret of the tests, long enough for a key'],
      directory: directoryOf(users),
      hasher: sharedHasher,
      now,
      random: randomBytes,
      audit,
      lookAhead: (identity, returnTo) => ({
        opens: decideAt(returnTo, identity).effect === 'allow',
        stepUp: routes.get(returnTo)?.stepUp,
      }),
      messages: { mail: message => void mails.push(message), sms: message => void texts.push(message) },
      onFault: error => {
        throw error
      },
      checkPassword: async (name, typed, countTry) => {
        if (password.busy) return { outcome: 'busy', retryAfter: 2 }
        const reason = await countTry()
        if (reason !== undefined) return { outcome: 'forbidden', reason }
        const found = users.get(canonicalUserName(name) ?? '')
        return found === undefined || typed !== RIGHT
          ? { outcome: 'wrong' }
          : { outcome: 'right', user: found }
      },
    })

  const services = assemble()
  const { sessions, lockout, devices, tickets } = services
  return {
    ...services,
    time,
    store,
    totp: services.factors.totp,
    events,
    users,
    password,
    mails,
    texts,
    routes,
    decisionAt: (path, { record }) => decideAt(path, identityOf(record, personOf(users, record.subject))),
    another: assemble,
    elsewhere: () => assemble().login,
    reset: subject =>
      resetSecondFactors(subject, {
        store,
        sessions,
        lockout,
        factors: services.factors.kept,
        devices,
        tickets,
        audit,
      }),
    code: secret => totpCode(secret, time.now),
  }
}

function personOf(users: ReadonlyMap<string, DirectoryUser>, subject: string): DirectoryUser['person'] {
  const person = users.get(subject)?.person
  if (person === undefined) throw new Error(`no ${subject}`)
  return person
}

function directoryOf(users: ReadonlyMap<string, DirectoryUser>): FileDirectory {
  const find = (name: string): DirectoryUser | undefined => users.get(canonicalUserName(name) ?? '')
  return {
    find,
    findByContact: contact => {
      const wanted = contact.trim().toLowerCase()
      const found = [...users.values()].find(
        ({ person, phone }) => person.email === wanted || phone === wanted,
      )
      return found ?? find(contact)
    },
    standIn: () => undefined,
    reload: () => undefined,
    close: () => undefined,
  }
}

function configFor(options: LoginBenchOptions): GatewayConfig {
  const { rule = 'first_login', methods, mfa, tokens, bindIp = false } = options
  return {
    hash: '0000000000000000',
    metrics: undefined,
    audit: { file: undefined, mode: 'best_effort', stdout: true, syslog: undefined },
    file: 'gateway.yaml',
    publicUrl: { origin: ORIGIN, host: 'auth.example.com', secure: true },
    authPath: '/auth',
    listen: { host: '127.0.0.1', port: 0 },
    tls: undefined,
    trustedProxies: undefined,
    secrets: undefined,
    store: { embedded: 'data' },
    users: { file: options.usersFile ?? 'users.yaml' },
    session: { idle: 60 * MINUTE, absolute: 12 * 60 * MINUTE, domain: undefined, bindIp },
    login: { methods: methods ?? ['password', 'passkey', 'email', 'sms', 'link'] },
    mfa: {
      enrolment: rule,
      issuer: 'auth.example.com',
      factors: ['totp', 'webauthn', 'backup_code'],
      totp: USUAL_TOTP,
      rememberDevice: undefined,
      questionsCount: false,
      mayDisable: false,
      ...mfa,
    },
    mail: undefined,
    sms: undefined,
    tokens: {
      algorithm: 'ES256',
      access: 5 * MINUTE,
      refresh: 12 * 60 * MINUTE,
      mfaMaxAge: undefined,
      audience: ORIGIN,
      clientId: 'gatehouse-client',
      selfServiceScopes: [],
      ...tokens,
    },
    explainTo: [],
    identityHeaders: { user: 'Remote-User' } as GatewayConfig['identityHeaders'],
    shadow: undefined,
    accessLog: undefined,
    log: { level: 'error' },
    shutdown: 0,
    shutdownDelay: 0,
    health: { upstreams: false },
    tracing: undefined,
    limits: { perUser: 100, perAddress: 500, stalledAfter: 60_000 },
    apps: [],
    tests: [],
  }
}

/** Insists on what a step is. */
export function expectStep<R extends { readonly step: string }, S extends R['step']>(
  t: Test,
  result: R,
  step: S,
): Extract<R, { step: S }> {
  if (result.step !== step) {
    t.fail(`expected ${step}, got ${JSON.stringify(result)}`)
    throw new Error(`not ${step}`)
  }
  return result as Extract<R, { step: S }>
}

/** The password step of a user without a factor. */
export async function atEnrolment(t: Test, bench: LoginBench, username = 'alice'): Promise<EnrolmentDue> {
  return expectStep(t, await bench.login.password({ username, password: RIGHT, client: CLIENT }), 'enrol')
}

/** What an authenticator app is given. */
export type TotpOffer = EnrolmentOffer & { factor: 'totp' }

/** Begins an enrolment of an authenticator app. */
export async function startTotp(
  bench: LoginBench,
  { session, challenge }: Pick<EnrolmentDue, 'session' | 'challenge'>,
  ticket?: string,
): Promise<TotpOffer> {
  const request = { sessionId: session.id, challenge, ticket, client: CLIENT }
  const offer = await bench.login.startEnrolment(request)
  if (offer.step !== 'enrolment' || offer.factor !== 'totp')
    throw new Error(`no offer: ${JSON.stringify(offer)}`)
  return offer
}

/** A first login from password to backup codes. Leaves the clock two steps later, so that the next code is a new one. */
export async function enrolled(
  t: Test,
  bench: LoginBench,
  username = 'alice',
): Promise<{ readonly secret: string; readonly done: Done; readonly backupCodes: readonly string[] }> {
  const due = await atEnrolment(t, bench, username)
  const { secret } = await startTotp(bench, due)
  const done = expectStep(t, await answer(bench, due, bench.code(secret)), 'done')
  bench.time.now += 2 * STEP
  return { secret, done, backupCodes: done.backupCodes ?? [] }
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
  factor: Parameters<Login['secondFactor']>[0]['factor'] = 'totp',
  login: Login = bench.login,
): Promise<LoginStep> {
  const { session, challenge } = due
  return login.secondFactor({ sessionId: session.id, challenge, factor, code, client: CLIENT })
}

/** The code in the last message that has one: notices of what happened come in between. */
export function codeIn(messages: readonly Message[]): string {
  const [code] = messages.flatMap(({ text }) => /\b[0-9]{6}\b/.exec(text) ?? []).slice(-1)
  if (code === undefined) throw new Error(`no code in ${JSON.stringify(messages.at(-1))}`)
  return code
}

/** Another code of as many digits. */
export function otherThan(code: string): string {
  return code === '000000' ? '000001' : '000000'
}
