import type { Clock } from '../clock.js'
import type { Audit } from './audit-event.js'

export interface AuditLogOptions {
  /** Takes one line as a JSON-able object; a logger's `info`, for example. Must not throw and must not wait. */
  readonly write: (line: Readonly<Record<string, unknown>>) => void
  readonly now: Clock
}

/** Tells each event as one line: when (UTC, ISO 8601), what, who, from where. */
export function createAuditLog({ write, now }: AuditLogOptions): Audit {
  return ({ event, subject, address, requestId, reason, session, detail }) => {
    write({
      at: new Date(now()).toISOString(),
      audit: event,
      subject,
      address,
      request_id: requestId,
      reason,
      session,
      ...(detail === undefined ? {} : { detail }),
    })
  }
}
