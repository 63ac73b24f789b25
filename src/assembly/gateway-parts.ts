import type { Logger } from 'pino'
import type { Audit } from '../audit/audit-event.js'
import type { BegunSessions } from '../audit/begun-sessions.js'
import type { AuditLog } from '../audit/open-audit-log.js'
import type { Clock } from '../clock.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { SigningKeys } from '../credentials/signing-keys.js'
import type { LiveStreams } from '../gate/live-streams.js'
import type { ReadCredential } from '../http/credential.js'
import type { GatewayServer } from '../http/server.js'
import type { Store } from '../store/store.js'
import type { LookAhead } from '../login/continue-login.js'
import type { Metrics } from '../metrics/metrics.js'
import type { ClockWatch } from './clock-watch.js'
import type { Health } from './health.js'
import type { LiveConfig } from './live-config.js'
import type { Reload } from './reload.js'
import type { RequestWatch } from './request-watch.js'
import type { Services } from './services.js'
import type { LiveShadow } from './shadow.js'

/** The parts that gate, portal and entrance share in one process. */
export interface GatewayParts {
  readonly config: GatewayConfig
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly log: Logger
  readonly audit: Audit
  /** Whether lines are written, and how many were not. */
  readonly auditLog: Pick<AuditLog, 'takesLines' | 'lost' | 'failing'>
  /** What the requests under way have begun. */
  readonly begunSessions: BegunSessions
  /** What of the configuration may change while the gateway runs. */
  readonly live: LiveConfig
  readonly lookAhead: LookAhead
  readonly reload: Reload
  readonly health: Health
  readonly clockWatch: ClockWatch
  readonly metrics: Metrics
  /** Follows requests to their end; undefined: nobody wants to know. */
  readonly watch: RequestWatch | undefined
  readonly shadow: LiveShadow
  readonly services: Services
  readonly readCredential: ReadCredential
  /** What signs assertions. */
  readonly keys: SigningKeys
  /** What signs access and ID tokens. */
  readonly tokenKeys: SigningKeys
  readonly liveStreams: LiveStreams
  readonly server: GatewayServer
}
