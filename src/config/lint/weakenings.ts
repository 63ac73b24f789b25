import { accessNow } from '../../access/decide.js'
import type { Policy } from '../../access/policy.js'
import type { Route } from '../../access/route.js'
import type { Findings } from '../findings.js'
import type { PlacedRoute } from '../reachability.js'
import type { Path } from '../read-yaml.js'
import { findWeakenings, type Weakened } from './find-weakenings.js'
import type { LintedApp } from './placed-apps.js'
import { describeDemands, describeWish } from './route-demands.js'

/** How many routes are named that one route weakens. */
const MOST_TOLD = 3

/**
 * Warns of routes that open a part of a stricter route below them; `findWeakenings()` says which.
 * @param policy of the whole file, to try the requests with
 * @param now milliseconds since the epoch: decides which `until` has passed
 */
export function warnOfWeakenings(findings: Findings, app: LintedApp, policy: Policy, now: number): void {
  const { found, isPartial } = findWeakenings(app, policy, now, MOST_TOLD + 1)
  for (const [one, weakened] of found) tell(findings, one, weakened, now)
  if (isPartial) {
    findings.warning(
      [...app.path, 'routes'],
      `only a part of these ${app.routes.length} routes was searched for routes that open a part of a stricter one ` +
        'below: too many of them may be for the same paths',
      'begin paths with a text instead of a wildcard; "gatehouse explain" tells which route decides a request',
    )
  }
}

function tell(
  findings: Findings,
  { route, path }: PlacedRoute,
  weaker: readonly Weakened[],
  now: number,
): void {
  const told = weaker.slice(0, MOST_TOLD)
  const [first] = told
  if (first === undefined) return
  const lineOf = (placed: Path): number => findings.place(placed).line
  const lines = told.map(({ later }) => lineOf(later.path))
  const others = weaker.length > 1 ? ', and so it is with other routes below' : ''
  findings.warning(
    path,
    `${consequence(route, first, now)}, although ${first.later.route.pattern} on line ${lines[0] ?? 0} ` +
      `${wish(first, now)}: this route comes first${others}`,
    `move ${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ').replace(/, (?=\d+$)/, ' and ')} above line ` +
      `${lineOf(path)}; if ${describeRequest(first)} is meant so, give ${first.witness.path} a route of its own above both`,
    told.map((weakened, index) => {
      const says = `${weakened.later.route.pattern} ${wish(weakened, now)}`
      return {
        path: weakened.later.path,
        says: index === 0 ? says : `${says}, but ${consequence(route, weakened, now)}`,
      }
    }),
  )
}

/** What the earlier route makes of the request. */
function consequence(route: Route, weakened: Weakened, now: number): string {
  const request = describeRequest(weakened)
  if (weakened.looseness === 'tokens') {
    const scopes = (route.tokens ?? []).filter(scope => weakened.later.route.tokens?.includes(scope) !== true)
    return `an API token with the scope ${scopes.join(' or ')} opens ${request}`
  }
  return accessNow(route, now) === 'public'
    ? `${request} needs no login`
    : `${request} needs only ${describeDemands(route, now)}`
}

/** What the later route would make of it. */
function wish({ later: { route }, looseness }: Weakened, now: number): string {
  return looseness === 'tokens' ? 'takes no such token' : describeWish(route, now)
}

function describeRequest({ witness: { method, path, address }, isFromNetworks }: Weakened): string {
  return `${method} ${path}${isFromNetworks ? ` from ${address}` : ''}`
}
