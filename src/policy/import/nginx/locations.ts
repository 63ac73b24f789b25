import type { LineColumn } from '../../../documents/source-text.js'
import { type AddressRange, readRange } from '../address-range.js'
import type { NoteTaker } from '../imported.js'
import type { Directive } from './nginx-syntax.js'

/** One line of `allow` or `deny`. */
export interface AccessLine {
  readonly allows: boolean
  /** Undefined: everybody. */
  readonly range: AddressRange | undefined
}

/** What holds in a server or location, with what it inherits. */
export interface Protection {
  /** Whether somebody else is asked (auth_request, auth_basic, auth_jwt). */
  readonly asksLogin: boolean
  readonly access: readonly AccessLine[]
  readonly satisfiesAny: boolean
}

/** One location as the choice among them sees it. `none`: the prefix without a modifier. */
export interface Location {
  readonly place: LineColumn
  readonly modifier: '=' | '^~' | '~' | '~*' | 'none'
  readonly text: string
  readonly protection: Protection
  /** Where its requests go: an origin. `own`: nginx answers itself. `internal`: nobody reaches it. */
  readonly target: { readonly origin: string } | 'own' | 'internal' | 'unknown'
  /** What of it cannot be judged here, as a sentence: then at least a login is asked. */
  readonly doubt: string | undefined
}

/** What every location of nginx begins with when nothing is said. */
export const OPEN: Protection = { asksLogin: false, access: [], satisfiesAny: false }

const LOGINS = new Set(['auth_request', 'auth_basic', 'auth_jwt'])
/** What may send a request elsewhere, or refuse it, on conditions that no route has. */
const CONDITIONAL = new Set([
  'if',
  'rewrite',
  'return',
  'limit_except',
  'include',
  'error_page',
  'set',
  'js_access',
])
const ANSWERS =
  /^(?:root|alias|try_files|return|empty_gif|stub_status|(?:fastcgi|uwsgi|scgi|grpc|memcached)_pass)$/

/** What holds in a block: its own directives, and those above it where it has none of a kind. */
export function protectionOf(block: readonly Directive[], above: Protection, notes: NoteTaker): Protection {
  let { asksLogin, satisfiesAny } = above
  const logins = block.filter(({ name }) => LOGINS.has(name))
  if (logins.length > 0) asksLogin = logins.some(({ args }) => args[0] !== 'off')
  for (const { name, place } of logins)
    if (name !== 'auth_request')
      notes.told(place, `${name} becomes a login of the gateway`, 'add these people to the users file')
  const satisfy = block.find(({ name }) => name === 'satisfy')
  if (satisfy !== undefined) satisfiesAny = satisfy.args[0] === 'any'
  const own = block.filter(({ name }) => name === 'allow' || name === 'deny')
  const access = own.flatMap(({ name, args, place }): AccessLine[] => {
    const allows = name === 'allow'
    const [who = ''] = args
    if (who === 'unix:') return []
    if (who === 'all') return [{ allows, range: undefined }]
    const range = readRange(who)
    if (range !== undefined) return [{ allows, range }]
    notes.lost(place, `"${who}" is no address or network`, 'write the network into the routes yourself')
    // Not knowing whom it allows, nobody is; not knowing whom it denies, everybody is.
    return allows ? [] : [{ allows, range: undefined }]
  })
  return { asksLogin, satisfiesAny, access: own.length > 0 ? access : above.access }
}

/** Reads one location; undefined for a named one, which no request reaches by itself. */
export function readLocation(
  directive: Directive,
  above: Protection,
  origins: ReadonlyMap<string, string>,
  notes: NoteTaker,
): Location | undefined {
  const { args, block = [], place } = directive
  const [first = '', second] = args
  const joined = /^(=|\^~|~\*?)(.+)$/.exec(first)
  const modifier = second === undefined ? (joined?.[1] ?? 'none') : first
  const text = second ?? joined?.[2] ?? first
  if (text.startsWith('@')) return undefined
  if (modifier !== '=' && modifier !== '^~' && modifier !== '~' && modifier !== '~*' && modifier !== 'none') {
    notes.lost(place, `the location modifier ${modifier} is not known`, 'write routes for it yourself')
    return undefined
  }
  const nested = block.filter(({ name }) => name === 'location')
  const odd = block.find(({ name, args: [code = ''] }) => CONDITIONAL.has(name) && !isHarmless(name, code))
  const doubts = [
    ...(odd === undefined ? [] : [`"${odd.name}" on line ${odd.place.line} cannot be carried over`]),
    ...(nested.length === 0 ? [] : ['locations inside it cannot be carried over']),
  ]
  const own = protectionOf(block, above, notes)
  // Of nested locations the strictest holds for all of it.
  const isClosed = nested.some(one => deniesAll(protectionOf(one.block ?? [], own, notes)))
  return {
    place,
    modifier,
    text,
    protection: isClosed
      ? { ...own, satisfiesAny: false, access: [{ allows: false, range: undefined }] }
      : own,
    target: targetOf(block, origins),
    doubt: doubts.length === 0 ? undefined : doubts.join(', and '),
  }
}

function isHarmless(name: string, code: string): boolean {
  if (name === 'include') return isOfParameters(code)
  return name === 'set' || (name === 'error_page' && /^(?:40[13]|50\d)$/.test(code))
}

/** Whether an included file is one of those that come with nginx and protect nothing. */
export function isOfParameters(file: string): boolean {
  return /(?:^|\/)(?:proxy_params|mime\.types|(?:fastcgi|uwsgi|scgi)_params|fastcgi\.conf)$/.test(file)
}

function deniesAll({ access, asksLogin, satisfiesAny }: Protection): boolean {
  return access[0]?.allows === false && access[0].range === undefined && !(satisfiesAny && asksLogin)
}

function targetOf(block: readonly Directive[], origins: ReadonlyMap<string, string>): Location['target'] {
  if (block.some(({ name }) => name === 'internal')) return 'internal'
  const pass = block.find(({ name }) => name === 'proxy_pass')?.args[0]
  if (pass === undefined) return block.some(({ name }) => ANSWERS.test(name)) ? 'own' : 'unknown'
  const [, scheme = '', authority = '', rest = ''] = /^(https?):\/\/([^/?#]+)(.*)$/i.exec(pass) ?? []
  // With a path behind it nginx rewrites the request, and a variable may be anything.
  if (authority === '' || pass.includes('$') || rest !== '') return 'unknown'
  const url = `${scheme}://${origins.get(authority) ?? authority}`
  return URL.canParse(url) ? { origin: new URL(url).origin } : 'unknown'
}
