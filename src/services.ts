import type { Identity } from './access/identity.js'
import type { Audit } from './audit/audit-event.js'
import type { Clock } from './clock.js'
import type { GatewayConfig } from './config/gateway-config.js'
import { createAuthenticate } from './credentials/authenticate.js'
import type { Authenticate } from './credentials/authenticate.js'
import { createLoginChallenges } from './credentials/login-challenges.js'
import { createSessions } from './credentials/sessions.js'
import type { Sessions } from './credentials/sessions.js'
import { createBackupCodes } from './factors/backup-codes.js'
import type { BackupCodes } from './factors/backup-codes.js'
import { createTotp } from './factors/totp.js'
import type { Totp } from './factors/totp.js'
import { createEnrolment } from './login/enrolment.js'
import { createEnrolmentTickets } from './login/enrolment-tickets.js'
import type { EnrolmentTickets } from './login/enrolment-tickets.js'
import { createLockout } from './login/lockout.js'
import type { Lockout } from './login/lockout.js'
import { createLogin } from './login/login.js'
import type { Login } from './login/login-step.js'
import { createSeal } from './store/seal.js'
import type { Seal } from './store/seal.js'
import type { Store } from './store/store.js'
import { createHashQueue } from './users/hash-queue.js'
import { createPasswordCheck } from './users/password-check.js'
import type { DirectoryUser } from './users/user-directory.js'
import type { FileDirectory } from './users/file-directory.js'

export interface ServicesOptions {
  readonly config: Pick<GatewayConfig, 'session' | 'mfa'>
  readonly store: Store
  /** The first derives every key, the others still open what they sealed. */
  readonly secrets: readonly string[]
  readonly directory: FileDirectory
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly audit: Audit
  /** Whether the page somebody is going to opens with what they have shown so far. */
  readonly opens: (identity: Identity, returnTo: string, address: string) => boolean
}

/** Everything about people that needs no HTTP: what the portal and the commands both work with. */
export interface Services {
  readonly seal: Seal
  readonly sessions: Sessions
  readonly authenticate: Authenticate
  readonly login: Login
  readonly lockout: Lockout
  readonly totp: Totp
  readonly backupCodes: BackupCodes
  readonly tickets: EnrolmentTickets
}

export function createServices(options: ServicesOptions): Services {
  const { config, store, secrets, directory, now, random, audit } = options
  const seal = createSeal(secrets)
  const sessions = createSessions({ store, now, random, ...config.session })
  const findUser = (name: string): DirectoryUser | undefined => directory.find(name)
  const totp = createTotp({ store, seal, now })
  const backupCodes = createBackupCodes({ store, seal, now, random })
  const tickets = createEnrolmentTickets({ store, now, random })
  const lockout = createLockout({ store, now })
  const { enrolment: rule, issuer } = config.mfa
  const login = createLogin({
    store,
    now,
    sessions,
    challenges: createLoginChallenges({ store, now, random }),
    lockout,
    totp,
    backupCodes,
    enrolment: createEnrolment({ store, seal, now, random, totp, tickets, rule, issuer }),
    enrolmentRule: rule,
    checkPassword: createPasswordCheck({ directory, store, queue: createHashQueue() }),
    findUser,
    opens: options.opens,
    audit,
  })
  const authenticate = createAuthenticate({ sessions, findUser })
  return { seal, sessions, authenticate, login, lockout, totp, backupCodes, tickets }
}
