import type { Registry } from 'prom-client'
import { addFamily, one, type Sample } from './families.js'

/** What is asked of the gateway when somebody reads the metrics. */
export interface StateSources {
  readonly policy: () => { readonly hash: string; readonly state: string }
  /** The routes that skip the second factor for a time only; `until` in milliseconds since the epoch. */
  readonly timeBoxed: () => readonly { readonly name: string; readonly until: number | undefined }[]
  /** What a second policy would have decided; empty without one. */
  readonly shadow: () => readonly { readonly live: string; readonly shadow: string; readonly count: number }[]
  /** How many WebSockets and event streams are open. */
  readonly openStreams: () => number
  /** When the certificate that is served ends, in milliseconds since the epoch; undefined: none is. */
  readonly certificateExpiry: () => number | undefined
  /** How often the clock of the machine was set since the start. */
  readonly clockJumps: () => number
  /** How the addresses of each app's upstream stand: `up`, or a word for why one is left out. */
  readonly upstreams: () => readonly {
    readonly app: string
    readonly addresses: readonly { readonly origin: string; readonly standing: string }[]
  }[]
  /** What runs. */
  readonly build: { readonly version: string; readonly node: string }
}

/** Puts the state of the gateway into a registry. */
export function addStateMetrics(register: Registry, sources: StateSources): void {
  const { policy, timeBoxed, shadow, openStreams, certificateExpiry, clockJumps, upstreams, build } = sources
  addFamily(register, {
    name: 'gatehouse_build_info',
    help: 'Always 1; names the version of the gateway and that of Node.js.',
    type: 'gauge',
    together: 'max',
    read: () => [{ labels: { version: build.version, node: build.node }, value: 1 }],
  })
  addFamily(register, {
    name: 'gatehouse_policy_info',
    help: 'Always 1; names the text of the configuration that holds.',
    type: 'gauge',
    together: 'max',
    read: () => {
      const { hash, state } = policy()
      return [{ labels: { policy: hash, state }, value: 1 }]
    },
  })
  addFamily(register, {
    name: 'gatehouse_policy_rejected',
    help: '1 while the file is broken and what was read before holds.',
    type: 'gauge',
    together: 'max',
    read: () => one(policy().state === 'rejected' ? 1 : 0),
  })
  addFamily(register, {
    name: 'gatehouse_bypass_until_timestamp_seconds',
    help: 'When a bypassed route becomes required by itself.',
    type: 'gauge',
    together: 'max',
    read: () => timeBoxed().flatMap(({ name, until }) => untilSample(name, until)),
  })
  addFamily(register, {
    name: 'gatehouse_shadow_differences_total',
    help: 'Requests that the shadow policy would have decided otherwise, by both decisions.',
    type: 'counter',
    read: () =>
      shadow().map(({ live, shadow: other, count }) => ({
        labels: { decision: live, shadow_decision: other },
        value: count,
      })),
  })
  addFamily(register, {
    name: 'gatehouse_open_streams',
    help: 'WebSockets and event streams that are open.',
    type: 'gauge',
    read: () => one(openStreams()),
  })
  addFamily(register, {
    name: 'gatehouse_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that the gateway serves ends; absent where it serves none.',
    type: 'gauge',
    together: 'max',
    read: () => {
      const until = certificateExpiry()
      return until === undefined ? [] : one(until / 1000)
    },
  })
  addFamily(register, {
    name: 'gatehouse_upstream_up',
    help: 'Whether an address of an upstream is used; 0: it is left out after it failed.',
    type: 'gauge',
    together: 'min',
    read: () =>
      upstreams().flatMap(({ app, addresses }) =>
        addresses.map(({ origin, standing }) => ({
          labels: { app, address: origin },
          value: standing === 'up' ? 1 : 0,
        })),
      ),
  })
  addFamily(register, {
    name: 'gatehouse_clock_jumps_total',
    help: 'How often the clock of the machine was set by more than a second.',
    type: 'counter',
    together: 'max',
    read: () => one(clockJumps()),
  })
}

function untilSample(route: string, until: number | undefined): readonly Sample[] {
  return until === undefined ? [] : [{ labels: { route }, value: until / 1000 }]
}
