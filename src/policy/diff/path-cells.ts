import { matchesPattern } from '../../access/path-pattern.js'
import type { PathPattern } from '../../access/path-pattern.js'
import type { Route } from '../../access/route.js'
import { createPathGraph, type PathGraph, type PathNode } from './path-graph.js'
import { chooseCharacters, mayEnd, NOTHING_READ, type ReadSoFar } from './path-spelling.js'
import { readRegexStructure, type CharacterRange } from './regex-structure.js'

/** Which of the two policies. */
export type Side = 'before' | 'after'

/** A route of one side, with its place among the routes of its app. */
export interface OrderedRoute {
  readonly side: Side
  readonly order: number
  readonly route: Route
}

/** Paths that no route tells apart, by one of them. */
export interface PathCell {
  readonly path: string
  /** The routes that are for such a path, as far as one before them does not take every request. */
  readonly routes: readonly OrderedRoute[]
}

/** Every kind of path there is. */
export interface PathCells {
  readonly cells: readonly PathCell[]
  /** Regexes that are only approximated, so that paths may be missing that they tell apart. */
  readonly inexact: readonly OrderedRoute[]
  /** Whether the walk was given up because there are too many kinds. */
  readonly isCutShort: boolean
}

/** The most that is walked through: nodes of the graph, over all its states. Some seconds. */
const MOST_WORK = 4_000_000

/**
 * Divides all paths into cells that no route of either side tells apart, and gives a shortest path of each.
 * The cost grows with the number of distinct beginnings of patterns; patterns with several `**` before different
 * texts multiply it.
 * @param borders further patterns that must be told apart: the gateway's own pages
 * @param escapesTwice whether the app accepts double encoding
 */
export function divideIntoCells(
  routes: readonly OrderedRoute[],
  borders: readonly PathPattern[],
  escapesTwice: boolean,
  mostWork = MOST_WORK,
): PathCells {
  const graph = createPathGraph()
  const inexact = addRoutes(graph, routes)
  borders.forEach((pattern, index) => {
    graph.addPattern(pattern, routes.length + index)
  })
  const usefulOf = earliestOf(graph, routes)
  const cells = new Map<string, PathCell>()
  const add = (path: string, marks: readonly number[]): void => {
    const deciding = untilOneTakesAll(marks.flatMap(mark => routes[mark] ?? []))
    const outside = marks.filter(mark => mark >= routes.length)
    const key = `${deciding.map(({ side, order }) => `${side}${order}`).join()} ${outside.join()}`
    if (!cells.has(key)) cells.set(key, { path, routes: deciding })
  }
  add('/', marksOfRoot(routes, borders))

  const start = usefulOf(closureOf([graph.root]))
  const queue: State[] = [{ nodes: start, read: NOTHING_READ, path: '' }]
  const seen = new Set([keyOf(start, NOTHING_READ)])
  let work = 0
  let isCutShort = false
  for (const state of queue) {
    work += state.nodes.length
    if (work > mostWork) {
      isCutShort = true
      break
    }
    for (const { ranges, targets } of stepsFrom(state.nodes)) {
      const next = chooseCharacters(ranges, state.read, escapesTwice)
      if (next.length === 0) continue
      const nodes = usefulOf(closureOf(targets))
      for (const { code, read } of next) {
        const key = keyOf(nodes, read)
        if (seen.has(key)) continue
        seen.add(key)
        const path = state.path + String.fromCodePoint(code)
        queue.push({ nodes, read, path })
        if (mayEnd(read)) add(path, [...new Set(nodes.flatMap(node => node.marks))].sort(byNumber))
      }
    }
  }
  return { cells: [...cells.values()], inexact, isCutShort }
}

interface State {
  readonly nodes: readonly PathNode[]
  readonly read: ReadSoFar
  readonly path: string
}

/** Adds every route, and gives those whose regex is only approximated. */
function addRoutes(graph: PathGraph, routes: readonly OrderedRoute[]): readonly OrderedRoute[] {
  return routes.filter(({ route }, mark) => {
    if (route.path !== undefined) graph.addPattern(route.path, mark)
    if (route.pathRegex === undefined) return false
    // RE2 was given `^(?:…)$`.
    const { part, isExact } = readRegexStructure(route.pathRegex.pattern().slice(4, -2))
    graph.addRegex(part, mark)
    return !isExact
  })
}

/** The root is no path of the graph. */
function marksOfRoot(routes: readonly OrderedRoute[], borders: readonly PathPattern[]): readonly number[] {
  const marks = routes.flatMap(({ route }, mark) =>
    (route.path === undefined ? route.pathRegex?.test('/') === true : matchesPattern(route.path, []))
      ? [mark]
      : [],
  )
  return [
    ...marks,
    ...borders.flatMap((border, index) => (matchesPattern(border, []) ? [routes.length + index] : [])),
  ]
}

