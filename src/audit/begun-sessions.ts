import type { Audit } from './audit-event.js'

/** A session that a request began, or gave a new id. */
export interface BegunSession {
  readonly subject: string
  /** Its public name. */
  readonly reference: string
}

/** What the requests under way have begun. */
export interface BegunSessions {
  /** Passes on what it is told, and notes the sessions. */
  readonly audit: Audit
  /** Gives what a request has begun so far, once. */
  take(requestId: string): readonly BegunSession[]
}

/** Requests that are remembered at most: the oldest has long been answered then. */
const MOST_REQUESTS = 10_000

/** Follows the audit log, so that a session whose line cannot be written can be ended by whoever finds that. */
export function createBegunSessions(audit: Audit): BegunSessions {
  const byRequest = new Map<string, BegunSession[]>()
  return {
    audit: told => {
      audit(told)
      const { event, requestId, subject, session: reference } = told
      if (event !== 'session.started' && event !== 'session.replaced') return
      if (requestId === undefined || subject === undefined || reference === undefined) return
      const begun = byRequest.get(requestId)
      if (begun === undefined) byRequest.set(requestId, [{ subject, reference }])
      else begun.push({ subject, reference })
      const [oldest] = byRequest.keys()
      if (byRequest.size > MOST_REQUESTS && oldest !== undefined) byRequest.delete(oldest)
    },
    take: requestId => {
      const begun = byRequest.get(requestId) ?? []
      byRequest.delete(requestId)
      return begun
    },
  }
}
