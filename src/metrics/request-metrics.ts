import type { Registry } from 'prom-client'
import { createCounts, createPairCounts, OTHER } from './counts.js'
import { createDurations } from './durations.js'
import { addFamily, one } from './families.js'
import { createRecentNames } from './recent-names.js'

/** A request whose answer was sent or given up. */
export interface FinishedRequest {
  /** The app it was for; undefined: none has its host, or it could not be read. */
  readonly app: string | undefined
  /** The status of the answer; undefined: there was none. */
  readonly status: number | undefined
  /** Whether the answer was sent to its end. */
  readonly complete: boolean
  /** From its head to the end of its answer, in seconds; undefined for a connection that became a WebSocket. */
  readonly seconds: number | undefined
  /** From when it was let through to the head of the upstream's answer, in seconds; undefined: there was none. */
  readonly upstreamSeconds: number | undefined
  /** Why it was answered in the place of an upstream, a word of a closed list. */
  readonly failure: string | undefined
}

/** Counts requests. */
export interface RequestMetrics {
  /**
   * A request for an app was decided.
   * @param route undefined: no app has its host, or it cannot be read
   * @param session names the session it came with, if any
   */
  decided(route: string | undefined, outcome: string, session?: string): void
  /** A `bypassed` route let somebody through. */
  bypassUsed(route: string): void
  /** A request is over. */
  finished(request: FinishedRequest): void
}

/** In seconds. Up to the longest that an upstream is waited for by default. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** How the closed list of failures calls those that are an upstream's, and how the metrics do. */
const UPSTREAM_FAILURES: ReadonlyMap<string, string> = new Map([
  ['upstream_unreachable', 'unreachable'],
  ['upstream_timeout', 'timeout'],
])

/** Classes of statuses by their first digit; what was never answered is `none`. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/**
 * Begins to count requests, and puts the counts into a registry.
 * @param elapsed milliseconds since any fixed moment, never going back
 */
export function createRequestMetrics(register: Registry, elapsed: () => number): RequestMetrics {
  const decisions = createPairCounts()
  const uses = createCounts()
  const durations = createDurations(BUCKETS)
  const responses = createPairCounts(1_000)
  const incomplete = createCounts(1_000)
  const upstreamDurations = createDurations(BUCKETS)
  const upstreamErrors = createPairCounts(1_000)
  const failures = createCounts()
  const sessions = createRecentNames(elapsed)

  addFamily(register, {
    name: 'gatehouse_requests_total',
    help: 'Requests for apps, by route and decision.',
    type: 'counter',
    read: () => decisions.samples('route', 'decision'),
  })
  addFamily(register, {
    name: 'gatehouse_bypass_uses_total',
    help: 'Requests that a bypassed route (login, second factor skipped) let through.',
    type: 'counter',
    read: () => uses.samples('route'),
  })
  addFamily(register, {
    name: 'gatehouse_request_duration_seconds',
    help: 'From the head of a request to the end of its answer, by app. WebSockets are left out.',
    type: 'histogram',
    read: () => durations.samples('gatehouse_request_duration_seconds', 'app'),
  })
  addFamily(register, {
    name: 'gatehouse_responses_total',
    help: 'Answers by app and class of their status; "none": the client went away before there was one.',
    type: 'counter',
    read: () => responses.samples('app', 'status'),
  })
  addFamily(register, {
    name: 'gatehouse_responses_incomplete_total',
    help: 'Answers that ended in the middle: the client or the upstream went away.',
    type: 'counter',
    read: () => incomplete.samples('app'),
  })
  addFamily(register, {
    name: 'gatehouse_upstream_duration_seconds',
    help: "From when a request was let through to the head of the upstream's answer, by app.",
    type: 'histogram',
    read: () => upstreamDurations.samples('gatehouse_upstream_duration_seconds', 'app'),
  })
  addFamily(register, {
    name: 'gatehouse_upstream_errors_total',
    help: 'Requests that the upstream gave no answer to, by app and kind.',
    type: 'counter',
    read: () => upstreamErrors.samples('app', 'kind'),
  })
  addFamily(register, {
    name: 'gatehouse_failures_total',
    help: 'Requests that could not be read, or that the gateway itself failed, by reason.',
    type: 'counter',
    read: () => failures.samples('reason'),
  })
  addFamily(register, {
    name: 'gatehouse_active_sessions',
    help: 'Sessions and tokens that asked for an app through this process within the last five to ten minutes.',
    type: 'gauge',
    read: () => one(sessions.count()),
  })

  return {
    decided(route = OTHER, outcome, session) {
      decisions.add(route, outcome)
      if (session !== undefined) sessions.see(session)
    },
    bypassUsed: route => uses.add(route),
    finished({ app = OTHER, status, complete, seconds, upstreamSeconds, failure }) {
      responses.add(app, CLASSES[status === undefined ? 0 : Math.floor(status / 100)] ?? OTHER)
      if (status !== undefined && !complete) incomplete.add(app)
      if (seconds !== undefined) durations.add(app, seconds)
      if (upstreamSeconds !== undefined) upstreamDurations.add(app, upstreamSeconds)
      if (failure === undefined) return
      const kind = UPSTREAM_FAILURES.get(failure)
      if (kind === undefined) failures.add(failure)
      else upstreamErrors.add(app, kind)
    },
  }
}
