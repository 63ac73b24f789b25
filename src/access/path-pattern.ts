/**
 * A path pattern, split into segments: a text is matched exactly, `*` is any one segment and `**` is any number of
 * whole segments, none included. The root `/` is the empty list; a trailing slash makes no difference.
 */
export interface PathPattern {
  readonly segments: readonly PatternSegment[]
}

export type PatternSegment =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'one' } | { readonly kind: 'any' }

/** What is wrong with a pattern, and what to write instead. */
export interface PatternFault {
  readonly message: string
  readonly cure: string
}

const FAULTS: readonly (readonly [RegExp, string, string])[] = [
  [/^(?!\/)/, 'a path begins with "/"', 'put a "/" in front'],
  [/\/\//, '"//" never reaches the policy: such requests are refused', 'write a single "/"'],
  [
    /\/ *\.[. ]*(?:\/|$)/,
    'a segment of dots such as ".." never reaches the policy',
    'write the path that it stands for',
  ],
  [/%/, 'paths are matched after percent-decoding', 'write the character itself instead of its "%" escape'],
  [/\?/, 'the query takes no part in matching', 'write only the path; the route holds for every query'],
  [/#/, 'a fragment is never sent to a server', 'leave out everything from "#" on'],
  [/;/, 'what follows a ";" never reaches the policy', 'leave out everything from ";" to the next "/"'],
  [/\\/, 'a backslash never reaches the policy: such requests are refused', 'write "/"'],
  [/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/, 'a control character never reaches the policy', 'remove it'],
  [
    /\/(?!\*{1,2}(?:\/|$))[^/]*\*/,
    '"*" stands for a whole segment and "**" for whole segments',
    'write "/*/" or "/**", or use path_regex',
  ],
]

/**
 * Parses a pattern such as `/assets/**`.
 * @returns the pattern, or what is wrong with it: a pattern that no request could ever match is a fault
 */
export function parsePathPattern(
  text: string,
):
  | { readonly ok: true; readonly pattern: PathPattern }
  | { readonly ok: false; readonly fault: PatternFault } {
  for (const [sign, message, cure] of FAULTS) {
    if (sign.test(text)) return { ok: false, fault: { message, cure } }
  }
  const segments = splitPath(text.normalize('NFC')).map(toSegment)
  return { ok: true, pattern: { segments } }
}

/** The segments of a canonical path. The root and a trailing slash give no segment of their own. */
export function splitPath(path: string): string[] {
  const segments = path.split('/')
  segments.shift()
  if (segments.at(-1) === '') segments.pop()
  return segments
}

/** Whether one pattern matches a path that is split into its segments. The plain reading of a pattern. */
export function matchesPattern(pattern: PathPattern, path: readonly string[]): boolean {
  let states = new Set([0])
  const close = (from: Iterable<number>): Set<number> => {
    const all = new Set<number>()
    for (let state of from) {
      all.add(state)
      while (pattern.segments[state]?.kind === 'any') all.add(++state)
    }
    return all
  }
  states = close(states)
  for (const text of path) {
    const next: number[] = []
    for (const state of states) {
      const segment = pattern.segments[state]
      if (segment === undefined) continue
      if (segment.kind === 'any') next.push(state)
      else if (segment.kind === 'one' || segment.text === text) next.push(state + 1)
    }
    states = close(next)
  }
  return states.has(pattern.segments.length)
}

function toSegment(text: string): PatternSegment {
  if (text === '**') return { kind: 'any' }
  if (text === '*') return { kind: 'one' }
  return { kind: 'text', text }
}
