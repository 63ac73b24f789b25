import { RE2JS } from 're2js'
import type { LineColumn } from '../../../documents/source-text.js'
import { type AddressRange, isIn } from '../address-range.js'
import type { CarriedRule, Level } from '../carried-rule.js'
import type { SourceJudge } from '../imported.js'
import { areDisjoint, coversPath, EVERYTHING, type PathSet, simplified } from '../path-set.js'
import { pathsOfRegex } from '../regex-paths.js'
import type { ProxyUpstream } from './proxy-options.js'

/** Requests that need no login. */
export interface SkipRoute {
  readonly place: LineColumn
  /** Undefined: every method. */
  readonly method: string | undefined
  readonly regex: string
  /** Whether it is for all paths that the regex does not match. */
  readonly negated: boolean
}

/** What oauth2-proxy decides by. */
export interface ProxyRules {
  /** The upstreams, of which the longest path decides. */
  readonly upstreams: readonly ProxyUpstream[]
  /** Where the app is that the gateway will pass requests to. */
  readonly origin: string | undefined
  readonly skips: readonly SkipRoute[]
  readonly trusted: readonly AddressRange[]
  readonly trustedPlace: LineColumn
  readonly skipsPreflight: boolean
  /** Empty: everybody who logs in. */
  readonly groups: readonly string[]
}

/** Decides as oauth2-proxy does; its login is taken for one with two factors. */
export function judgeAsProxy(rules: ProxyRules): SourceJudge {
  return ({ method, path, address }, { user, groups, factors }) => {
    const upstream = chooseUpstream(rules.upstreams, path)
    if (upstream === undefined) return 'not_found'
    if (!leads(upstream, rules.origin)) return 'deny'
    if (rules.skipsPreflight && method === 'OPTIONS') return 'allow'
    if (isIn(rules.trusted, address)) return 'allow'
    const isSkipped = rules.skips.some(
      skip =>
        (skip.method === undefined || skip.method === method) && finds(skip.regex, path) !== skip.negated,
    )
    if (isSkipped) return 'allow'
    if (user === undefined) return 'login'
    if (rules.groups.length > 0 && !rules.groups.some(group => groups.includes(group))) return 'deny'
    return factors === 2 ? 'allow' : 'mfa'
  }
}

/** The rules as a list in which the first match decides. */
export function rulesOfProxy(rules: ProxyRules, loose: boolean): readonly CarriedRule[] {
  const { upstreams, origin, skips, trusted, trustedPlace, skipsPreflight, groups } = rules
  const reading = { withQuery: false, loose, ignoresCase: false }
  const top = { line: 1, column: 1 }
  const rule = (name: string, level: Level, rest: Partial<CarriedRule>): CarriedRule => ({
    place: top,
    name,
    level,
    sure: [EVERYTHING],
    may: [EVERYTHING],
    certain: true,
    methods: undefined,
    networks: undefined,
    samples: ['/x'],
    subjects: undefined,
    ...rest,
  })
  const elsewhere = [...upstreams]
    .sort((a, b) => b.path.length - a.path.length)
    .map(upstream => ({ upstream, leads: leads(upstream, origin) }))
  const pathsFor = (regex: string): Pick<CarriedRule, 'sure' | 'may' | 'samples'> =>
    pathsOfRegex(regex, reading)
  const methodsOf = (method: string | undefined): Pick<CarriedRule, 'methods'> => ({
    methods: method === undefined ? undefined : [method],
  })
  const login = rule('login', 'two_factors', {
    subjects: groups.length === 0 ? undefined : groups.map(group => ({ users: [], groups: [group] })),
  })
  const open: CarriedRule[] = [
    ...(skipsPreflight ? [rule('skip-auth-preflight', 'open', { methods: ['OPTIONS'] })] : []),
    ...(trusted.length > 0 ? [rule('trusted-ip', 'open', { networks: trusted, place: trustedPlace })] : []),
    ...skips
      .filter(skip => !skip.negated)
      .map(skip => {
        const name = `skip-auth-route ${skip.method === undefined ? '' : `${skip.method}=`}${skip.regex}`
        return rule(name, 'open', { place: skip.place, ...methodsOf(skip.method), ...pathsFor(skip.regex) })
      }),
    // Of the negated ones only the last can be said in an order of first matches: all but its paths are open.
    ...skips
      .filter(skip => skip.negated)
      .slice(-1)
      .flatMap(skip => {
        const name = `skip-auth-route ${skip.method ?? ''}!=${skip.regex}`
        const paths = pathsFor(skip.regex)
        const kept = { ...login, name, place: skip.place, ...methodsOf(skip.method), ...paths }
        return [
          kept,
          ...(groups.length === 0 ? [] : [{ ...kept, level: 'closed' as const, subjects: undefined }]),
          rule(name, 'open', { place: skip.place, ...methodsOf(skip.method) }),
        ]
      }),
  ]
  const ways = upstreamRules(elsewhere, rule)
  const isEverywhere = upstreams.some(one => one.path === '/' && leads(one, origin))
  const within = isEverywhere ? [] : elsewhere.filter(one => one.leads).map(({ upstream }) => upstream.path)
  const all = [...ways, ...open, login]
  return isEverywhere ? all : all.map(one => (one.level === 'closed' ? one : restricted(one, within, loose)))
}

