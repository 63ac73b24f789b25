import type { SupervisorMessage, WorkerMessage } from './worker-messages.js'

/** How a worker ended: one of both is there. */
export interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  /** Sends a signal; nothing, when it has ended. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Asks something; nothing, when it has ended. */
  readonly ask: (message: SupervisorMessage) => void
  readonly onTold: (listener: (message: WorkerMessage) => void) => void
  /** Told once. */
  readonly onEnd: (listener: (end: WorkerEnd) => void) => void
}

/** What a process needs so that it can supervise workers on one listening address, or be such a worker. */
export interface Crew {
  /** The number of this worker, from 1; undefined: this process is no worker. */
  readonly number: number | undefined
  /** How many processors this process may use. */
  readonly processors: number
  /** Starts this program with the same arguments once more, as worker `number`. */
  readonly start: (number: number) => WorkerProcess
  /** Tells the supervisor; nothing, when this process is no worker. */
  readonly tell: (message: WorkerMessage) => void
  /** What the supervisor asks; never, when this process is no worker. */
  readonly onAsked: (listener: (message: SupervisorMessage) => void) => void
}
