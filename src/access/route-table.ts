import { isIPv6 } from 'node:net'
import type { BlockList } from 'node:net'
import type { AccessRequest } from './access-request.js'
import { matchesPattern, splitPath } from './path-pattern.js'
import type { PatternSegment } from './path-pattern.js'
import type { AppPolicy, Route } from './route.js'

/** Finds the route of a request. Immutable: a reload replaces the whole table. */
export interface RouteTable {
  /**
   * The app of the request's host and the first of its routes that is for this request; the app's default route
   * when none is. Undefined: no app has this host.
   * @param address the client's address, for routes with `networks`
   */
  find(request: AccessRequest, address: string): Match | undefined
  readonly apps: readonly AppPolicy[]
}

export interface Match {
  readonly app: AppPolicy
  readonly route: Route
}

/** Why one route is not for a request, for explanations. */
export type Mismatch = 'path' | 'method' | 'network'

/** The routes that end at one node of the tree, with their place in the file. */
interface Ending {
  readonly order: number
  readonly route: Route
}

/**
 * The patterns of one app as a tree by segment, so that the cost of a look-up grows with the length of the path and
 * not with the number of routes.
 */
interface Node {
  readonly texts: Map<string, Node>
  one: Node | undefined
  /** Reached through `**`: stays alive over any number of segments. */
  any: Node | undefined
  readonly staysAlive: boolean
  readonly endings: Ending[]
}

interface CompiledApp {
  readonly app: AppPolicy
  readonly root: Node
  readonly regexes: readonly Ending[]
  readonly fallback: Match
}

/** Compiles apps into a table. Hosts are canonical and distinct: the configuration has seen to that. */
export function compileRouteTable(apps: readonly AppPolicy[]): RouteTable {
  const exact = new Map<string, CompiledApp>()
  const wildcards = new Map<string, CompiledApp>()
  for (const app of apps) {
    const compiled = compileApp(app)
    if (app.host.startsWith('*.')) wildcards.set(app.host.slice(2), compiled)
    else exact.set(app.host, compiled)
  }
  const appOf = (host: string): CompiledApp | undefined => exact.get(host) ?? wildcards.get(parentOf(host))
  return {
    apps,
    find(request, address) {
      const app = appOf(request.host)
      return app === undefined ? undefined : findRoute(app, request, address)
    },
  }
}

/** Why a route is not for this request, or undefined when it is: the plain reading of one route. */
export function mismatchOf(route: Route, request: AccessRequest, address: string): Mismatch | undefined {
  const path = matchedPath(request.path)
  const onPath =
    route.path !== undefined
      ? matchesPattern(route.path, splitPath(path))
      : route.pathRegex?.test(path) === true
  if (!onPath) return 'path'
  return conditionMismatch(route, request.method, address)
}

/** The host without its first label; empty, which is the name of nothing, where there is only one. */
function parentOf(host: string): string {
  const dot = host.indexOf('.')
  return dot === -1 ? '' : host.slice(dot + 1)
}

function compileApp(app: AppPolicy): CompiledApp {
  const root = newNode(false)
  const regexes: Ending[] = []
  app.routes.forEach((route, order) => {
    if (route.path === undefined) regexes.push({ order, route })
    else endOf(root, route.path.segments).endings.push({ order, route })
  })
  return { app, root, regexes, fallback: { app, route: defaultRoute(app) } }
}

/** What holds where nobody wrote a route: login and second factor. */
function defaultRoute(app: AppPolicy): Route {
  return {
    name: `${app.name} (default)`,
    path: undefined,
    pathRegex: undefined,
    pattern: '(everything else)',
    methods: undefined,
    networks: undefined,
    access: 'required',
    users: undefined,
    groups: undefined,
    stepUp: undefined,
    tokens: undefined,
    reason: undefined,
    until: undefined,
    place: undefined,
  }
}

function newNode(staysAlive: boolean): Node {
  return { texts: new Map(), one: undefined, any: undefined, staysAlive, endings: [] }
}

function endOf(root: Node, segments: readonly PatternSegment[]): Node {
  let node = root
  for (const segment of segments) {
    if (segment.kind === 'one') node = node.one ??= newNode(false)
    else if (segment.kind === 'any') node = node.any ??= newNode(true)
    else {
      let next = node.texts.get(segment.text)
      if (next === undefined) node.texts.set(segment.text, (next = newNode(false)))
      node = next
    }
  }
  return node
}

function findRoute(compiled: CompiledApp, request: AccessRequest, address: string): Match {
  const path = matchedPath(request.path)
  let best: Ending | undefined
  for (const node of nodesAt(compiled.root, path)) {
    for (const ending of node.endings) {
      if (best !== undefined && ending.order > best.order) break
      if (conditionMismatch(ending.route, request.method, address) === undefined) {
        best = ending
        break
      }
    }
  }
  for (const ending of compiled.regexes) {
    if (best !== undefined && ending.order > best.order) break
    if (
      ending.route.pathRegex?.test(path) === true &&
      conditionMismatch(ending.route, request.method, address) === undefined
    ) {
      best = ending
      break
    }
  }
  return best === undefined ? compiled.fallback : { app: compiled.app, route: best.route }
}

/** Every node at which the path ends, walking all the ways that wildcards open at once. */
function nodesAt(root: Node, path: string): readonly Node[] {
  let alive: Node[] = []
  enter(root, alive)
  let start = 1
  while (start < path.length) {
    let end = path.indexOf('/', start)
    if (end === -1) end = path.length
    const text = path.slice(start, end)
    const next: Node[] = []
    for (const node of alive) {
      const exact = node.texts.get(text)
      if (exact !== undefined) enter(exact, next)
      if (node.one !== undefined) enter(node.one, next)
      if (node.staysAlive) enter(node, next)
    }
    if (next.length === 0) return next
    alive = next
    start = end + 1
  }
  return alive
}

/** Adds a node, and what `**` after it opens at once because it may stand for nothing. */
function enter(node: Node, alive: Node[]): void {
  if (node.staysAlive && alive.includes(node)) return
  alive.push(node)
  if (node.any !== undefined) enter(node.any, alive)
}

/** A trailing slash makes no difference, so that no route is slipped by adding one. */
function matchedPath(path: string): string {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return IS_ASCII.test(trimmed) ? trimmed : trimmed.normalize('NFC')
}

const IS_ASCII = /^[\x00-\x7f]*$/

function conditionMismatch(route: Route, method: string, address: string): Mismatch | undefined {
  if (route.methods !== undefined && !route.methods.includes(method === 'HEAD' ? 'GET' : method))
    return 'method'
  if (route.networks !== undefined && !contains(route.networks, address)) return 'network'
  return undefined
}

function contains(networks: BlockList, address: string): boolean {
  return networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
