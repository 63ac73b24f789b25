import { accessNow } from '../../access/decide.js'
import type { Policy } from '../../access/policy.js'
import type { Route } from '../../access/route.js'
import type { PlacedRoute } from '../reachability.js'
import { createAllowance } from './allowance.js'
import { createPathComparison } from './compare-paths.js'
import { earlierRoutes } from './earlier-routes.js'
import type { LintedApp } from './placed-apps.js'
import { loosenessOf, type Looseness } from './route-demands.js'
import { findWitness, sampleHost, sharedMethods, type Witness } from './route-witness.js'
import { isWithinNetworks, namedNetworks, sharedAddresses, type NamedNetworks } from './shared-networks.js'

/** What the search may cost for one app: about half a second. No policy that people write comes near it. */
const STEPS = 1_000_000
const COMPARISONS = 20_000
/** Trying the examples of a regex costs so many comparisons of patterns. */
const OF_A_REGEX = 20

/** A later route of whose requests a weaker earlier one takes a part. */
export interface Weakened {
  readonly later: PlacedRoute
  readonly looseness: Looseness
  readonly witness: Witness
  /** Whether it matters where the request comes from. */
  readonly isFromNetworks: boolean
}

/** What was found, by the earlier route. */
interface Weakenings {
  readonly found: ReadonlyMap<PlacedRoute, readonly Weakened[]>
  /** Not everything was searched: it would have taken too long. */
  readonly isPartial: boolean
}

/**
 * Finds routes that take a part of the requests of a stricter route below them, with a request that shows it and that
 * the gateway really decides so.
 *
 * A narrower route before a broader one is no mistake but an exception, the usual way to write a policy: `/healthz`
 * before `/**`, or the same path for fewer methods or networks. So only those count where the earlier route is for some
 * path that the later one is not for (they cross, as "help" below any one segment and `/admin/**`, or the earlier is
 * the broader one and leaves only some methods or networks to the later), or where the paths are the same and the
 * earlier one is for some method or network more. Patterns are compared exactly, regexes by examples: nothing is found
 * that is not so.
 *
 * @param policy of the whole file, to try the requests with
 * @param now milliseconds since the epoch: decides which `until` has passed
 * @param most how many later routes are found for one earlier route
 */
export function findWeakenings(app: LintedApp, policy: Policy, now: number, most: number): Weakenings {
  const steps = createAllowance(STEPS)
  const comparisons = createAllowance(COMPARISONS)
  const compare = createComparison(app, policy)
  const earlier = earlierRoutes()
  const found = new Map<PlacedRoute, Weakened[]>()
  for (const later of app.routes) {
    for (const one of earlier.meeting(later.route, steps)) {
      const known = found.get(one) ?? []
      const looseness = known.length < most ? loosenessOf(one.route, later.route, now) : undefined
      if (looseness === undefined) continue
      const isExact = one.route.path !== undefined && later.route.path !== undefined
      if (!comparisons.spend(isExact ? 1 : OF_A_REGEX)) break
      const witness = compare(one.route, later.route)
      if (witness === undefined) continue
      const isFromNetworks = one.route.networks !== undefined || later.route.networks !== undefined
      found.set(one, [...known, { later, looseness, witness, isFromNetworks }])
    }
    if (accessNow(later.route, now) !== 'denied') earlier.add(later)
  }
  return { found, isPartial: steps.isSpent() || comparisons.isSpent() }
}

/** Gives a request that the first of two routes takes from the second without being an exception from it. */
function createComparison(
  { host, routes }: LintedApp,
  policy: Policy,
): (first: Route, second: Route) => Witness | undefined {
  const fresh = freshSegment(routes)
  const comparePaths = createPathComparison(fresh)
  const networks = new Map(routes.map(({ route }) => [route, namedNetworks(route.networks)]))
  return (first, second) => {
    const [ofFirst, ofSecond] = [networks.get(first), networks.get(second)]
    const methods = sharedMethods(first.methods, second.methods)
    const addresses = sharedAddresses(ofFirst, ofSecond)
    if (methods.length === 0 || addresses.length === 0) return undefined
    const { shared, firstHasMore, secondHasMore } = comparePaths(first, second)
    const isException =
      !firstHasMore && (secondHasMore || isFewer([first.methods, ofFirst], [second.methods, ofSecond]))
    if (isException) return undefined
    return findWitness(policy, first, { host: sampleHost(host, fresh), paths: shared, methods, addresses })
  }
}

type Conditions = readonly [methods: readonly string[] | undefined, networks: NamedNetworks]

/** Whether the methods and networks of the first are all among those of the second. */
function isFewer([methods, networks]: Conditions, [others, otherNetworks]: Conditions): boolean {
  const isFewerMethods = others === undefined || methods?.every(method => others.includes(method)) === true
  return isFewerMethods && isWithinNetworks(networks, otherNetworks)
}

/** A segment that no pattern of the app has, and that reads well in an example. */
function freshSegment(routes: readonly PlacedRoute[]): string {
  const taken = new Set(
    routes.flatMap(({ route }) =>
      (route.path?.segments ?? []).flatMap(segment => (segment.kind === 'text' ? [segment.text] : [])),
    ),
  )
  let fresh = 'x'
  while (taken.has(fresh)) fresh += 'x'
  return fresh
}
