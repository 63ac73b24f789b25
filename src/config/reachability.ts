import { parsePathPattern } from '../access/path-pattern.js'
import type { Route } from '../access/route.js'
import type { Findings } from './findings.js'
import { coverIndex, patternKey } from './pattern-cover.js'
import type { Path } from './read-yaml.js'

/** A route, and where it stands in the file. */
export interface PlacedRoute {
  readonly route: Route
  readonly path: Path
}

/**
 * Finds the routes of one app that no request can reach because earlier ones take all their requests.
 * @param authPath where the gateway's own pages are on the host of this app; undefined: not on this host
 */
export function reportUnreachable(
  findings: Findings,
  routes: readonly PlacedRoute[],
  authPath: string | undefined,
): void {
  const ofGateway = coverIndex<true>()
  const own = parsePathPattern(`${authPath ?? ''}/**`)
  if (authPath !== undefined && own.ok) ofGateway.add(own.pattern, true)

  const earlier = earlierRoutes()
  for (const { route, path } of routes) {
    if (route.path !== undefined && ofGateway.covering(route.path).length > 0) {
      const message = `this route is never reached: the gateway's own pages are at ${authPath ?? ''}`
      findings.error(path, message, 'remove it, or choose another auth_path')
    }
    const blockers = blockersOf(route, earlier.covering(route))
    if (blockers.length > 0) {
      const line = findings.place(path).line
      const before = blockers.map(one => `${one.pattern} (${one.access}) on line ${one.place?.line ?? 0}`)
      const message = `the route on line ${line} is never reached: ${before.join(' and ')} takes all its requests`
      const related = blockers.map(one => ({ path: earlier.pathOf(one), says: describeBlocker(one) }))
      findings.error(path, message, 'move this route above the other, or remove it', 'value', related)
    } else earlier.add(route, path)
  }
}

/**
 * Finds `required` routes for some networks behind which nothing holds the same paths for everybody else: such
 * requests would be decided by whatever broader route comes later.
 */
export function reportFallThrough(findings: Findings, routes: readonly PlacedRoute[]): void {
  const later = new Map<string, Route[]>()
  for (const { route, path } of [...routes].reverse()) {
    const key = route.path === undefined ? `regex ${route.pattern}` : patternKey(route.path)
    const same = later.get(key) ?? []
    if (route.networks === undefined) {
      same.push(route)
      later.set(key, same)
    } else if (route.access === 'required' && blockersOf(route, same).length === 0) {
      findings.error(
        [...path, 'networks'],
        `outside these networks this route does not hold, and no later route is for ${route.pattern}`,
        `add a route behind it with "path: ${route.pattern}" and "access: denied"`,
        'key',
      )
    }
  }
}

function describeBlocker({ pattern, access, methods }: Route): string {
  const what = methods === undefined ? 'every request' : methods.join(' and ')
  return `${pattern} (${access}) takes ${what} first`
}

/** Those of the covering routes that together take every method of a route; empty when some get through. */
function blockersOf(route: Route, covering: readonly Route[]): readonly Route[] {
  const takesAll = (methods: readonly string[] | undefined): boolean =>
    methods === undefined || (route.methods?.every(method => methods.includes(method)) ?? false)
  const single = covering.find(one => takesAll(one.methods))
  if (single !== undefined) return [single]
  return takesAll(covering.flatMap(one => one.methods ?? [])) ? covering : []
}

/** The routes read so far, and which of them take every path and network of another. */
function earlierRoutes(): {
  add(route: Route, path: Path): void
  covering(route: Route): readonly Route[]
  pathOf(route: Route): Path
} {
  const paths = coverIndex<Route>()
  const regexes = new Map<string, Route[]>()
  const everything: Route[] = []
  const networks = new Map<Route, ReadonlySet<string>>()
  const places = new Map<Route, Path>()
  return {
    pathOf: route => places.get(route) ?? [],
    add: (route, path) => {
      places.set(route, path)
      if (route.path !== undefined) paths.add(route.path, route)
      else regexes.set(route.pattern, [...(regexes.get(route.pattern) ?? []), route])
      if (isEverything(route)) everything.push(route)
      if (route.networks !== undefined) networks.set(route, new Set(route.networks.rules))
    },
    covering: route => {
      const same = route.path === undefined ? (regexes.get(route.pattern) ?? []) : paths.covering(route.path)
      const rules = route.networks?.rules
      return [...new Set([...same, ...everything])].filter(one => {
        const wider = networks.get(one)
        return wider === undefined || rules?.every(rule => wider.has(rule)) === true
      })
    },
  }
}

function isEverything(route: Route): boolean {
  if (route.path === undefined) return /^\^?\/?\.\*\$?$/.test(route.pattern)
  return route.path.segments.length > 0 && route.path.segments.every(segment => segment.kind === 'any')
}
