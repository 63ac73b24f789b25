import type { PathPattern, PatternSegment } from '../../access/path-pattern.js'
import type { Allowance } from './allowance.js'

/** Patterns with a value each, and the question which of them share a path with another pattern. */
export interface CrossingIndex<T> {
  add(pattern: PathPattern, value: T): void
  /**
   * The values of all patterns that share a path with this one, without most of those that lie inside it: a narrower
   * exception before a broad pattern is the usual way to write a policy, and would be in the way of all others.
   * @param allowance what the search may cost; when it is spent, the rest is left out
   */
  crossing(pattern: PathPattern, allowance: Allowance): ReadonlySet<T>
}

interface Node<T> {
  readonly id: number
  /** Whether it stands behind a `**`, where any segment more leads to itself. */
  readonly repeats: boolean
  readonly texts: Map<string, Node<T>>
  one: Node<T> | undefined
  any: Node<T> | undefined
  readonly values: T[]
}

/** A place in the tree, a place in the pattern, and whether the tree's way here took more than the pattern's. */
interface State<T> {
  readonly node: Node<T>
  readonly at: number
  readonly isBroader: boolean
}

/** An index that walks the tree of its patterns, so that patterns that begin with other texts cost nothing. */
export function crossingIndex<T>(): CrossingIndex<T> {
  let nodes = 0
  const newNode = (repeats: boolean): Node<T> => ({
    id: nodes++,
    repeats,
    texts: new Map(),
    one: undefined,
    any: undefined,
    values: [],
  })
  const child = (node: Node<T>, segment: PatternSegment): Node<T> => {
    if (segment.kind === 'one') return (node.one ??= newNode(false))
    if (segment.kind === 'any') return (node.any ??= newNode(true))
    const existing = node.texts.get(segment.text)
    if (existing !== undefined) return existing
    const created = newNode(false)
    node.texts.set(segment.text, created)
    return created
  }
  const root = newNode(false)
  return {
    add: (pattern, value) => {
      let node = root
      for (const segment of pattern.segments) node = child(node, segment)
      node.values.push(value)
    },
    crossing: ({ segments }, allowance) => {
      const found = new Set<T>()
      const seen = new Set<number>()
      const waiting: State<T>[] = []
      const visit = (node: Node<T>, at: number, isBroader: boolean): void => {
        const key = 2 * (node.id * (segments.length + 1) + at) + Number(isBroader)
        if (seen.has(key)) return
        seen.add(key)
        waiting.push({ node, at, isBroader })
      }
      visit(root, 0, false)
      for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
        if (!allowance.spend(1 + state.node.values.length)) break
        const { node, at, isBroader } = state
        const segment = segments[at]
        // Whatever the tree has below here lies inside the pattern.
        if (!isBroader && segment?.kind === 'any' && at === segments.length - 1) continue
        if (segment === undefined && isBroader) for (const value of node.values) found.add(value)
        if (segment?.kind === 'any') visit(node, at + 1, isBroader)
        if (node.any !== undefined) visit(node.any, at, isBroader || segment?.kind !== 'any')
        if (segment !== undefined) step(state, segment, visit)
      }
      return found
    },
  }
}

/** Every way to take one segment more in both. */
function step<T>(
  { node, at, isBroader }: State<T>,
  segment: PatternSegment,
  visit: (node: Node<T>, at: number, isBroader: boolean) => void,
): void {
  const after = segment.kind === 'any' ? at : at + 1
  if (node.repeats) visit(node, after, isBroader || segment.kind !== 'any')
  if (node.one !== undefined) visit(node.one, after, isBroader || segment.kind === 'text')
  if (segment.kind === 'text') {
    const same = node.texts.get(segment.text)
    if (same !== undefined) visit(same, after, isBroader)
  } else for (const next of node.texts.values()) visit(next, after, isBroader)
}
