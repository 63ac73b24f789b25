import type { AccessRequest } from './access-request.js'
import { canonicalHost } from './host.js'

/** Something ambiguous in a path that an app may accept by name (setting `allow_in_path`). */
export type PathLeniency =
  | 'empty_segment'
  | 'encoded_slash'
  | 'encoded_backslash'
  | 'semicolon'
  | 'double_encoding'
  | 'unicode_lookalike'

/** Why a request cannot be read in one way only. Those of `PathLeniency` may be accepted by an app. */
export type Refusal =
  | PathLeniency
  | 'bad_escape'
  | 'bad_host'
  | 'bad_target'
  | 'control_character'
  | 'dot_segment'
  | 'method_not_allowed'
  | 'too_long'
  | 'unencoded_character'

/** What the HTTP parser read of a request, unchanged. */
export interface RawRequest {
  readonly method: string
  /** The request target of RFC 9112, section 3.2. */
  readonly target: string
  /** The value of the only Host header; undefined when there was none or more than one. */
  readonly host: string | undefined
  /** Whether it carries `Origin` and `Access-Control-Request-Method`. */
  readonly asksPreflight: boolean
}

export type Canonical =
  { readonly ok: true; readonly request: AccessRequest } | { readonly ok: false; readonly refusal: Refusal }

/** Longest path that is read, in characters of the request target. */
const LONGEST_PATH = 8192

/** Methods are read without change of case, so that `get` is never taken for a method that no route names. */
const METHOD = /^[A-Z-]{1,32}$/

/** A path that is its own canonical form, unless `REFUSED_PLAIN` is in it; nearly every request. */
const PLAIN = /^\/[A-Za-z0-9\-._~!$&'()*+,=:@/]*$/
const REFUSED_PLAIN = /\/(?:\/|\.+(?:\/|$))/
/** Spaces around the dots do not help: some servers trim them. Written so that it never goes back on a character. */
const SEGMENT_OF_DOTS = /(?:^|[/\\;]) *\.[. ]*(?:[/\\;]|$)/
const ESCAPE = /%([0-9A-Fa-f]{2})/g
/** An escape of an unreserved character, or with a small letter. Few clients send one, and rewriting is dear. */
const TO_REWRITE = /%(?:[0-9A-F]?[a-f]|2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)/
const UNRESERVED = /[A-Za-z0-9\-._~]/
const STRUCTURE = /[/\\;]|%[0-9A-Fa-f]{2}/g

/**
 * Reads a request in the one way in which the policy, the gateway and the upstream all read it, or refuses it.
 * Unreserved characters that were escaped are decoded and escapes are upper-cased (RFC 3986, section 6.2.2); what
 * two servers could read differently is refused, not repaired.
 * @param leniencies what the app of this host accepts, by canonical host
 */
export function canonicalise(
  raw: RawRequest,
  leniencies: (host: string) => readonly PathLeniency[],
): Canonical {
  if (raw.method === 'TRACE' || raw.method === 'CONNECT' || !METHOD.test(raw.method)) {
    return refuse('method_not_allowed')
  }
  const host = raw.host === undefined ? undefined : canonicalHost(raw.host)
  if (raw.host === undefined || host === undefined) return refuse('bad_host')

  const target = originForm(raw.target, raw.host)
  if (target === undefined) return refuse('bad_target')
  const mark = target.indexOf('?')
  const sentPath = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  if (sentPath.length > LONGEST_PATH) return refuse('too_long')
  if (query !== '' && !/^[\x21-\x7e]*$/.test(query)) return refuse('unencoded_character')
  if (query.includes('#')) return refuse('bad_target')

  const { method } = raw
  const preflight = method === 'OPTIONS' && raw.asksPreflight
  if (PLAIN.test(sentPath) && !REFUSED_PLAIN.test(sentPath)) {
    return { ok: true, request: { method, host, path: sentPath, encodedPath: sentPath, query, preflight } }
  }
  const path = canonicalPath(sentPath, leniencies(host))
  return typeof path === 'string'
    ? refuse(path)
    : { ok: true, request: { method, host, ...path, query, preflight } }
}

/**
 * Takes origin-form as it is and absolute-form when it names the very host of the Host header; anything else
 * (asterisk-form, authority-form, another scheme or host, user information) gives undefined.
 */
function originForm(target: string, host: string): string | undefined {
  if (target.startsWith('/')) return target
  const parts = /^https?:\/\/([^/?#]*)([/?].*)?$/i.exec(target)
  if (parts?.[1]?.toLowerCase() !== host.toLowerCase()) return undefined
  const rest = parts[2] ?? '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}

function canonicalPath(
  sent: string,
  allowed: readonly PathLeniency[],
): { readonly path: string; readonly encodedPath: string } | Refusal {
  const refused = (leniency: PathLeniency, found: boolean): boolean => found && !allowed.includes(leniency)
  // Two slashes in front are read as the name of a host (RFC 3986, section 4.2): no app may accept them.
  if (sent.startsWith('//')) return 'empty_segment'
  if (sent.includes('#')) return 'bad_target'
  if (!/^[\x21-\x7e]*$/.test(sent) || sent.includes('\\')) return 'unencoded_character'
  if (/%(?![0-9A-Fa-f]{2})/.test(sent)) return 'bad_escape'

  const encodedPath = TO_REWRITE.test(sent) ? sent.replace(ESCAPE, rewriteEscape) : sent
  if (refused('double_encoding', /%25[0-9A-Fa-f]{2}/.test(encodedPath))) return 'double_encoding'
  if (refused('encoded_slash', encodedPath.includes('%2F'))) return 'encoded_slash'
  if (refused('encoded_backslash', encodedPath.includes('%5C'))) return 'encoded_backslash'

  const decoded = decode(encodedPath)
  if (decoded === undefined) return 'bad_escape'
  const path = allowed.includes('double_encoding') ? decodeAgain(decoded) : decoded
  // Control characters of ASCII and of Latin-1, and the separators that some servers take for line ends.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path)) return 'control_character'
  if (refused('semicolon', path.includes(';'))) return 'semicolon'
  // A server that normalises Unicode must not find dots, separators or escapes where the policy saw none.
  const normal = path.normalize('NFKC')
  const differs = normal !== path
  if (SEGMENT_OF_DOTS.test(path) || (differs && SEGMENT_OF_DOTS.test(normal))) return 'dot_segment'
  if (refused('empty_segment', path.includes('//'))) return 'empty_segment'
  if (refused('unicode_lookalike', differs && structureOf(normal) !== structureOf(path)))
    return 'unicode_lookalike'
  return { path: allowed.length === 0 ? path : strictReading(path), encodedPath }
}

function rewriteEscape(escape: string, digits: string): string {
  const character = String.fromCharCode(parseInt(digits, 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}

/**
 * Where an app accepts something ambiguous, routes are matched against the reading that reaches most: a parameter
 * is cut off its segment, a backslash separates, and slashes in a row are one.
 */
function strictReading(path: string): string {
  return path
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/')
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** What an upstream that decodes twice makes of the path. ASCII only: the rest separates nothing. */
function decodeAgain(path: string): string {
  return path.replace(/%([0-7][0-9A-Fa-f])/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  )
}

function structureOf(path: string): string | undefined {
  return path.match(STRUCTURE)?.join('')
}

function refuse(refusal: Refusal): Canonical {
  return { ok: false, refusal }
}
