import type { AccessRequest } from './access-request.js'
import { accessNow } from './decide.js'
import { describeAccess } from './describe-decision.js'
import { type Match, type Mismatch, mismatchOf } from './route-table.js'
import type { Access, Place, Route } from './route.js'

/** One route and why a request was, or was not, decided by it. */
export interface ReadRoute {
  readonly name: string
  /** What the operator wrote as path or regex. */
  readonly pattern: string
  /** What it asks for now. */
  readonly access: Access
  readonly place: Place | undefined
  /** `decides`: the first that fits. `not_reached`: it fits too, but stands below that one. */
  readonly verdict: Mismatch | 'decides' | 'not_reached'
  /** The verdict in words, with what the route names: `only for GET, PUT`. */
  readonly why: string
}

/**
 * Every route of the app, in the order in which they are read, with its verdict on a request. The default route
 * stands last where it decides.
 * @param match what the table found for this request
 * @param address the client's address
 * @param now milliseconds since the epoch
 */
export function explainRoutes(
  match: Match | undefined,
  request: AccessRequest,
  address: string,
  now: number,
): readonly ReadRoute[] {
  if (match === undefined) return []
  const { routes } = match.app
  const all = routes.includes(match.route) ? routes : [...routes, match.route]
  return all.map(route => {
    const verdict = route === match.route ? 'decides' : (mismatchOf(route, request, address) ?? 'not_reached')
    const access = accessNow(route, now)
    const { name, pattern, place } = route
    return { name, pattern, access, place, verdict, why: whyOf(route, verdict, access) }
  })
}

function whyOf(route: Route, verdict: ReadRoute['verdict'], access: Access): string {
  switch (verdict) {
    case 'decides':
      return (
        describeAccess(access) +
        (route.tokens === undefined ? '' : `, or an API token for ${few(route.tokens)}`)
      )
    case 'not_reached':
      return 'fits as well, but stands below'
    case 'path':
      return 'for another path'
    case 'method':
      return `only for ${few(route.methods ?? [])}`
    case 'network':
      return `only from ${few((route.networks?.rules ?? []).map(networkOf).reverse())}`
  }
}

/** Node writes `Subnet: IPv4 10.2.0.0/16` and `Address: IPv4 192.0.2.7`, the last one first. */
function networkOf(rule: string): string {
  return rule.replace(/^\w+: IPv[46] /, '')
}

const FEW = 4

function few(names: readonly string[]): string {
  const more = names.length - FEW
  return more > 1 ? `${names.slice(0, FEW).join(', ')} and ${more} more` : names.join(', ')
}