/** The routes of both sides that are looked at for a path: up to one that is for every method and address. */
function untilOneTakesAll(routes: readonly OrderedRoute[]): readonly OrderedRoute[] {
  return (['before', 'after'] as const).flatMap(side => {
    const own = routes.filter(route => route.side === side).sort((a, b) => a.order - b.order)
    const last = own.findIndex(takesAll)
    return last === -1 ? own : own.slice(0, last + 1)
  })
}

function takesAll({ route }: OrderedRoute): boolean {
  return route.methods === undefined && route.networks === undefined
}

/**
 * Leaves out of a state what cannot matter any more: behind a `**` that takes every request, only routes that stand
 * before it in the file can still decide.
 */
function earliestOf(
  graph: PathGraph,
  routes: readonly OrderedRoute[],
): (nodes: readonly PathNode[]) => readonly PathNode[] {
  const sides = (['before', 'after'] as const).map(side => {
    const orderOf = (mark: number): number => {
      const route = routes[mark]
      return route === undefined ? -1 : route.side === side ? route.order : Infinity
    }
    const takes = graph.nodes.map(({ keepsAlive }) => {
      const all = (keepsAlive?.marks ?? []).flatMap(mark => routes[mark] ?? [])
      const orders = all.filter(route => route.side === side && takesAll(route)).map(({ order }) => order)
      return Math.min(Infinity, ...orders)
    })
    return { reachable: earliestReachable(graph, orderOf), takes }
  })
  return nodes => {
    const bests = sides.map(({ takes }) =>
      nodes.reduce((best, { id }) => Math.min(best, takes[id] ?? best), Infinity),
    )
    if (bests.every(best => best === Infinity)) return nodes
    return nodes.filter(({ id }) =>
      sides.some(
        ({ reachable }, side) =>
          (reachable[id] ?? Infinity) <= Math.min(bests[side] ?? Infinity, Number.MAX_VALUE),
      ),
    )
  }
}

/** For each node, the first route that can still be reached from it. */
function earliestReachable({ nodes }: PathGraph, orderOf: (mark: number) => number): readonly number[] {
  const earliest = nodes.map(({ marks }) => Math.min(Infinity, ...marks.map(orderOf)))
  const comesFrom = nodes.map((): number[] => [])
  for (const node of nodes) {
    for (const next of [...node.texts.values(), ...node.ranges.map(({ to }) => to), ...node.after])
      comesFrom[next.id]?.push(node.id)
  }
  const pending = nodes.map(({ id }) => id)
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const reached = earliest[id] ?? Infinity
    for (const from of comesFrom[id] ?? []) {
      if ((earliest[from] ?? Infinity) <= reached) continue
      earliest[from] = reached
      pending.push(from)
    }
  }
  return earliest
}

/** The nodes and all that is reached without reading, in the order of their numbers. */
function closureOf(from: readonly PathNode[]): readonly PathNode[] {
  const all = new Set(from)
  for (const node of all) for (const next of node.after) all.add(next)
  return [...all].sort((a, b) => a.id - b.id)
}

/** The characters that lead from a state to different states. */
function stepsFrom(
  nodes: readonly PathNode[],
): readonly { readonly ranges: readonly CharacterRange[]; readonly targets: readonly PathNode[] }[] {
  const borders = new Set<number>([0])
  for (const { texts, ranges } of nodes) {
    for (const code of texts.keys()) borders.add(code).add(code + 1)
    for (const { first, last } of ranges) borders.add(first).add(last + 1)
  }
  const points = [...borders].sort(byNumber)
  const steps = new Map<
    string,
    { readonly ranges: CharacterRange[]; readonly targets: readonly PathNode[] }
  >()
  points.forEach((first, index) => {
    const last = (points[index + 1] ?? 0x110000) - 1
    if (first > 0x10ffff) return
    const targets: PathNode[] = []
    for (const { texts, ranges } of nodes) {
      const text = first === last ? texts.get(first) : undefined
      if (text !== undefined) targets.push(text)
      for (const range of ranges) if (range.first <= first && last <= range.last) targets.push(range.to)
    }
    const key = targets.map(({ id }) => id).join()
    const step = steps.get(key)
    if (step === undefined) steps.set(key, { ranges: [{ first, last }], targets })
    else step.ranges.push({ first, last })
  })
  return [...steps.values()]
}

function keyOf(nodes: readonly PathNode[], { segment, escape }: ReadSoFar): string {
  return `${nodes.map(({ id }) => id).join()} ${segment}${escape}`
}

function byNumber(a: number, b: number): number {
  return a - b
}
