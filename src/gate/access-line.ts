/** One request as the access log tells it. Texts hold one character for each byte that was sent, but for the user. */
export interface AccessEntry {
  /** When its head was there, in milliseconds since the epoch. */
  readonly time: number
  /** The client's address after trusted proxies. */
  readonly address: string
  readonly method: string
  /** As it was sent, where the request could not be read. Undefined: there was none. */
  readonly host: string | undefined
  /** The request target. */
  readonly path: string
  /** `1.1` and the like. */
  readonly version: string
  /** Undefined: the client went away before there was an answer. */
  readonly status: number | undefined
  /** Of the body of the answer. */
  readonly bytes: number
  /** Whether the answer was sent to its end. */
  readonly complete: boolean
  /** From the head of the request to the end of its answer, in seconds. */
  readonly duration: number
  readonly user: string | undefined
  readonly route: string | undefined
  /** What was decided, or `refused` where nothing was. Undefined: the gateway's own address. */
  readonly decision: string | undefined
  /** Why it was answered in place of the upstream. */
  readonly reason: string | undefined
  readonly requestId: string | undefined
  readonly traceId: string | undefined
  readonly userAgent: string | undefined
}

/** How a line of the access log looks. `combined` and `common` are those of Apache and nginx. */
export type AccessFormat = 'json' | 'combined' | 'common'

/** In characters; what is longer is cut. */
const LONGEST_PATH = 4_096
const LONGEST_AGENT = 200
const LONGEST_HOST = 255

/**
 * Writes a line of the access log, with its end. Nothing that a client sends can end the line, begin another field or
 * steer a terminal: all but the printable characters of ASCII is escaped (OWASP ASVS 5.0, 16.4.1).
 */
export function formatAccessLine(format: AccessFormat, entry: AccessEntry): string {
  if (format === 'json') return `${jsonLine(entry)}\n`
  const { address, user, method, version, status, bytes } = entry
  const who = user === undefined ? '-' : escapeBytes(Buffer.from(user).toString('latin1'), / /g)
  const request = `${escapeBytes(method)} ${escapeBytes(cut(entry.path, LONGEST_PATH))} HTTP/${version}`
  const line = `${address} - ${who} [${commonTime(entry.time)}] "${request}" ${status ?? '-'} ${bytes}`
  if (format === 'common') return `${line}\n`
  return `${line} "-" "${escapeBytes(cut(entry.userAgent ?? '-', LONGEST_AGENT))}"\n`
}

function cut(text: string, longest: number): string {
  return text.length > longest ? text.slice(0, longest) : text
}

/** Written out: copying an entry with a spread costs more here than the rest of the line. */
function jsonLine(entry: AccessEntry): string {
  const { host, complete, userAgent } = entry
  const line = JSON.stringify({
    time: new Date(entry.time).toISOString(),
    address: entry.address,
    method: entry.method,
    host: host && cut(host, LONGEST_HOST),
    path: cut(entry.path, LONGEST_PATH),
    version: entry.version,
    status: entry.status,
    bytes: entry.bytes,
    user: entry.user,
    route: entry.route,
    decision: entry.decision,
    reason: entry.reason,
    complete: complete ? undefined : false,
    duration: Math.round(entry.duration * 1e6) / 1e6,
    request_id: entry.requestId,
    trace_id: entry.traceId,
    user_agent: userAgent && cut(userAgent, LONGEST_AGENT),
  })
  return line.replace(/[^\x20-\x7e]/g, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As nginx does it: quotes, backslashes and all that is not printable as `\xHH`. `more` is escaped too. */
function escapeBytes(text: string, more?: RegExp): string {
  const hex = (sign: string): string => `\\x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  const escaped = text.replace(/[^\x20-\x7e]|["\\]/g, hex)
  return more === undefined ? escaped : escaped.replace(more, hex)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `10/Oct/2026:13:55:36 +0000`, always in UTC. */
function commonTime(time: number): string {
  const [date = '', clock = ''] = new Date(time).toISOString().split(/[T.]/)
  const [year, month, day] = date.split('-')
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock} +0000`
}
