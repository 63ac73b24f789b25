import { collectDefaultMetrics, Registry } from 'prom-client'
import { createEventMetrics, type EventMetrics } from './event-metrics.js'
import type { MetricsSnapshot } from './metrics-sum.js'
import { createRequestMetrics, type RequestMetrics } from './request-metrics.js'
import { addStateMetrics, type StateSources } from './state-metrics.js'
import { createStoreMetrics, type StoreMetrics } from './store-metrics.js'

export interface MetricsSources extends StateSources {
  /** How many lines of the audit log were lost since the start. */
  readonly auditLost: () => number
  /** The same of the access log. */
  readonly accessLost: () => number
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: () => number
  /** Whether memory, event loop and garbage collection of this process are watched too. */
  readonly watchProcess: boolean
}

/** Counts what happens, and tells it to Prometheus. Labels are names of the file and words of closed lists only. */
export interface Metrics extends RequestMetrics, EventMetrics, StoreMetrics {
  /** The text format of Prometheus, version 0.0.4. */
  text(): Promise<string>
  /** The same as plain data, for whoever adds up several processes. */
  snapshot(): Promise<MetricsSnapshot>
  readonly contentType: string
}

/** Begins to count. */
export function createMetrics(sources: MetricsSources): Metrics {
  const { auditLost, accessLost, elapsed, watchProcess, ...state } = sources
  const register = new Registry()
  const requests = createRequestMetrics(register, elapsed)
  const events = createEventMetrics(register, { auditLost, accessLost })
  const store = createStoreMetrics(register)
  addStateMetrics(register, state)
  if (watchProcess) collectDefaultMetrics({ register })
  return {
    ...requests,
    ...events,
    ...store,
    text: () => register.metrics(),
    // Its type is an enumeration that no text is assignable to; its values are texts.
    snapshot: async () => (await register.getMetricsAsJSON()) as unknown as MetricsSnapshot,
    contentType: register.contentType,
  }
}
