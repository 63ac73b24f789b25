import { assuranceOf } from '../../access/assurance.js'
import type { SessionRecord } from '../../credentials/session-record.js'
import { describeBrowser } from '../../pages/describe-browser.js'

/** A session for people and programs; nothing of it opens anything. Moments are UTC, ISO 8601. */
export interface SessionRow {
  readonly reference: string
  readonly user: string
  readonly carrier: string
  readonly since: string
  readonly last_seen: string
  readonly expires: string
  readonly address: string
  readonly browser: string
  readonly assurance: string
  readonly methods: readonly string[]
}

/** Makes the row of a session. */
export function sessionRow(session: SessionRecord): SessionRow {
  const { reference, subject, carrier, createdAt, lastSeenAt, expiresAt, address, userAgent, proofs } =
    session
  return {
    reference,
    user: subject,
    carrier,
    since: isoTime(createdAt),
    last_seen: isoTime(lastSeenAt),
    expires: isoTime(expiresAt),
    address,
    browser: describeBrowser(userAgent),
    assurance: assuranceOf(proofs),
    methods: [...new Set(proofs.map(({ method }) => method))],
  }
}

/** Milliseconds since the epoch as UTC, ISO 8601. */
export function isoTime(at: number): string {
  return new Date(at).toISOString()
}

/** The same to the minute, for a table. */
export function shortTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}
