import { METHODS } from 'node:http'
import { canonicalise, type PathLeniency } from '../../access/canonicalise.js'
import { judge, type AskedRequest, type Verdict } from '../../access/judge.js'
import { parsePathPattern, type PathPattern } from '../../access/path-pattern.js'
import type { Policy } from '../../access/policy.js'
import type { AppPolicy } from '../../access/route.js'
import { SOMEWHERE, tellingAddresses } from './addresses.js'
import { divideIntoCells, type OrderedRoute, type PathCell, type Side } from './path-cells.js'
import { lenientSpellings, targetOf } from './path-spelling.js'

/** Requests that neither policy tells apart as long as nobody in particular asks, by one of them. */
export interface RequestCell {
  readonly asked: AskedRequest
  readonly verdicts: Readonly<Record<Side, Verdict>>
  /** `others`: all methods that no route for this path names, by one of them. */
  readonly method: { readonly name: string; readonly others: boolean; readonly named: readonly string[] }
  /** How many addresses are told apart for this path. */
  readonly addresses: number
  /** What the app must accept for the path to be read at all; undefined: nothing special. */
  readonly leniency: PathLeniency | undefined
}

/** Every kind of request to one host. */
export interface RequestCells {
  readonly cells: readonly RequestCell[]
  /** Routes whose regex was only approximated. */
  readonly inexact: readonly OrderedRoute[]
  readonly isCutShort: boolean
}

/** Both policies, and what both files say of the gateway's own addresses. */
export interface ComparedPolicies {
  readonly policies: Readonly<Record<Side, Policy>>
  readonly authPaths: readonly string[]
  /** When the request comes, in milliseconds since the epoch. It does not matter which route is for it. */
  readonly now: number
  /** The most work of one host; undefined: the default of the walk. */
  readonly mostWork?: number | undefined
}

/** The methods that Node's parser knows, the usual ones first, without the two that no gateway forwards. */
const KNOWN_METHODS = [...new Set(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', ...METHODS])].filter(
  method => !['CONNECT', 'TRACE', 'HEAD'].includes(method),
)

/**
 * Divides all requests to a host into cells, and judges one of each as nobody's. HEAD is GET, and is left out.
 * @param secure whether they come by https
 */
export function divideRequests(compared: ComparedPolicies, host: string, secure: boolean): RequestCells {
  const { policies, authPaths, now } = compared
  const apps = { before: appOf(policies.before, host), after: appOf(policies.after, host) }
  const routes = (['before', 'after'] as const).flatMap(side =>
    (apps[side]?.routes ?? []).map((route, order): OrderedRoute => ({ side, order, route })),
  )
  const leniencies = { before: policies.before.leniencies(host), after: policies.after.leniencies(host) }
  const escapesTwice = [leniencies.before, leniencies.after].some(list => list.includes('double_encoding'))
  const paths = divideIntoCells(routes, ownBorders(authPaths), escapesTwice, compared.mostWork)
  const unlike = [...leniencies.before, ...leniencies.after].filter(
    leniency => leniencies.before.includes(leniency) !== leniencies.after.includes(leniency),
  )
  const canPreflight = apps.before?.preflight === true || apps.after?.preflight === true

  const cells: RequestCell[] = []
  const add = (target: string, cell: PathCell, leniency?: PathLeniency): void => {
    const named = [...new Set(cell.routes.flatMap(({ route }) => route.methods ?? []))]
    const methods = [...named.map(name => ({ name, others: false })), ...otherMethod(named)]
    const addresses = tellingAddresses(cell.routes.flatMap(({ route }) => route.networks ?? []))
    for (const { name, others } of methods) {
      for (const address of addresses) {
        const asked = { method: name, authority: host, target, address, secure, asksPreflight: false }
        const method = { name, others, named }
        const rest = { addresses: addresses.length, leniency }
        push({ asked, method, ...rest })
        if (!canPreflight || (name !== 'OPTIONS' && (!others || named.includes('OPTIONS')))) continue
        const preflight = { ...asked, method: 'OPTIONS', asksPreflight: true }
        push({ asked: preflight, method: { ...method, name: 'OPTIONS', others: false }, ...rest })
      }
    }
  }
  const push = (cell: Omit<RequestCell, 'verdicts'>): void => {
    const before = judge(policies.before, cell.asked, undefined, now)
    const after = judge(policies.after, cell.asked, undefined, now)
    if (before.outcome !== 'refused' || after.outcome !== 'refused')
      cells.push({ ...cell, verdicts: { before, after } })
  }

  for (const cell of paths.cells) {
    add(targetOf(cell.path), cell)
    // On hosts of apps, only what is below these two is the gateway's: their trailing slash makes a difference.
    if (openPrefixes(authPaths).includes(cell.path)) add(`${cell.path}/`, cell)
    for (const leniency of unlike)
      for (const target of lenientSpellings(cell.path, leniency)) add(target, cell, leniency)
  }
  return { cells, inexact: paths.inexact, isCutShort: paths.isCutShort }
}

/** The app that has a host; undefined: none. */
export function appOf(policy: Policy, host: string): AppPolicy | undefined {
  const read = canonicalise({ method: 'GET', target: '/', host, asksPreflight: false }, () => [])
  return read.ok ? policy.routes.find(read.request, SOMEWHERE)?.app : undefined
}

/** What must be told apart besides the routes: the gateway's own pages, on its host and on every other. */
function ownBorders(authPaths: readonly string[]): readonly PathPattern[] {
  const texts = [
    ...authPaths.map(path => `${path}/**`),
    ...openPrefixes(authPaths).flatMap(path => [path, `${path}/**`]),
  ]
  return texts.flatMap(text => {
    const parsed = parsePathPattern(text)
    return parsed.ok ? [parsed.pattern] : []
  })
}

function openPrefixes(authPaths: readonly string[]): readonly string[] {
  return authPaths.flatMap(path => [`${path}/health`, `${path}/assets`])
}

function otherMethod(
  named: readonly string[],
): readonly { readonly name: string; readonly others: boolean }[] {
  const other = KNOWN_METHODS.find(method => !named.includes(method))
  return other === undefined ? [] : [{ name: other, others: true }]
}
