import { matchesPattern, splitPath, type PathPattern } from '../../access/path-pattern.js'
import type { Route } from '../../access/route.js'
import { comparePatterns, type PathComparison } from './compare-patterns.js'
import { regexSamples } from './regex-samples.js'

/** What a path of the policy cannot contain: such requests are refused before any route is asked. */
const NEVER_ASKED = /\/\/|\/\.{1,2}(?:\/|$)|[\\;%?#\p{Cc}]/u
const MOST_SHARED = 8

/**
 * Compares the paths of routes: two patterns exactly, others by examples of both that are tried with both. So what is
 * said of a regex is always true, and not always all.
 * @param fresh a segment that no pattern names
 */
export function createPathComparison(fresh: string): (first: Route, second: Route) => PathComparison {
  const samples = new Map<Route, readonly (readonly string[])[]>()
  const samplesOf = (route: Route): readonly (readonly string[])[] => {
    const known = samples.get(route)
    if (known !== undefined) return known
    const made =
      route.path === undefined ? samplesOfRegex(route.pattern) : samplesOfPattern(route.path, fresh)
    samples.set(route, made)
    return made
  }
  return (first, second) => {
    if (first.path !== undefined && second.path !== undefined)
      return comparePatterns(first.path, second.path, fresh)
    const ofFirst = samplesOf(first)
    const ofSecond = samplesOf(second)
    const joined = [...joinedWith(first.path, ofSecond), ...joinedWith(second.path, ofFirst)]
    const shared: (readonly string[])[] = []
    let firstHasMore = false
    let secondHasMore = false
    for (const path of [...joined, ...ofFirst, ...ofSecond]) {
      const inFirst = matches(first, path)
      const inSecond = matches(second, path)
      if (inFirst && !inSecond) firstHasMore = true
      if (inSecond && !inFirst) secondHasMore = true
      if (inFirst && inSecond && shared.length < MOST_SHARED) shared.push(path)
    }
    return { shared, firstHasMore, secondHasMore }
  }
}

function matches({ path, pathRegex }: Route, segments: readonly string[]): boolean {
  if (path !== undefined) return matchesPattern(path, segments)
  return pathRegex?.test(`/${segments.join('/')}`) === true
}

function samplesOfRegex(source: string): readonly (readonly string[])[] {
  return regexSamples(source)
    .filter(text => text.startsWith('/') && !NEVER_ASKED.test(text))
    .map(text => splitPath(text.normalize('NFC')))
}

/** A pattern with one segment for each `*`, and none, one or two for each `**`. */
function samplesOfPattern({ segments }: PathPattern, fresh: string): readonly (readonly string[])[] {
  return [0, 1, 2].map(length =>
    segments.flatMap(segment =>
      segment.kind === 'text'
        ? [segment.text]
        : Array<string>(segment.kind === 'one' ? 1 : length).fill(fresh),
    ),
  )
}

/** The samples of a regex with the texts of a pattern in them, at the places where the pattern would have them. */
function joinedWith(
  pattern: PathPattern | undefined,
  samples: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  if (pattern === undefined) return []
  const { segments } = pattern
  const fixed = segments.filter(segment => segment.kind !== 'any').length
  return samples.flatMap(sample => {
    const spare = sample.length - fixed
    if (spare < 0 || (spare > 0 && fixed === segments.length)) return []
    let at = 0
    let left = spare
    return [
      segments.flatMap(segment => {
        // What is to spare goes to the first `**`: with several of them, one way to divide it is enough.
        const length = segment.kind === 'any' ? left : 1
        if (segment.kind === 'any') left = 0
        const taken = sample.slice(at, at + length)
        at += length
        return segment.kind === 'text' ? [segment.text] : taken
      }),
    ]
  })
}
