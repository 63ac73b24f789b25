import type { Audit } from '../audit/audit-event.js'
import type { Clock } from '../clock.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { createAccessTokens } from '../credentials/access-tokens.js'
import type { AccessTokens } from '../credentials/access-tokens.js'
import { createApiTokens } from '../credentials/api-tokens.js'
import type { ApiTokens } from '../credentials/api-tokens.js'
import { createAuthenticate } from '../credentials/authenticate.js'
import type { Authenticate } from '../credentials/authenticate.js'
import { createLoginChallenges } from '../credentials/login-challenges.js'
import { createRefreshTokens } from '../credentials/refresh-tokens.js'
import type { RefreshTokens } from '../credentials/refresh-tokens.js'
import { createSessions } from '../credentials/sessions.js'
import type { Sessions } from '../credentials/sessions.js'
import type { SigningKeys } from '../credentials/signing-keys.js'
import { createMagicLinks } from '../factors/magic-link.js'
import { createAccountChanges } from '../login/account-changes.js'
import type { AccountChanges } from '../login/account-changes.js'
import { createFactorChanges } from '../login/factor-changes.js'
import type { FactorChanges } from '../login/factor-changes.js'
import { createFreshProof } from '../login/fresh-proof.js'
import { createActivity } from '../login/activity.js'
import type { Activity } from '../login/activity.js'
import { withNotices } from '../login/check-notices.js'
import { createChecks } from '../login/checks.js'
import type { Tell } from '../login/checks.js'
import { createContinueLogin } from '../login/continue-login.js'
import type { LookAhead } from '../login/continue-login.js'
import { createFindCurrentSession } from '../login/current-session.js'
import type { FindUser } from '../login/current-session.js'
import { createEnrolment } from '../login/enrolment.js'
import { createEnrolmentTickets } from '../login/enrolment-tickets.js'
import type { EnrolmentTickets } from '../login/enrolment-tickets.js'
import { createKnownBrowsers } from '../login/known-browsers.js'
import { createLinkLogin } from '../login/link-login.js'
import type { LinkLogin } from '../login/link-login.js'
import { createLockout } from '../login/lockout.js'
import type { Lockout } from '../login/lockout.js'
import { createLogin } from '../login/login.js'
import type { Login } from '../login/login-step.js'
import { createLogout } from '../login/logout.js'
import type { Logout } from '../login/logout.js'
import { createNotify } from '../login/notify.js'
import { createFinish, createPasswordless } from '../login/passwordless.js'
import type { Passwordless } from '../login/passwordless.js'
import { createReadyFactors } from '../login/ready-factors.js'
import type { FindReadyFactors } from '../login/ready-factors.js'
import { createRefreshLogin } from '../login/refresh-login.js'
import type { RefreshLogin } from '../login/refresh-login.js'
import { createRememberedDevices } from '../login/remembered-devices.js'
import type { RememberedDevices } from '../login/remembered-devices.js'
import { createStatelessLogin } from '../login/stateless-login.js'
import type { StatelessLogin } from '../login/stateless-login.js'
import type { Messages } from './messages.js'
import { createFactorSet } from './factor-set.js'
import type { FactorSet } from './factor-set.js'
import { createSeal } from '../store/seal.js'
import type { Store } from '../store/store.js'
import { createHashQueue } from '../users/hash-queue.js'
import type { PasswordHasher } from '../users/hash-threads.js'
import { createPasswordCheck } from '../users/password-check.js'
import type { PasswordCheck } from '../users/password-check.js'
import { createPasswordWriter } from '../users/password-writer.js'
import type { FileDirectory } from '../users/file-directory.js'

export interface ServicesOptions {
  readonly config: GatewayConfig
  readonly store: Store
  /** The first derives every key, the others still open what they sealed. */
  readonly secrets: readonly string[]
  readonly directory: FileDirectory
  readonly hasher: PasswordHasher
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly audit: Audit
  /** The ring that signs access and ID tokens. Absent for commands: they issue and read none. */
  readonly tokenKeys?: SigningKeys | undefined
  /** Checks names and passwords. Default: by the directory's hashes. */
  readonly checkPassword?: PasswordCheck | undefined
  /** What the page somebody is going to would say of what they have shown so far. */
  readonly lookAhead: LookAhead
  /** The ways to send something to people. */
  readonly messages: Pick<Messages, 'mail' | 'sms'>
  /** Told of what failed beside a login, and did not keep it from going on. */
  readonly onFault: (error: Error) => void
}

/** Everything about people that needs no HTTP: what the portal and the commands both work with. */
export interface Services {
  readonly factors: FactorSet
  readonly sessions: Sessions
  readonly authenticate: Authenticate
  /** Undefined without `tokenKeys`. */
  readonly accessTokens: AccessTokens | undefined
  readonly refreshTokens: RefreshTokens
  readonly apiTokens: ApiTokens
  readonly login: Login
  readonly logout: Logout
  readonly passwordless: Passwordless
  readonly linkLogin: LinkLogin
  readonly stateless: StatelessLogin
  readonly refresh: RefreshLogin
  readonly accountChanges: AccountChanges & FactorChanges
  readonly devices: RememberedDevices
  readonly activity: Activity
  readonly readyFactors: FindReadyFactors
  readonly findUser: FindUser
  readonly lockout: Lockout
  readonly tickets: EnrolmentTickets
  /** Tells the audit log of what people do, and their account page. */
  readonly tell: Tell
}

