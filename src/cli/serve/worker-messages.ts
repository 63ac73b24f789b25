import type { MetricsSnapshot } from '../../metrics/metrics-sum.js'

/** Where a worker listens. */
export interface Listening {
  readonly host: string
  readonly port: number
}

/** What a worker tells its supervisor. */
export type WorkerMessage =
  | { readonly says: 'listening'; readonly at: Listening }
  | { readonly says: 'metrics'; readonly metrics: MetricsSnapshot }

/** What a supervisor asks of a worker: its metrics of this moment. */
export interface SupervisorMessage {
  readonly asks: 'metrics'
}
