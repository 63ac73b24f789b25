import type { AuditEvent } from './audit-event.js'

/** The text that clients give (names, browsers) is kept up to so many characters. */
const LONGEST_TEXT = 200

/** One event as the members of its line, in their order. Undefined ones are left out of the JSON. */
export function membersOf(told: AuditEvent, at: number): Readonly<Record<string, unknown>> {
  const { event, subject, address, requestId, reason, session, browser, detail } = told
  return {
    at: new Date(at).toISOString(),
    audit: event,
    subject: short(subject),
    address,
    request_id: requestId,
    reason: short(reason),
    session,
    browser: browser === '' ? undefined : short(browser),
    detail: detail && Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, short(value)])),
  }
}

/**
 * JSON in one line of printable characters. `JSON.stringify` escapes what JSON must; what terminals and readers of lines
 * take for a control is escaped too: DEL and C1, U+2028 and U+2029, marks that turn the direction of writing.
 */
export function jsonLine(members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(members).replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const UNPRINTABLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** Cut between code points, never inside of one. */
function short<Value>(value: Value): Value | string {
  if (typeof value !== 'string' || value.length <= LONGEST_TEXT) return value
  return `${[...value.slice(0, LONGEST_TEXT + 1)].slice(0, LONGEST_TEXT).join('')}…`
}
