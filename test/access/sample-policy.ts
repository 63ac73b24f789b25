import { BlockList } from 'node:net'
import type { AccessRequest } from '../../src/access/access-request.js'
import type { Proof } from '../../src/access/assurance.js'
import { canonicalise } from '../../src/access/canonicalise.js'
import type { Canonical, PathLeniency, RawRequest } from '../../src/access/canonicalise.js'
import type { Identity, Person } from '../../src/access/identity.js'
import { parsePathPattern } from '../../src/access/path-pattern.js'
import { compileRouteRegex } from '../../src/access/route-regex.js'
import type { AppPolicy, Route } from '../../src/access/route.js'

/** The moment at which every sample happens. */
export const NOW = Date.UTC(2026, 10, 20, 12)

/** Canonicalises a GET of `gw.example` unless told otherwise. */
export function canonical(raw: Partial<RawRequest>, leniencies: readonly PathLeniency[] = []): Canonical {
  const sent = { method: 'GET', target: '/', host: 'gw.example', asksPreflight: false, ...raw }
  return canonicalise(sent, () => leniencies)
}

/** A request whose path is already canonical. */
export function requestFor(path: string, rest: Partial<AccessRequest> = {}): AccessRequest {
  return {
    method: 'GET',
    host: 'gw.example',
    path,
    encodedPath: encodeURI(path),
    query: '',
    preflight: false,
    ...rest,
  }
}

/** A `required` route for a path pattern. */
export function routeFor(pattern: string, rest: Partial<Route> = {}): Route {
  const parsed = parsePathPattern(pattern)
  if (!parsed.ok) throw new Error(`${pattern}: ${parsed.fault.message}`)
  return { ...EMPTY, name: `wiki ${pattern}`, pattern, path: parsed.pattern, ...rest }
}

/** A `required` route for a regex. */
export function regexRouteFor(source: string, rest: Partial<Route> = {}): Route {
  const compiled = compileRouteRegex(source)
  if (!compiled.ok) throw new Error(`${source}: ${compiled.fault.message}`)
  return { ...EMPTY, name: `wiki ${source}`, pattern: source, pathRegex: compiled.regex, ...rest }
}

const EMPTY: Omit<Route, 'name' | 'pattern'> = {
  path: undefined,
  pathRegex: undefined,
  methods: undefined,
  networks: undefined,
  access: 'required',
  users: undefined,
  groups: undefined,
  stepUp: undefined,
  tokens: undefined,
  reason: undefined,
  until: undefined,
  place: { file: 'gateway.yaml', line: 12, column: 7 },
}

export function appWith(routes: readonly Route[], rest: Partial<AppPolicy> = {}): AppPolicy {
  return { name: 'wiki', host: 'gw.example', routes, hasUpstream: true, preflight: false, ...rest }
}

/** The network of an address and its prefix, as `networks` of a route has it. */
export function networkOf(address: string, prefix: number): BlockList {
  const network = new BlockList()
  network.addSubnet(address, prefix, address.includes(':') ? 'ipv6' : 'ipv4')
  return network
}

/** Alice of the group staff, who has a second factor, with the proofs given. */
export function alice(proofs: readonly Proof[], rest: Partial<Identity & Person> = {}): Identity {
  return {
    person: {
      subject: rest.subject ?? 'alice',
      displayName: 'Alice',
      email: 'alice@example.com',
      groups: rest.groups ?? ['staff'],
      mfa: rest.mfa ?? 'enabled',
    },
    proofs,
    hasSecondFactor: rest.hasSecondFactor ?? true,
    sessionReference: 'sample',
  }
}

/** A proof of so many milliseconds ago. */
export function proof(method: Proof['method'], age = 60_000): Proof {
  return { method, at: NOW - age }
}
