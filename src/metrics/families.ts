import type { Metric, Registry } from 'prom-client'

/** One number of a family. `name`: where a histogram tells it under another name than its own. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly name?: string
}

/** A family of numbers of one name, counted elsewhere and read when somebody asks. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** How one number is made of those of several processes. Default: their sum. */
  readonly together?: 'sum' | 'max' | 'min'
  readonly read: () => Iterable<Sample>
}

/** No labels, for a family of a single number. */
const NONE = {}

/** A single number without labels. */
export function one(value: number): readonly Sample[] {
  return [{ labels: NONE, value }]
}

/**
 * Puts a family into a registry. The library's own counters look up their labels at each count; a request is counted in
 * plain maps and arrays, which costs it nothing to speak of, and the registry only writes them down.
 */
export function addFamily(register: Registry, { name, help, type, together = 'sum', read }: Family): void {
  const family = {
    name,
    help,
    aggregator: together,
    get: async () => ({
      name,
      help,
      type,
      aggregator: together,
      values: Array.from(read(), sample => ({
        labels: sample.labels,
        value: sample.value,
        ...(sample.name === undefined ? {} : { metricName: sample.name }),
      })),
    }),
    reset: () => undefined,
  }
  // The registry asks for no more than these; its types name its own classes only.
  register.registerMetric(family as unknown as Metric)
}
