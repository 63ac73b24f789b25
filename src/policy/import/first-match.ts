import { coversRange, overlaps } from './address-range.js'
import { type CarriedRule, type Level, type Loss, STRICTNESS } from './carried-rule.js'
import { type Demand, demandOf, type ListEntry } from './decision-list.js'
import { areDisjoint, coversPath, describePath, EVERYTHING, type PathSet } from './path-set.js'

/** One route of an app. */
export interface CarriedRoute extends Demand {
  readonly set: PathSet
  readonly methods: CarriedRule['methods']
  readonly networks: CarriedRule['networks']
  /** The rule that it comes from; undefined: what holds where no rule was. */
  readonly rule: CarriedRule | undefined
}

/** The part of a rule that one route can be for. */
interface Cell {
  readonly rule: CarriedRule
  readonly at: number
  readonly set: PathSet
  /** Whether the rule is surely for all of these requests. */
  readonly sure: boolean
}

/**
 * Makes routes of a first-match list. A route is never more open than the list was; where it is stricter, that is
 * a loss.
 * @param fallback what holds for requests that no rule is for
 */
export function routesOf(
  rules: readonly CarriedRule[],
  fallback: Level,
): { readonly routes: readonly CarriedRoute[]; readonly losses: readonly Loss[] } {
  const last: CarriedRule = {
    place: { line: 1, column: 1 },
    name: 'the default',
    level: fallback,
    sure: [EVERYTHING],
    may: [EVERYTHING],
    certain: true,
    methods: undefined,
    networks: undefined,
    samples: [],
    subjects: undefined,
  }
  const cells = [...rules, last].flatMap(cellsOf)
  const losses = new Map<CarriedRule, Lost>()
  const lose = (rule: CarriedRule): Lost => {
    const entry = losses.get(rule) ?? { dropped: [], stricter: [], people: [] }
    losses.set(rule, entry)
    return entry
  }
  const routes: CarriedRoute[] = []
  for (const [index, cell] of cells.entries()) {
    const { rule, set } = cell
    const { networks } = rule
    // Methods that an earlier route takes for all these requests are nothing that this one decides.
    const methods = rule.methods?.filter(method => !takesAll(routes, { set, networks, methods: [method] }))
    const shared = { set, methods, networks }
    const origin = rule === last ? undefined : rule
    // Nothing of it is left: an earlier route is for all these requests.
    if (methods?.length === 0 || takesAll(routes, shared)) continue
    const rest = entriesBehind(cells, index)
    if (!cell.sure) {
      const levels = new Set(rest.map(entry => entry.level))
      if ([...levels].every(level => STRICTNESS[rule.level] <= STRICTNESS[level])) {
        if (levels.size > 1 || !levels.has(rule.level)) lose(rule).dropped.push(set)
        continue
      }
    }
    const { demand, exact } = demandOf([
      { level: rule.level, subjects: rule.subjects, definite: cell.sure },
      ...(cell.sure && rule.subjects === undefined ? [] : rest),
    ])
    if (!exact && cell.sure) lose(rule).people.push(demand)
    else if (!exact) lose(rule).stricter.push(set)
    routes.push({ ...shared, ...demand, rule: origin })
  }
  return {
    routes: withCatchers(withoutEchoes(routes)),
    losses: [...losses].map(([rule, lost]) => describeLoss(rule, lost)),
  }
}

function cellsOf(rule: CarriedRule, at: number): readonly Cell[] {
  const sure = rule.certain ? rule.sure : []
  return [
    ...sure.map(set => ({ rule, at, set, sure: true })),
    ...rule.may.flatMap(set => without(set, sure)).map(set => ({ rule, at, set, sure: false })),
  ]
}

/** What is left of a set without others, as far as that is simple: all of it or more than is left, never less. */
function without(set: PathSet, others: readonly PathSet[]): readonly PathSet[] {
  if (others.some(one => coversPath(one, set))) return []
  const isBelowGone =
    set.kind === 'tree' && others.some(one => coversPath(one, { kind: 'prefix', prefix: `${set.path}/` }))
  return isBelowGone ? [{ kind: 'exact', path: set.path }] : [set]
}

/** What decides requests of a cell that its own rule passes on. */
function entriesBehind(cells: readonly Cell[], index: number): readonly ListEntry[] {
  const cell = cells[index]
  const entries: ListEntry[] = []
  for (const other of cells.slice(index + 1)) {
    if (cell === undefined || other.at === cell.at || areApart(cell, other)) continue
    const definite = other.sure && isAllOf(other.rule, other.set, { ...cell.rule, set: cell.set })
    entries.push({ level: other.rule.level, subjects: other.rule.subjects, definite })
    if (definite && other.rule.subjects === undefined) break
  }
  return entries
}

function areApart(one: Cell, other: Cell): boolean {
  const [a, b] = [one.rule, other.rule]
  return (
    areDisjoint(one.set, other.set) ||
    (a.methods !== undefined && b.methods?.some(method => a.methods?.includes(method)) === false) ||
    (a.networks !== undefined &&
      b.networks?.some(range => a.networks?.some(another => overlaps(range, another))) === false)
  )
}

