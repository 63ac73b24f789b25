import type { PathLeniency } from '../../src/access/canonicalise.js'
import type { Caller, Identity } from '../../src/access/identity.js'
import { createOwnPaths } from '../../src/access/own-paths.js'
import type { Policy } from '../../src/access/policy.js'
import type { AppPolicy } from '../../src/access/route.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import { createGuard } from '../../src/gate/guard.js'
import { createShadow, type PolicyWithUpstreams } from '../../src/gate/shadow.js'
import type { DifferenceKind, ShadowTally } from '../../src/gate/shadow-tally.js'
import { readArrival, type Arrival } from '../../src/http/arrival.js'
import type { Credential } from '../../src/http/credential.js'
import { createHeaderRoles } from '../../src/http/header-roles.js'
import { NOW } from '../access/sample-policy.js'

/** A request as a test writes it down. */
export interface SentRequest {
  readonly method?: string
  readonly target: string
  readonly host?: string
  readonly address?: string
  readonly preflight?: boolean
  /** Who the credential belongs to; `worthless`: nobody. Undefined: there is none. */
  readonly caller?: Identity | 'worthless' | undefined
}

export interface SamplePolicyOptions {
  readonly hash?: string
  readonly allowInPath?: readonly PathLeniency[]
  readonly secure?: boolean
  readonly authPath?: string
  /** Origins of upstreams by the name of the app. Default: one for all. */
  readonly upstreams?: Readonly<Record<string, string>>
}

/** A policy of these apps. */
export function policyOf(apps: readonly AppPolicy[], options: SamplePolicyOptions = {}): PolicyWithUpstreams {
  const { hash = 'live', allowInPath = [], secure = false, authPath = '/auth', upstreams = {} } = options
  const hosts = new Set(apps.map(({ host }) => host))
  const policy: Policy = {
    routes: compileRouteTable(apps),
    leniencies: host => (hosts.has(host) ? allowInPath : []),
    isOwn: createOwnPaths('gw.example', authPath),
    secure,
    hash,
  }
  return { policy, upstreamOf: app => upstreams[app.name] ?? 'http://127.0.0.1:3000' }
}

/** A shadow beside a guard, both taking requests as the gate gives them, without HTTP. */
export function shadowBench(live: PolicyWithUpstreams, shadow: PolicyWithUpstreams | undefined) {
  const time = { now: NOW }
  const now = (): number => time.now
  const holds = { live }
  const told: DifferenceKind[] = []
  const ended: ShadowTally[] = []
  const errors: unknown[] = []
  const lookUps: string[] = []
  /** What the credentials of requests are worth, in the order of their sending. */
  const callers = new Map<string, Caller>()
  const store = { fails: false }
  const current = new WeakMap<Arrival, Credential>()

  const callerOf = (credential: Credential): Caller =>
    credential.kind === 'session' ? callers.get(credential.id) : undefined
  const guard = createGuard({
    policy: () => holds.live.policy,
    authenticate: callerOf,
    authenticateAgain: identity => Promise.resolve(identity),
    now,
  })
  const observer = createShadow({
    live: () => holds.live,
    readCredential: ({ cookie }) =>
      cookie === undefined ? { kind: 'none' } : { kind: 'session', id: cookie },
    findCaller: (credential, address) => {
      lookUps.push(address)
      if (store.fails) throw new Error('the store is gone')
      return callerOf(credential)
    },
    now,
    onDifference: kind => told.push(kind),
    onEnd: tally => ended.push(tally),
    onError: error => errors.push(error),
  })
  observer.replace(shadow)

  /** Reads a request by the policy that holds. */
  function arrive({ target, ...rest }: SentRequest): Arrival {
    const { method = 'GET', host = 'gw.example', address = '192.0.2.1', caller } = rest
    const id = `${callers.size}`
    const fields = ['Host', host]
    if (rest.preflight === true)
      fields.push('Origin', 'https://x.example', 'Access-Control-Request-Method', 'GET')
    if (caller !== undefined) {
      callers.set(id, caller === 'worthless' ? undefined : caller)
      fields.push('Cookie', id)
    }
    const arrival = readArrival(
      { method, url: target, rawHeaders: fields, socket: { remoteAddress: address } },
      { roleOf, trustedProxies: undefined, policy: holds.live.policy },
    )
    current.set(arrival, caller === undefined ? { kind: 'none' } : { kind: 'session', id })
    return arrival
  }

  /** Judges a request that arrived, and lets the shadow see it. */
  function pass(arrival: Arrival): void {
    const { reading } = arrival
    const credential = current.get(arrival) ?? { kind: 'none' }
    if (!reading.ok) {
      observer.refused(arrival)
      return
    }
    if (arrival.policy.isOwn(reading.request)) return
    const judgement = guard.judge(reading.request, arrival, credential)
    if (judgement instanceof Promise) throw new Error('the sample callers are known at once')
    observer.judged(arrival, judgement, credential)
  }

  const send = (...requests: readonly SentRequest[]): void => {
    for (const request of requests) pass(arrive(request))
  }
  return { time, holds, observer, told, ended, errors, lookUps, store, callers, guard, arrive, pass, send }
}

const roleOf = createHeaderRoles([], [])
