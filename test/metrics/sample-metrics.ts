import { systemStopwatch } from '../../src/clock.js'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.js'

/** Metrics of a gateway that has seen nothing yet. */
export function quietMetrics(policy = { hash: '0123456789abcdef', state: 'current' }): Metrics {
  return createMetrics({
    policy: () => policy,
    timeBoxed: () => [],
    shadow: () => [],
    auditLost: () => 0,
    accessLost: () => 0,
    openStreams: () => 0,
    certificateExpiry: () => undefined,
    clockJumps: () => 0,
    upstreams: () => [],
    build: { version: '1.0.0', node: '20.0.0' },
    elapsed: systemStopwatch,
    watchProcess: false,
  })
}

/** Metrics of one that has seen one of everything, so that every family has its labels. */
export function busyMetrics(): Metrics {
  const metrics = createMetrics({
    policy: () => ({ hash: '0123456789abcdef', state: 'current' }),
    timeBoxed: () => [{ name: 'app /**', until: 1 }],
    shadow: () => [{ live: 'allow', shadow: 'login', count: 1 }],
    auditLost: () => 1,
    accessLost: () => 1,
    openStreams: () => 1,
    certificateExpiry: () => 1,
    clockJumps: () => 1,
    upstreams: () => [{ app: 'app', addresses: [{ origin: 'http://10.0.0.9:3000', standing: 'up' }] }],
    build: { version: '1.0.0', node: '20.0.0' },
    elapsed: systemStopwatch,
    watchProcess: true,
  })
  const finished = { app: 'app', status: 200, complete: false, seconds: 1, upstreamSeconds: 1 }
  metrics.decided('app /**', 'allow', 'a session')
  metrics.bypassUsed('app /**')
  metrics.finished({ ...finished, failure: 'upstream_timeout' })
  metrics.finished({ ...finished, failure: 'internal' })
  metrics.told('login.password_accepted', undefined)
  metrics.told('login.throttled', 'totp')
  metrics.storeAnswered('get', 0.001, true)
  metrics.cacheAsked(true)
  return metrics
}
