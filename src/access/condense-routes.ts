import type { ReadRoute } from './explain-routes.js'

/** Routes that are left out of a list, all with one verdict. */
export interface LeftOut {
  readonly count: number
  readonly verdict: Exclude<ReadRoute['verdict'], 'decides'>
  /** Where they stand: above the route that decides, or below it. */
  readonly below: boolean
}

/** A short list is shown whole. */
const SHOWN_WHOLE = 12
/** How many in a row are shown of one verdict, at least; routes for other paths are the least telling. */
const SHOWN_OF = { path: 1, method: 6, network: 6, not_reached: 3 } as const

/**
 * Makes a long list of routes readable: what decides is shown, and what matched the path before it; runs of the
 * others are counted. Nothing is reordered.
 */
export function condenseRoutes(routes: readonly ReadRoute[]): readonly (ReadRoute | LeftOut)[] {
  if (routes.length <= SHOWN_WHOLE) return routes
  const shown: (ReadRoute | LeftOut)[] = []
  let below = false
  for (let start = 0; start < routes.length;) {
    const verdict = routes[start]?.verdict ?? 'path'
    let end = start + 1
    while (routes[end]?.verdict === verdict) end += 1
    const run = routes.slice(start, end)
    if (verdict === 'decides' || run.length <= SHOWN_OF[verdict] + 1) shown.push(...run)
    else {
      const kept = verdict === 'path' ? 0 : SHOWN_OF[verdict]
      shown.push(...run.slice(0, kept), { count: run.length - kept, verdict, below })
    }
    below ||= verdict === 'decides'
    start = end
  }
  return shown
}

const WORDS: Readonly<Record<LeftOut['verdict'], string>> = {
  path: 'for other paths',
  method: 'for other methods',
  network: 'for other networks',
  not_reached: 'that fit as well, but stand below',
}

/** What was left out, in words: `183 routes for other paths`. */
export function describeLeftOut({ count, verdict, below }: LeftOut): string {
  if (verdict === 'not_reached') return `${count} more routes ${WORDS[verdict]}`
  const more = verdict === 'path' ? '' : ' more'
  return `${count}${more} routes${below ? ' below' : ''} ${WORDS[verdict]}`
}
