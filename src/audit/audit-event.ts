/** The closed list of what the audit log tells. A name never changes its meaning. */
export type AuditEventName =
  | 'login.password_accepted'
  | 'login.password_refused'
  | 'login.second_factor_accepted'
  | 'login.second_factor_refused'
  | 'login.first_factor_accepted'
  | 'login.first_factor_refused'
  | 'login.throttled'
  | 'factor.code_sent'
  | 'factor.enrolment_started'
  | 'factor.enrolled'
  | 'factor.renamed'
  | 'factor.removed'
  | 'factor.backup_codes_replaced'
  | 'factor.reset'
  | 'device.remembered'
  | 'device.forgotten'
  | 'account.password_changed'
  | 'account.second_factor_off'
  | 'account.second_factor_on'
  | 'token.refreshed'
  | 'token.reused'
  | 'api_token.created'
  | 'api_token.revoked'
  | 'session.started'
  | 'session.replaced'
  | 'session.ended'
  | 'request.refused'
  | 'request.denied'
  | 'bypass.used'
  | 'policy.loaded'
  | 'policy.rejected'
  | 'operator.command'
  | 'audit.recovered'
  | 'audit.checkpoint'
  | 'audit.lost'

/** One thing that happened. Never holds a password, code, token, cookie or session id. */
export interface AuditEvent {
  readonly event: AuditEventName
  /** The user it is about, where one is known. For a refused login: the canonical name that was tried. */
  readonly subject?: string | undefined
  /** The client's address after trusted proxies, or `local` for the command line. */
  readonly address?: string | undefined
  readonly requestId?: string | undefined
  /** One word or two of why, from a closed list of the module that tells it. */
  readonly reason?: string | undefined
  /** What the client called itself, for the account page; undefined where no person is at work. */
  readonly browser?: string | undefined
  /** Names the session without opening it. */
  readonly session?: string | undefined
  /** Further plain facts. */
  readonly detail?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** Takes one event. Must not throw and must not wait. */
export type Audit = (event: AuditEvent) => void
