import { judge } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import type { Route } from '../../access/route.js'

/** A request that shows what is said of two routes. */
export interface Witness {
  readonly method: string
  /** Decoded, as patterns are written. */
  readonly path: string
  /** The client's address. */
  readonly address: string
}

/** What the requests are made of: every combination is one. */
interface Candidates {
  /** Canonical. */
  readonly host: string
  /** Each as its segments. */
  readonly paths: readonly (readonly string[])[]
  readonly methods: readonly string[]
  readonly addresses: readonly string[]
}

/** The host of an app, or one of those that its wildcard is for. */
export function sampleHost(host: string, fresh: string): string {
  return host.startsWith('*.') ? `${fresh}${host.slice(1)}` : host
}

/**
 * Finds one of several requests that the gateway really lets a route decide.
 * @returns undefined: there is no such request, or none among the candidates
 */
export function findWitness(
  policy: Policy,
  route: Route,
  { host, paths, methods, addresses }: Candidates,
): Witness | undefined {
  for (const segments of paths) {
    const target = `/${segments.map(encodeURIComponent).join('/')}`
    for (const method of methods) {
      for (const address of addresses) {
        const asked = { method, authority: host, target, address, secure: true, asksPreflight: false }
        const verdict = judge(policy, asked, undefined, 0)
        if ('match' in verdict && verdict.match?.route === route)
          return { method, path: `/${segments.join('/')}`, address }
      }
    }
  }
  return undefined
}

/** What both are for, GET first. Without `methods` a route is for all of them. */
export function sharedMethods(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] {
  const shared =
    one === undefined ? (other ?? ['GET', 'POST']) : one.filter(method => other?.includes(method) !== false)
  return shared.includes('GET') ? ['GET', ...shared.filter(method => method !== 'GET')] : shared
}
