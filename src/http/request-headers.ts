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
  const named = fields.connection
  if (named !== undefined && !ONLY_PERSISTENCE.test(named)) dropNamed(passed, named)
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
  }
}

const ONLY_PERSISTENCE = /^(?:keep-alive|close|upgrade)$/i

/** What frames a message cannot be made hop-by-hop by a client. */
const NEVER_NAMED: ReadonlySet<string> = new Set(['content-length'])

/** Removes what the client's Connection field names (RFC 9110, section 7.6.1), before ours are added. */
function dropNamed(passed: string[], named: string): void {
  const names = new Set(named.split(',').map(name => name.trim().toLowerCase()))
  for (let index = passed.length - 2; index >= 0; index -= 2) {
    const name = (passed[index] ?? '').toLowerCase()
    if (names.has(name) && !NEVER_NAMED.has(name)) passed.splice(index, 2)
  }
}
