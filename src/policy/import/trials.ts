import { addressBehind, addressIn } from './address-range.js'
import type { CarriedRule, Conjunction } from './carried-rule.js'
import type { ImportedApp, SourceCaller, SourceRequest } from './imported.js'

/** A request and who makes it, to be tried on both sides. */
export interface Trial {
  readonly request: SourceRequest
  readonly caller: SourceCaller
}

/** An address for documentation (RFC 5737), so no network of anybody. */
const SOMEWHERE = '192.0.2.1'
const STRANGERS_GROUP = 'nobodys'
const NOBODY: SourceCaller = { user: undefined, groups: [], factors: 1 }

/**
 * Requests that show how an app decides: for each rule one that it is for, and one that just misses each of its
 * conditions, made by nobody, by strangers and by those whom rules name, with one factor and with two.
 */
export function trialsOf(app: ImportedApp, hosts: readonly string[]): readonly Trial[] {
  const host = hostOf(app.host, hosts)
  const people = [...new Set(app.rules.flatMap(rule => rule.subjects ?? []))].flatMap(callersFor)
  const strangers = callersFor({ users: [], groups: [] })
  const trials = new Map<string, Trial>()
  const add = (request: Omit<SourceRequest, 'host'>, callers: readonly SourceCaller[]): void => {
    for (const caller of callers) {
      const trial = { request: { ...request, host }, caller }
      trials.set(JSON.stringify(trial), trial)
    }
  }
  const plain = { method: 'GET', query: '', address: SOMEWHERE }
  add({ ...plain, path: '/' }, [NOBODY, ...strangers, ...people])
  add({ ...plain, path: '/some/other/page' }, [NOBODY, ...strangers])
  for (const rule of app.rules) {
    const inside = requestFor(rule)
    add(inside, [NOBODY, ...strangers, ...people])
    for (const near of nearMisses(rule, inside)) add(near, [NOBODY, ...strangers])
  }
  return [...trials.values()]
}

function requestFor(rule: CarriedRule): Omit<SourceRequest, 'host'> {
  const [network] = rule.networks ?? []
  return {
    method: methodOf(rule.methods),
    path: asPath(rule.samples[0] ?? '/x'),
    query: '',
    address: network === undefined ? SOMEWHERE : addressIn(network),
  }
}

/** Requests that differ in one thing. HEAD is not among them: it is decided as GET. */
function nearMisses(
  rule: CarriedRule,
  inside: Omit<SourceRequest, 'host'>,
): readonly Omit<SourceRequest, 'host'>[] {
  const { path } = inside
  const above = path.slice(0, Math.max(1, path.replace(/\/$/, '').lastIndexOf('/')))
  const others = rule.samples.slice(1).map(asPath)
  const paths = [...others, `${path}x`, `${path.replace(/\/$/, '')}/`, `${path}/y`, above, `/x${path}`]
  const methods = ['POST', 'GET', 'DELETE'].filter(one => rule.methods?.includes(one) !== true).slice(0, 1)
  const addresses = (rule.networks ?? []).flatMap(range => addressBehind(range) ?? []).slice(0, 1)
  return [
    ...paths.map(one => ({ ...inside, path: one.replace(/\/{2,}/g, '/') })),
    ...methods.map(method => ({ ...inside, method })),
    ...[SOMEWHERE, ...addresses].map(address => ({ ...inside, address })),
    { ...inside, query: '?q=1' },
  ]
}

function methodOf(methods: readonly string[] | undefined): string {
  return methods === undefined || methods.includes('GET') ? 'GET' : (methods[0] ?? 'GET')
}

function asPath(sample: string): string {
  const path = sample.startsWith('/') ? sample : `/${sample}`
  return path.split('?')[0] ?? '/'
}

/** A host that only this app has. */
function hostOf(host: string, hosts: readonly string[]): string {
  if (!host.startsWith('*.')) return host
  const free = ['any', 'any1', 'any2', 'any3'].find(label => !hosts.includes(label + host.slice(1)))
  return `${free ?? 'any-other'}${host.slice(1)}`
}

function callersFor({ users, groups }: Conjunction): readonly SourceCaller[] {
  const caller = {
    user: users[0] ?? 'somebody',
    groups: groups.length === 0 ? [STRANGERS_GROUP] : groups,
  }
  return [
    { ...caller, factors: 1 },
    { ...caller, factors: 2 },
  ]
}
