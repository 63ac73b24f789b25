import { dropNamedFields } from './connection-field.js'
import type { HeaderRoles, ReadField } from './header-roles.js'

/** What the gate learns from a request's header fields in one pass. A field that is absent is undefined. */
export interface RequestHeaders {
  readonly fields: Readonly<Record<ReadField, string | undefined>>
  /** The fields that go upstream unchanged: name, value, name, value, … */
  readonly passed: readonly string[]
  /** A field that may stand only once stood twice. */
  readonly repeated: boolean
}

/** Requests with more fields are refused: Node would silently leave some out. */
export const MOST_HEADERS = 200

/**
 * Sorts the header fields of a request.
 * @param raw names and values in turn, as `IncomingMessage.rawHeaders` gives them
 */
export function readRequestHeaders(raw: readonly string[], roleOf: HeaderRoles): RequestHeaders {
  const passed: string[] = []
  const fields = noFields()
  let repeated = false
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const value = raw[index + 1] ?? ''
    const role = roleOf(name)
    if (role.passed) passed.push(name, value)
    if (role.field === undefined) continue
    const before = fields[role.field]
    if (before === undefined) fields[role.field] = value
    else if (role.joint === undefined) repeated = true
    else fields[role.field] = before + role.joint + value
  }
  dropNamedFields(passed, fields.connection)
  return { fields, passed, repeated }
}

function noFields(): Record<ReadField, string | undefined> {
  return {
    accept: undefined,
    authorization: undefined,
    connection: undefined,
    contentLength: undefined,
    cookie: undefined,
    fetchMode: undefined,
    forwardedFor: undefined,
    forwardedHost: undefined,
    forwardedProto: undefined,
    host: undefined,
    origin: undefined,
    preflightMethod: undefined,
    te: undefined,
    transferEncoding: undefined,
    upgrade: undefined,
    webSocketKey: undefined,
  }
}