export function createServices(options: ServicesOptions): Services {
  const { config, store, secrets, directory, hasher, now, random, messages, onFault } = options
  const { publicUrl, mfa, tokens } = config
  const seal = createSeal(secrets)
  const base = { store, seal, now, random }
  const site = new URL(publicUrl.origin).host
  const portal = `${publicUrl.origin}${config.authPath}`

  const sessions = createSessions({ ...base, ...config.session, tokenLife: tokens.refresh })
  const findUser: FindUser = name => directory.find(name)
  const queue = createHashQueue()
  const factors = createFactorSet({ ...base, config, messages, site, queue, hasher })
  const activity = createActivity({ store, now, onFault })
  const readyFactors = createReadyFactors({
    store,
    factors: factors.offered,
    mayDisable: mfa.mayDisable,
    questionsCount: mfa.questionsCount,
  })
  const tickets = createEnrolmentTickets(base)
  const knownBrowsers = createKnownBrowsers(base)
  const lockout = createLockout({ ...base, knownBrowsers })
  const devices = createRememberedDevices({ ...base, life: mfa.rememberDevice })
  const challenges = createLoginChallenges(base)
  const apiTokens = createApiTokens(base)
  const refreshTokens = createRefreshTokens(base)

  const { bindIp } = config.session
  const notify = createNotify({
    store,
    now,
    findUser,
    send: messages.mail,
    site,
    accountUrl: `${portal}/account`,
    onFault,
  })
  const checks = withNotices({
    notify,
    knownBrowsers,
    backupCodes: factors.backupCodes,
    checks: createChecks({
      lockout,
      checkPassword: options.checkPassword ?? createPasswordCheck({ directory, store, queue, hasher }),
      factors: factors.offered,
      passwordOffered: config.login.methods.includes('password'),
      audit: withActivity(options.audit, activity, findUser),
    }),
  })
  const shared = {
    ...base,
    sessions,
    challenges,
    checks,
    readyFactors,
    devices,
    knownBrowsers,
    findUser,
    findCurrentSession: createFindCurrentSession({ sessions, findUser, bindIp }),
    notify,
    findByContact: (contact: string) => directory.findByContact(contact),
    enrolmentRule: mfa.enrolment,
    questionsCount: mfa.questionsCount,
    ...factors,
  }
  const enrolment = createEnrolment({
    ...shared,
    tickets,
    rule: mfa.enrolment,
    issuer: mfa.issuer,
    parameters: mfa.totp,
  })
  const continueLogin = createContinueLogin({
    ...shared,
    enrollable: factors.enrollable,
    lookAhead: options.lookAhead,
    tell: checks.tell,
  })
  const changing = { ...shared, freshProof: createFreshProof(shared) }
  const passwordlessParts = { ...shared, continueLogin, codeFactors: factors.overChannel }
  const accessTokens =
    options.tokenKeys &&
    createAccessTokens({
      ...base,
      keys: options.tokenKeys,
      issuer: publicUrl.origin,
      audience: tokens.audience,
      clientId: tokens.clientId,
      life: tokens.access,
    })
  return {
    factors,
    sessions,
    accessTokens,
    refreshTokens,
    apiTokens,
    devices,
    activity,
    readyFactors,
    findUser,
    lockout,
    tickets,
    tell: checks.tell,
    authenticate: createAuthenticate({
      sessions,
      accessTokens,
      apiTokens,
      findUser,
      bindIp,
      remembersDevices: config.mfa.rememberDevice !== undefined,
    }),
    login: createLogin({ ...shared, continueLogin, enrolment }),
    logout: createLogout(shared),
    stateless: createStatelessLogin({ ...shared, continueLogin }),
    passwordless: createPasswordless({
      ...passwordlessParts,
      offers: method => config.login.methods.includes(method),
    }),
    linkLogin: createLinkLogin({
      ...shared,
      finish: createFinish(passwordlessParts),
      links: createMagicLinks(base),
      send: messages.mail,
      addressOf: token => `${portal}/link/${token}`,
      site,
      offered: config.login.methods.includes('link'),
    }),
    refresh: createRefreshLogin({
      ...shared,
      continueLogin,
      refreshTokens,
      mfaMaxAge: tokens.mfaMaxAge,
    }),
    accountChanges: {
      ...createFactorChanges({ ...changing, enrolment, mayDisable: mfa.mayDisable }),
      ...createAccountChanges({
        ...changing,
        apiTokens,
        selfServiceScopes: tokens.selfServiceScopes,
        changePassword: createPasswordWriter({
          file: config.users.file,
          hasher,
          onWritten: () => {
            directory.reload()
          },
        }),
      }),
    },
  }
}

/** Notes what people do for their account page too. Names that nobody has leave no trace there. */
function withActivity(audit: Audit, activity: Activity, findUser: FindUser): Audit {
  return told => {
    audit(told)
    const { event, subject, address = '', browser, reason } = told
    if (subject === undefined || browser === undefined || findUser(subject) === undefined) return
    void activity.note(subject, { event, address, browser, detail: reason })
  }
}
