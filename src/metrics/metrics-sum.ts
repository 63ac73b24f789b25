import { AggregatorRegistry, Registry } from 'prom-client'

/** One metric with its values, as `Registry.getMetricsAsJSON()` of prom-client gives it. */
export interface MetricFamily {
  readonly name: string
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: string
}

/** The metrics of one process as plain data, fit for a message between processes. */
export type MetricsSnapshot = readonly MetricFamily[]

/** The metrics of several processes as one. */
export interface MetricsSum {
  /** Takes what a worker counted since its start; replaces what it told before. */
  replace(worker: number, snapshot: MetricsSnapshot): void
  /** A worker has ended. What it told last of its counters stays: a sum that falls would pass for a restart. */
  end(worker: number): void
  /** The text format of Prometheus, version 0.0.4. Each metric is put together as its `aggregator` says; default: sum. */
  text(): Promise<string>
  readonly contentType: string
}

/** Begins with no worker. */
export function createMetricsSum(): MetricsSum {
  const latest = new Map<number, MetricsSnapshot>()
  let past: MetricsSnapshot = []
  return {
    replace: (worker, snapshot) => void latest.set(worker, snapshot),
    end: worker => {
      const counted = (latest.get(worker) ?? []).filter(({ type }) => type !== 'gauge')
      latest.delete(worker)
      past = AggregatorRegistry.aggregate([past, counted]).getMetricsAsArray() as unknown as MetricsSnapshot
    },
    text: () => AggregatorRegistry.aggregate([past, ...latest.values()]).metrics(),
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
  }
}
