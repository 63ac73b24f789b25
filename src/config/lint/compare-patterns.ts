import type { PathPattern } from '../../access/path-pattern.js'

/** How the paths of two routes lie to each other. */
export interface PathComparison {
  /** Some paths that both match, the shortest first, each as its segments. Empty: no path is known that both match. */
  readonly shared: readonly (readonly string[])[]
  /** Whether the first is known to match a path that the second does not. */
  readonly firstHasMore: boolean
  /** The same the other way round. */
  readonly secondHasMore: boolean
}

/** More examples than this are not looked for: each is one way to pass the routes before. */
const MOST_SHARED = 8
/** Patterns of a few segments take some dozen steps; only long runs of wildcards can take many. */
const MOST_STEPS = 400

interface Step {
  readonly first: readonly number[]
  readonly second: readonly number[]
  readonly path: readonly string[]
}

/**
 * Compares two patterns exactly, by walking both at once over every segment that they can tell apart.
 * @param fresh a segment that no pattern names: it stands for all those that no pattern names
 * @returns what was found; where a pair would take too long (long runs of wildcards), only a part of it
 */
export function comparePatterns(first: PathPattern, second: PathPattern, fresh: string): PathComparison {
  const shared: (readonly string[])[] = []
  let firstHasMore = false
  let secondHasMore = false
  const seen = new Map<string, number>()
  const queue: Step[] = [{ first: afterNothing(first, [0]), second: afterNothing(second, [0]), path: [] }]
  for (const { first: inFirst, second: inSecond, path } of queue) {
    if (queue.length > MOST_STEPS) break
    // Every place in a pattern leads to its end, so one that is left alone is one that has more.
    const firstEnds = inFirst.includes(first.segments.length)
    const secondEnds = inSecond.includes(second.segments.length)
    if (inSecond.length === 0 || (firstEnds && !secondEnds)) firstHasMore = true
    if (inFirst.length === 0 || (secondEnds && !firstEnds)) secondHasMore = true
    if (firstEnds && secondEnds && shared.length < MOST_SHARED) shared.push(path)
    if (firstHasMore && secondHasMore && shared.length === MOST_SHARED) break
    if (inFirst.length === 0 || inSecond.length === 0) continue
    const texts = new Set([fresh, ...textsAt(first, inFirst), ...textsAt(second, inSecond)])
    for (const text of texts) {
      const next = {
        first: afterSegment(first, inFirst, text),
        second: afterSegment(second, inSecond, text),
        path: [...path, text],
      }
      const key = `${next.first.join()} ${next.second.join()}`
      const times = seen.get(key) ?? 0
      // Twice, so that there are examples of several lengths.
      if (times >= 2 || (next.first.length === 0 && next.second.length === 0)) continue
      seen.set(key, times + 1)
      queue.push(next)
    }
  }
  return { shared, firstHasMore, secondHasMore }
}

function textsAt({ segments }: PathPattern, places: readonly number[]): readonly string[] {
  return places.flatMap(place => {
    const segment = segments[place]
    return segment?.kind === 'text' ? [segment.text] : []
  })
}

/** The places of a pattern that one more segment leads to, in ascending order. */
function afterSegment(pattern: PathPattern, places: readonly number[], text: string): readonly number[] {
  const next: number[] = []
  for (const place of places) {
    const segment = pattern.segments[place]
    if (segment === undefined) continue
    if (segment.kind === 'any') next.push(place)
    else if (segment.kind === 'one' || segment.text === text) next.push(place + 1)
  }
  return afterNothing(pattern, next)
}

/** Adds the places behind each `**`, which may stand for nothing. */
function afterNothing({ segments }: PathPattern, places: readonly number[]): readonly number[] {
  const all = new Set<number>()
  for (let place of places) {
    all.add(place)
    while (segments[place]?.kind === 'any') all.add(++place)
  }
  return [...all].sort((a, b) => a - b)
}