/** A rule for the paths of some upstreams alone. */
function restricted(rule: CarriedRule, paths: readonly string[], loose: boolean): CarriedRule {
  const sure: PathSet[] = []
  const may: PathSet[] = []
  for (const path of paths) {
    const isTree = path.endsWith('/')
    const home: PathSet = isTree ? { kind: 'prefix', prefix: path } : { kind: 'exact', path }
    // Of a path with and without a slash behind it only one leads there, and here both are one.
    const sides: readonly PathSet[] = simplified(setsOfUpstream(path))
    for (const set of isTree || loose ? rule.sure : []) {
      if (coversPath(home, set)) sure.push(set)
      else if (coversPath(set, home)) sure.push(home)
    }
    for (const set of rule.may)
      for (const side of sides) {
        if (coversPath(side, set)) may.push(set)
        else if (!areDisjoint(side, set)) may.push(side)
      }
  }
  return { ...rule, sure: simplified(sure), may: simplified([...sure, ...may]) }
}

/** Paths that do not lead to the app are closed; those inside them that do are told apart by length. */
function upstreamRules(
  upstreams: readonly { readonly upstream: ProxyUpstream; readonly leads: boolean }[],
  rule: (name: string, level: Level, rest: Partial<CarriedRule>) => CarriedRule,
): readonly CarriedRule[] {
  return upstreams
    .filter(one => !one.leads)
    .map(({ upstream: { path, place } }) => {
      const set = simplified(setsOfUpstream(path))
      return rule(`upstream of ${path}`, 'closed', { place, sure: set, may: set, samples: [path] })
    })
}

function setsOfUpstream(path: string): readonly PathSet[] {
  if (path.startsWith('^'))
    return pathsOfRegex(path, { withQuery: false, loose: false, ignoresCase: false }).may
  if (path === '/') return [EVERYTHING]
  return path.endsWith('/')
    ? [
        { kind: 'prefix', prefix: path },
        { kind: 'exact', path: path.slice(0, -1) },
      ]
    : [{ kind: 'exact', path }]
}

/** The upstream with the longest path that fits: one that ends in a slash is for all below it. */
function chooseUpstream(upstreams: readonly ProxyUpstream[], path: string): ProxyUpstream | undefined {
  const fits = upstreams.filter(one =>
    one.path.startsWith('^')
      ? finds(one.path, path)
      : one.path.endsWith('/')
        ? path.startsWith(one.path)
        : path === one.path,
  )
  return fits.reduce<ProxyUpstream | undefined>(
    (best, one) => (one.path.length > (best?.path.length ?? -1) ? one : best),
    undefined,
  )
}

/** Whether requests of an upstream can go on as they are to the app that the gateway knows. */
export function leads({ origin, rewrites }: ProxyUpstream, app: string | undefined): boolean {
  return origin !== undefined && origin === app && !rewrites
}

function finds(source: string, text: string): boolean {
  try {
    return RE2JS.compile(source).test(text)
  } catch {
    return false
  }
}
