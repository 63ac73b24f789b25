import { demandsOf } from '../../access/demands.js'
import type { Judged } from '../../access/judge.js'
import { mismatchOf } from '../../access/route-table.js'
import type { AppPolicy, Place, Route } from '../../access/route.js'
import type { CaseResult } from './run-cases.js'

/** What of a route can let a request pass or stop it. */
export type Condition = 'methods' | 'networks' | 'users' | 'groups' | 'step_up' | 'tokens' | 'until'

/** Which sides of a condition the cases have tried. */
export interface ConditionCoverage {
  readonly condition: Condition
  /** Some case gets through it. */
  readonly passed: boolean
  /** Some case is stopped by it and by nothing before it, or goes on to another route because of it. */
  readonly failed: boolean
}

/** What the cases have tried of one route. */
export interface RouteCoverage {
  readonly app: string
  /** As the operator wrote it, or what stands for the default route. */
  readonly pattern: string
  /** Undefined for the default route. */
  readonly place: Place | undefined
  /** How many cases it decided. */
  readonly cases: number
  readonly conditions: readonly ConditionCoverage[]
}

/** What the cases have tried of a policy. */
export interface Coverage {
  /** Every route in the order of the file, and at the end of each app its default route, if any request gets there. */
  readonly routes: readonly RouteCoverage[]
  /** What could be tried: each route, and both sides of each condition. */
  readonly points: number
  /** How much of that was tried. */
  readonly tried: number
}

/** What is noted of a route while the results are read. */
interface Notes {
  readonly app: AppPolicy
  /** Undefined for the default route, which the policy makes itself. */
  readonly route: Route | undefined
  cases: number
  readonly passed: Set<Condition>
  readonly failed: Set<Condition>
}

/** Finds which routes no case touches, and which conditions no case tries from both sides. */
export function coverageOf(apps: readonly AppPolicy[], results: readonly CaseResult[]): Coverage {
  const books = new Map(apps.map(app => [app, notesOf(app)]))
  for (const result of results) {
    const { verdict } = result
    if (!('decision' in verdict) || verdict.match === undefined) continue
    const book = books.get(verdict.match.app)
    if (book !== undefined) note(book, verdict, result)
  }
  const routes = [...books.values()].flatMap(book => book.filter(isReachable).map(coverageOfRoute))
  const tried = routes.map(
    ({ cases, conditions }) =>
      (cases > 0 ? 1 : 0) + conditions.reduce((sum, one) => sum + Number(one.passed) + Number(one.failed), 0),
  )
  return {
    routes,
    points: routes.reduce((sum, { conditions }) => sum + 1 + 2 * conditions.length, 0),
    tried: tried.reduce((sum, one) => sum + one, 0),
  }
}

function notesOf(app: AppPolicy): readonly Notes[] {
  return [...app.routes, undefined].map(route => ({
    app,
    route,
    cases: 0,
    passed: new Set<Condition>(),
    failed: new Set<Condition>(),
  }))
}

function note(book: readonly Notes[], judged: Judged, { at, case: { asked } }: CaseResult): void {
  const decider = judged.match?.route
  for (const notes of book) {
    const { route } = notes
    if (route === undefined || route === decider) {
      notes.cases += 1
      if (route !== undefined) noteDemands(notes, route, judged, at)
      return
    }
    noteMissed(notes, route, judged, asked.address)
  }
}

/** A request goes on to a later route: because of one condition alone, or for another path, or for two reasons. */
function noteMissed({ failed }: Notes, route: Route, { request }: Judged, address: string): void {
  for (const condition of ['methods', 'networks'] as const) {
    if (route[condition] === undefined || failed.has(condition)) continue
    if (mismatchOf({ ...route, [condition]: undefined }, request, address) === undefined)
      failed.add(condition)
  }
}

function noteDemands({ passed, failed }: Notes, route: Route, judged: Judged, at: number): void {
  if (route.methods !== undefined) passed.add('methods')
  if (route.networks !== undefined) passed.add('networks')
  const { decision } = judged
  const demands = demandsOf(judged, at)
  const stop = demands.find(({ verdict }) => verdict !== 'holds')
  for (const { kind, verdict } of demands) {
    const condition = kind === 'token_reach' ? 'tokens' : kind
    if (!isCondition(condition)) continue
    if (verdict === 'holds' && decision.effect === 'allow') passed.add(condition)
    if (verdict === 'fails' && stop?.kind === kind) failed.add(condition)
  }
  if (route.until === undefined) return
  if (decision.effect === 'allow' && decision.reason === 'bypassed') passed.add('until')
  if (at >= route.until && stop?.kind === 'second_factor' && stop.verdict === 'fails') failed.add('until')
}

function isCondition(kind: string): kind is 'users' | 'groups' | 'step_up' | 'tokens' {
  return kind === 'users' || kind === 'groups' || kind === 'step_up' || kind === 'tokens'
}

const CONDITIONS: readonly (readonly [Condition, keyof Route])[] = [
  ['methods', 'methods'],
  ['networks', 'networks'],
  ['users', 'users'],
  ['groups', 'groups'],
  ['step_up', 'stepUp'],
  ['tokens', 'tokens'],
  ['until', 'until'],
]

function coverageOfRoute({ app, route, cases, passed, failed }: Notes): RouteCoverage {
  const present = CONDITIONS.filter(([, key]) => route?.[key] !== undefined)
  return {
    app: app.name,
    pattern: route?.pattern ?? '(everything else)',
    place: route?.place,
    cases,
    conditions: present.map(([condition]) => ({
      condition,
      passed: passed.has(condition),
      failed: failed.has(condition),
    })),
  }
}

/** The default route is reached by nothing where some route is for every request. */
function isReachable({ app, route }: Notes): boolean {
  return route !== undefined || !app.routes.some(isForEverything)
}

function isForEverything({ path, pattern, methods, networks }: Route): boolean {
  const isWhole = path === undefined ? pattern === '/.*' : pattern === '/**'
  return isWhole && methods === undefined && networks === undefined
}