type Requests = Pick<CarriedRoute, 'set' | 'methods' | 'networks'>

/** Whether a rule with this set takes all of some requests. */
function isAllOf(
  { methods, networks }: Pick<CarriedRule, 'methods' | 'networks'>,
  set: PathSet,
  requests: Requests,
): boolean {
  return (
    coversPath(set, requests.set) &&
    (methods === undefined || requests.methods?.every(method => methods.includes(method)) === true) &&
    isWithin(requests.networks, networks)
  )
}

function isWithin(inner: CarriedRule['networks'], outer: CarriedRule['networks']): boolean {
  return outer === undefined || inner?.every(range => coversRange(outer, range)) === true
}

/** Whether routes together take all of some requests, method by method. */
function takesAll(routes: readonly CarriedRoute[], requests: Requests): boolean {
  const covering = routes.filter(
    route => coversPath(route.set, requests.set) && isWithin(requests.networks, route.networks),
  )
  if (covering.some(route => route.methods === undefined)) return true
  const taken = covering.flatMap(route => route.methods ?? [])
  return requests.methods?.every(method => taken.includes(method)) === true
}

/** Without routes whose requests the very next route would treat alike. */
function withoutEchoes(routes: readonly CarriedRoute[]): readonly CarriedRoute[] {
  const kept: CarriedRoute[] = []
  for (const route of [...routes].reverse()) {
    const next = kept.at(-1)
    const isEcho =
      next !== undefined && isAllOf(next, next.set, route) && demandText(next) === demandText(route)
    if (!isEcho) kept.push(route)
  }
  return kept.reverse()
}

function demandText({ level, users, groups }: Demand): string {
  return JSON.stringify([level, users, groups])
}

/**
 * With a route for everybody else behind each `required` route for some networks, because the gateway asks for one:
 * a copy of the broader routes that decide these requests anyway, right in front of them.
 */
function withCatchers(routes: readonly CarriedRoute[]): readonly CarriedRoute[] {
  const all = [...routes]
  for (const route of routes) {
    if (route.networks === undefined || route.level !== 'two_factors') continue
    let at = all.indexOf(route) + 1
    const taken = new Set<string>()
    const isDone = (): boolean => route.methods?.every(method => taken.has(method)) === true
    for (; at < all.length && !isDone(); at++) {
      const later = all[at]
      if (later === undefined || later.networks !== undefined || !coversPath(later.set, route.set)) continue
      if (later.methods?.every(method => taken.has(method)) === true) continue
      const isSame = coversPath(route.set, later.set)
      const copy = { ...later, set: route.set }
      if (!isSame && !takesAll(all.slice(0, at), copy)) {
        all.splice(at, 0, copy)
        at += 1
      }
      if (later.methods === undefined) break
      for (const method of later.methods) taken.add(method)
    }
    if (at >= all.length && !isDone()) all.push({ ...EVERYBODY_ELSE, set: route.set, rule: route.rule })
  }
  return all
}

const EVERYBODY_ELSE: Omit<CarriedRoute, 'set' | 'rule'> = {
  level: 'two_factors',
  users: undefined,
  groups: undefined,
  methods: undefined,
  networks: undefined,
}

/** What a rule lost. */
interface Lost {
  readonly dropped: PathSet[]
  readonly stricter: PathSet[]
  /** What its routes demand of all, in place of what it said of some. */
  readonly people: Demand[]
}

function describeLoss(rule: CarriedRule, { dropped, stricter, people }: Lost): Loss {
  const list = (texts: readonly string[]): string => [...new Set(texts)].join(', ')
  const why = rule.doubt ?? 'a path with a slash behind it is the same path here, and was another one there'
  const [left, widened] = [list(dropped.map(describePath)), list(stricter.map(describePath))]
  const sentences = [
    ...(left === '' ? [] : [`it is left out for ${left}, where the stricter rules behind it decide: ${why}`]),
    ...(widened === ''
      ? []
      : [`for ${widened} the strictest of what may have held is asked of all requests: ${why}`]),
    ...(people.length === 0
      ? []
      : [
          `it passed on those whom it was not for, and a route does not: here ${list(people.map(describeDemand))}`,
        ]),
  ]
  const cures = [
    ...(left === '' ? [] : [`write routes for ${left} yourself if they may be as open as the rule was`]),
    ...(!rule.certain || (left === '' && widened === '')
      ? []
      : ['or import with --loose, which takes query and trailing slash for meaningless']),
    ...(people.length === 0 ? [] : ['see who is kept out now, and put those who should pass into one group']),
  ]
  return {
    rule,
    says: `${rule.name}: ${sentences.join('; ')}`,
    cure: cures.length === 0 ? 'write routes for it yourself' : cures.join(', ').replace(/^or /, ''),
  }
}

function describeDemand({ level, users, groups }: Demand): string {
  if (level === 'closed') return 'nobody gets in'
  const who =
    users === undefined && groups === undefined
      ? 'everybody'
      : [...(users ?? []), ...(groups ?? [])].join(' or ')
  const asked = level === 'two_factors' ? 'needs login and second factor' : 'needs a login'
  return who === 'everybody' ? `everybody ${asked}` : `only ${who} gets in, and ${asked}`
}
