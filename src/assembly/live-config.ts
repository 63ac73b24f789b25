import type { Policy } from '../access/policy.js'
import type { AppPolicy } from '../access/route.js'
import { compilePolicy } from '../config/compile-policy.js'
import type { AppConfig, GatewayConfig } from '../config/gateway-config.js'
import type { AppChanges } from '../gate/app-changes.js'
import type { AddressState, UpstreamOptions, Upstream } from '../gate/upstream.js'
import type { AnswerHeaders } from '../http/answer.js'
import type { ArrivalOptions } from '../http/arrival.js'
import { type CheckReturnTo, createReturnToCheck } from '../http/return-to.js'
import { ownHeaders, readingRules } from './http-rules.js'

/** What is made of one reading of the file. Immutable. */
export interface Edition {
  readonly policy: Policy
  readonly apps: readonly AppConfig[]
  readonly reading: ArrivalOptions
  readonly answerHeaders: AnswerHeaders
  readonly checkReturnTo: CheckReturnTo
}

/** The configuration that holds now. Only `apps` may change while the gateway runs. */
export interface LiveConfig {
  current(): Edition
  /** Lets new apps hold from the next request on; requests under way go on with what they were read by. */
  replace(config: GatewayConfig): void
  /** The upstream of an app of any edition whose requests may still be under way. */
  upstreamOf(app: AppPolicy): Upstream | undefined
  /** What is changed on the way to an app of any edition, and back. */
  changesOf(app: AppPolicy): AppChanges | undefined
  /** How the upstreams of all apps stand at this moment, in the order of the file. */
  upstreamStates(): readonly UpstreamState[]
  close(): Promise<void>
}

/** How the upstream of one app stands. */
export interface UpstreamState {
  readonly app: string
  /** At least one. */
  readonly addresses: readonly AddressState[]
}

export interface LiveConfigOptions {
  readonly config: GatewayConfig
  readonly openUpstream: (options: UpstreamOptions) => Upstream
  /** Calls back later; an upstream that no edition names any more keeps its connections as long. */
  readonly later: (work: () => void) => void
}

/** Makes the first edition. */
export function createLiveConfig({ config, openUpstream, later }: LiveConfigOptions): LiveConfig {
  // By the text of their options: an edit of the routes keeps every connection.
  let open = new Map<string, Upstream>()
  const retired = new Set<Upstream>()
  const ofApp = new WeakMap<AppPolicy, Upstream>()
  const changesOfApp = new WeakMap<AppPolicy, AppChanges>()

  function edition(written: GatewayConfig): Edition {
    const previous = open
    open = new Map()
    for (const { policy, upstream, changes } of written.apps) {
      if (changes !== undefined) changesOfApp.set(policy, changes)
      if (upstream === undefined) continue
      const key = JSON.stringify(upstream)
      const one = open.get(key) ?? previous.get(key) ?? openUpstream(upstream)
      open.set(key, one)
      ofApp.set(policy, one)
    }
    for (const [key, one] of previous) if (!open.has(key)) retire(one)
    const policy = compilePolicy(written)
    const { publicUrl, authPath, apps } = written
    const hosts = apps.map(app => app.policy.host)
    return {
      policy,
      apps,
      reading: readingRules(written, policy),
      answerHeaders: ownHeaders(written),
      checkReturnTo: createReturnToCheck(publicUrl.origin, authPath, hosts),
    }
  }

  function retire(upstream: Upstream): void {
    retired.add(upstream)
    later(() => {
      // One that is not there any more was destroyed when the gateway ended.
      if (retired.delete(upstream)) void upstream.close()
    })
  }

  let current = edition(config)
  return {
    current: () => current,
    replace: ({ apps }) => {
      // What is fixed at the start stays as it was, whatever the file says now.
      current = edition({ ...config, apps })
    },
    upstreamOf: app => ofApp.get(app),
    changesOf: app => changesOfApp.get(app),
    upstreamStates: () =>
      current.apps.flatMap(({ policy }) => {
        const upstream = ofApp.get(policy)
        return upstream === undefined ? [] : [{ app: policy.name, addresses: upstream.states() }]
      }),
    close: async () => {
      const all = [...open.values(), ...retired]
      retired.clear()
      for (const one of all) await one.destroy()
    },
  }
}
