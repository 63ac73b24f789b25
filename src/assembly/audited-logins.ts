import type { TakesAuditLines } from '../portal/audited-changes.js'
import type { GatewayParts } from './gateway-parts.js'

/**
 * Tries to write what was told. Where that fails after a request has done its work, the sessions that it began end:
 * nobody has been given them, and nobody could see in the log that there are any.
 */
export function createTakesAuditLines(
  parts: Pick<GatewayParts, 'auditLog' | 'begunSessions' | 'services' | 'log'>,
): TakesAuditLines {
  const { auditLog, begunSessions, services, log } = parts
  return async done => {
    const written = await auditLog.takesLines()
    if (done === undefined) return written
    const begun = begunSessions.take(done.requestId)
    if (written) return true
    for (const { subject, reference } of begun) {
      try {
        const ended = await services.sessions.endByReference(subject, reference)
        if (ended) services.tell('session.ended', subject, done, 'audit_unavailable', reference)
      } catch (error) {
        log.error(
          { error, session: reference },
          'a session that the audit log does not tell of could not be ended',
        )
      }
    }
    return false
  }
}
