import { accessNow } from '../../access/decide.js'
import type { Route } from '../../access/route.js'
import type { Findings } from '../findings.js'
import { coverIndex } from '../pattern-cover.js'
import type { PlacedRoute } from '../reachability.js'
import { describeWish } from './route-demands.js'

/** The methods that only read (RFC 9110, section 9.2.1; RFC 4918, RFC 3253, RFC 5323, the QUERY method). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/**
 * Warns of `public` routes by which anybody may change things, where that is likely to be more than was meant:
 * - methods that change things are listed, and the paths are a whole tree (`**`, or `.*` in a regex);
 * - no methods are listed, and the tree is the whole app;
 * - no methods are listed, and the tree is an exception inside the tree of a later route (not one that is the
 *   whole app) that is kept for some users or groups, asks for a fresh proof, or is denied.
 *
 * Not told: a route for one path (`/healthz`, a webhook) or one segment (`/hooks/*`), and a tree with a name of its own
 * (`/assets/**`): who names it knows what it holds.
 * @param routes of one app, in the order of the file
 */
export function warnOfPublicWrites(findings: Findings, routes: readonly PlacedRoute[], now: number): void {
  const guarded = coverIndex<PlacedRoute>()
  for (const { route, path } of [...routes].reverse()) {
    if (isGuarded(route, now) && route.path !== undefined) guarded.add(route.path, { route, path })
    if (route.access !== 'public' || !isTree(route)) continue
    if (route.methods !== undefined) {
      const writes = route.methods.filter(method => !SAFE.has(method))
      if (writes.length === 0) continue
      findings.warning(
        [...path, 'methods'],
        `anybody may send ${writes.join(' and ')} to whatever ${route.pattern} stands for, without a login`,
        'leave these methods out, or name the paths that need them one by one ("*" stands for one segment)',
      )
      continue
    }
    const cure = 'add "methods: [GET]" if it is only read, or list the methods that anybody may use'
    const around = route.path === undefined ? undefined : nearest(findings, guarded.covering(route.path))
    if (around !== undefined) {
      const { line } = findings.place(around.path)
      const wish = describeWish(around.route, now)
      findings.warning(
        path,
        `anybody may also POST, PUT and DELETE below ${route.pattern} without a login, although ` +
          `${around.route.pattern} around it on line ${line} ${wish}: this route is for every method`,
        cure,
        [{ path: around.path, says: `${around.route.pattern} ${wish}` }],
      )
    } else if (isEverything(route)) {
      findings.warning(
        path,
        `anybody may also POST, PUT and DELETE without a login: ${route.pattern} is for every path that no route ` +
          'above it takes, and for every method',
        cure,
      )
    }
  }
}

/** The one that stands first. */
function nearest(findings: Findings, placed: readonly PlacedRoute[]): PlacedRoute | undefined {
  const lineOf = ({ path }: PlacedRoute): number => findings.place(path).line
  return placed.reduce<PlacedRoute | undefined>(
    (first, one) => (first === undefined || lineOf(one) < lineOf(first) ? one : first),
    undefined,
  )
}

/** Whether a tree is kept for few. What is around everything says nothing of its parts. */
function isGuarded(route: Route, now: number): boolean {
  if (isEverything(route)) return false
  const isKept = route.users !== undefined || route.groups !== undefined || route.stepUp !== undefined
  return accessNow(route, now) === 'denied' || isKept
}

/** Whether it is for paths of any number of segments. */
function isTree({ path, pattern }: Route): boolean {
  return path === undefined ? /(?<!\\)\.[*+]/.test(pattern) : path.segments.some(({ kind }) => kind === 'any')
}

function isEverything({ path, pattern }: Route): boolean {
  return path === undefined
    ? /^\^?\/?\.[*+]\$?$/.test(pattern)
    : path.segments.every(({ kind }) => kind !== 'text')
}
