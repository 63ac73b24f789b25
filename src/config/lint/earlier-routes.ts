import type { Route } from '../../access/route.js'
import { patternKey } from '../pattern-cover.js'
import type { PlacedRoute } from '../reachability.js'
import type { Allowance } from './allowance.js'
import { crossingIndex } from './crossing-index.js'
import { firstTextOf } from './regex-first-text.js'

/** The routes of an app that were read so far. */
export interface EarlierRoutes {
  add(placed: PlacedRoute): void
  /**
   * Those that may share a path with a route without being a mere exception from it, in no particular order.
   * @param steps what the search may cost; when it is spent, the rest is left out
   */
  meeting(route: Route, steps: Allowance): Iterable<PlacedRoute>
}

/** An index that leaves out most of the routes that have nothing to do with each other. */
export function earlierRoutes(): EarlierRoutes {
  const patterns = crossingIndex<PlacedRoute>()
  const samePaths = new Map<string, PlacedRoute[]>()
  const all = byFirstText()
  const regexes = byFirstText()
  return {
    add: placed => {
      const { path } = placed.route
      all.add(placed)
      if (path === undefined) {
        regexes.add(placed)
        return
      }
      patterns.add(path, placed)
      addTo(samePaths, patternKey(path), placed)
    },
    meeting: (route, steps) => {
      const { path } = route
      if (path === undefined) return all.beginningLike(route, steps)
      const same = samePaths.get(patternKey(path)) ?? []
      return new Set([
        ...patterns.crossing(path, steps),
        ...(steps.spend(same.length) ? same : []),
        ...regexes.beginningLike(route, steps),
      ])
    },
  }
}

interface ByFirstText {
  add(placed: PlacedRoute): void
  beginningLike(route: Route, steps: Allowance): readonly PlacedRoute[]
}

/** Routes by the first segment of their paths. */
function byFirstText(): ByFirstText {
  const all: PlacedRoute[] = []
  const withText = new Map<string, PlacedRoute[]>()
  const others: PlacedRoute[] = []
  return {
    add: placed => {
      all.push(placed)
      const text = firstText(placed.route)
      if (text === undefined) others.push(placed)
      else addTo(withText, text, placed)
    },
    beginningLike: (route, steps) => {
      const text = firstText(route)
      const found = text === undefined ? all : [...(withText.get(text) ?? []), ...others]
      return steps.spend(found.length) ? found : []
    },
  }
}

function firstText({ path, pattern }: Route): string | undefined {
  if (path === undefined) return firstTextOf(pattern)
  const [first] = path.segments
  return first?.kind === 'text' ? first.text : undefined
}

function addTo(lists: Map<string, PlacedRoute[]>, key: string, placed: PlacedRoute): void {
  const list = lists.get(key) ?? []
  list.push(placed)
  lists.set(key, list)
}
