import type { PathPattern } from '../../access/path-pattern.js'
import type { CharacterRange, RegexPart } from './regex-structure.js'

/**
 * A place in the reading of a path, character by character. A path is read as `/` and a segment, again and again;
 * the root is no path here.
 */
export interface PathNode {
  readonly id: number
  /** Where one character leads. */
  readonly texts: Map<number, PathNode>
  readonly ranges: (CharacterRange & { readonly to: PathNode })[]
  /** What is reached without reading anything. */
  readonly after: PathNode[]
  /** The numbers of the patterns that match when the path ends here. */
  readonly marks: number[]
  /** Set inside the segments of a `**`: the node that is reached again at the end of this and every further one. */
  readonly keepsAlive: PathNode | undefined
}

/** Patterns and regexes as one graph, in which those that begin alike share their beginning. */
export interface PathGraph {
  readonly root: PathNode
  readonly nodes: readonly PathNode[]
  addPattern(pattern: PathPattern, mark: number): void
  addRegex(part: RegexPart, mark: number): void
}

const SLASH = 0x2f
const LAST = 0x10ffff

/** Begins an empty graph. */
export function createPathGraph(): PathGraph {
  const nodes: PathNode[] = []
  const ones = new Map<PathNode, PathNode>()
  const anys = new Map<PathNode, PathNode>()
  const root = newNode()
  return {
    root,
    nodes,
    addPattern(pattern, mark) {
      let node = root
      for (const segment of pattern.segments) {
        if (segment.kind === 'any') node = anyFrom(node)
        else if (segment.kind === 'one') node = oneFrom(node)
        else {
          node = step(node, SLASH)
          for (const character of segment.text) node = step(node, character.codePointAt(0) ?? 0)
        }
      }
      node.marks.push(mark)
    },
    addRegex(part, mark) {
      const start = newNode()
      root.after.push(start)
      build(part, start).marks.push(mark)
    },
  }

  function newNode(keepsAlive?: PathNode): PathNode {
    const node = { id: nodes.length, texts: new Map(), ranges: [], after: [], marks: [], keepsAlive }
    nodes.push(node)
    return node
  }

  function step(from: PathNode, code: number): PathNode {
    let to = from.texts.get(code)
    if (to === undefined) from.texts.set(code, (to = newNode()))
    return to
  }

  function oneFrom(node: PathNode): PathNode {
    let one = ones.get(node)
    if (one === undefined) {
      ones.set(node, (one = newNode()))
      readSegment(step(node, SLASH), one)
    }
    return one
  }

  function anyFrom(node: PathNode): PathNode {
    let any = anys.get(node)
    if (any === undefined) {
      anys.set(node, (any = newNode()))
      node.after.push(any)
      const inside = newNode(any)
      readSegment(step(any, SLASH), inside)
      inside.after.push(any)
    }
    return any
  }

  /** Leads over one whole segment of any text. */
  function readSegment(from: PathNode, to: PathNode): void {
    for (const node of [from, to])
      node.ranges.push({ first: 0, last: SLASH - 1, to }, { first: SLASH + 1, last: LAST, to })
  }

  /** Adds what a part reads behind a node, and gives the node behind that. */
  function build(part: RegexPart, from: PathNode): PathNode {
    switch (part.kind) {
      case 'character': {
        const to = newNode()
        from.ranges.push(...part.ranges.map(range => ({ ...range, to })))
        return to
      }
      case 'sequence':
        return part.parts.reduce((node, one) => build(one, node), from)
      case 'choice': {
        const to = newNode()
        for (const one of part.parts) {
          const start = newNode()
          from.after.push(start)
          build(one, start).after.push(to)
        }
        return to
      }
      case 'repeat':
        return repeat(part, from)
    }
  }

  function repeat({ part, least, most }: RegexPart & { readonly kind: 'repeat' }, from: PathNode): PathNode {
    let node = from
    for (let times = 0; times < least; times++) node = build(part, node)
    if (most === undefined) {
      const loop = newNode()
      node.after.push(loop)
      build(part, loop).after.push(loop)
      const to = newNode()
      loop.after.push(to)
      return to
    }
    const to = newNode()
    node.after.push(to)
    for (let times = least; times < most; times++) {
      node = build(part, node)
      node.after.push(to)
    }
    return to
  }
}
