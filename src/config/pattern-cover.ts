import type { PathPattern, PatternSegment } from '../access/path-pattern.js'

/** Patterns with a value each, and the question which of them match everything that another pattern matches. */
export interface CoverIndex<T> {
  add(pattern: PathPattern, value: T): void
  /**
   * The values of patterns that cover this one entirely, in no particular order. Never wrong; a cover through
   * several wildcards whose lengths depend on each other can be missed.
   */
  covering(pattern: PathPattern): readonly T[]
}

interface Node<T> {
  /** Whether it stands behind a `**`, where any number of segments more leads to itself. */
  readonly repeats: boolean
  readonly texts: Map<string, Node<T>>
  one: Node<T> | undefined
  any: Node<T> | undefined
  readonly values: T[]
}

/** An index whose answers take time by the length of the pattern, not by the number of patterns. */
export function coverIndex<T>(): CoverIndex<T> {
  const root = newNode<T>(false)
  return {
    add: (pattern, value) => {
      let node = root
      for (const segment of canonicalSegments(pattern)) node = child(node, segment)
      node.values.push(value)
    },
    covering: pattern => {
      let states = afterNothing([root])
      for (const segment of canonicalSegments(pattern)) {
        const next: Node<T>[] = []
        for (const state of states) {
          if (state.repeats) next.push(state)
          if (segment.kind === 'any') continue
          if (state.one !== undefined) next.push(state.one)
          const same = segment.kind === 'text' ? state.texts.get(segment.text) : undefined
          if (same !== undefined) next.push(same)
        }
        states = afterNothing(next)
      }
      return [...states].flatMap(state => state.values)
    },
  }
}

/** A text that two patterns share exactly when they match the same paths (as far as their wildcards tell). */
export function patternKey(pattern: PathPattern): string {
  return JSON.stringify(canonicalSegments(pattern))
}

/** In a run of wildcards the order means nothing: single ones first, then at most one of any length. */
function canonicalSegments(pattern: PathPattern): readonly PatternSegment[] {
  const segments: PatternSegment[] = []
  let pending: PatternSegment | undefined
  for (const segment of pattern.segments) {
    if (segment.kind === 'any') {
      pending = segment
      continue
    }
    if (pending !== undefined && segment.kind === 'text') {
      segments.push(pending)
      pending = undefined
    }
    segments.push(segment)
  }
  return pending === undefined ? segments : [...segments, pending]
}

function newNode<T>(repeats: boolean): Node<T> {
  return { repeats, texts: new Map(), one: undefined, any: undefined, values: [] }
}

function child<T>(node: Node<T>, segment: PatternSegment): Node<T> {
  if (segment.kind === 'one') return (node.one ??= newNode(false))
  if (segment.kind === 'any') return (node.any ??= newNode(true))
  const existing = node.texts.get(segment.text)
  if (existing !== undefined) return existing
  const created = newNode<T>(false)
  node.texts.set(segment.text, created)
  return created
}

/** Adds what is reached without a segment: a `**` may stand for none. */
function afterNothing<T>(from: readonly Node<T>[]): ReadonlySet<Node<T>> {
  const states = new Set(from)
  for (const state of states) if (state.any !== undefined) states.add(state.any)
  return states
}
