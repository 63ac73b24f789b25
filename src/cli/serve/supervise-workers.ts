import type { Clock } from '../../clock.js'
import type { MetricsSnapshot } from '../../metrics/metrics-sum.js'
import type { Crew, WorkerEnd, WorkerProcess } from './crew.js'
import type { Listening, WorkerMessage } from './worker-messages.js'

export interface SupervisorOptions {
  /** How many workers there are to be. */
  readonly count: number
  readonly start: Crew['start']
  readonly now: Clock
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** A worker ended that nobody told to; another one begins after so many milliseconds. */
  readonly onLost: (worker: number, end: WorkerEnd, after: number) => void
  /** A worker tells its metrics. */
  readonly onMetrics: (worker: number, metrics: MetricsSnapshot) => void
}

/** Keeps workers running. */
export interface Supervisor {
  /**
   * Starts the first worker and, when it listens, the others: what the first one makes, a store or keys, the others
   * find. Resolves when all listen; undefined: the first one ended before, or `stop()` came first.
   */
  start(): Promise<Listening | undefined>
  /** Makes every worker that listens read its files again. One that is about to listen reads them anyway. */
  reload(): void
  /** Asks every worker that listens for its metrics; gives their numbers. */
  askMetrics(): readonly number[]
  /** Tells every worker to end, and starts none any more. */
  stop(): void
  /** Resolves when no worker is left, after `stop()` or a first start that failed: the exit code. */
  readonly ended: Promise<number>
}

/** A worker that lived shorter than this died at once, in milliseconds: something keeps killing it. */
const DIED_AT_ONCE = 10_000
/** How long the next one waits then, in milliseconds; twice as long after each further time. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000

/** Makes a supervisor; nothing is started yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { count, now, wait, onLost, onMetrics } = options
  const workers = new Map<number, WorkerProcess>()
  const listening = new Set<number>()
  const earlyDeaths = new Map<number, number>()
  let isStopping = false
  let code = 0
  let at: Listening | undefined
  let settleStart: (at: Listening | undefined) => void = () => undefined
  const started = new Promise<Listening | undefined>(resolve => (settleStart = resolve))
  let settleEnd: (code: number) => void = () => undefined
  const ended = new Promise<number>(resolve => (settleEnd = resolve))

  function begin(number: number): void {
    const worker = options.start(number)
    const since = now()
    workers.set(number, worker)
    worker.onTold(message => {
      heard(number, message)
    })
    worker.onEnd(end => {
      workers.delete(number)
      listening.delete(number)
      if (isStopping || at === undefined) gone(end)
      else replace(number, end, now() - since)
    })
  }

  function heard(number: number, message: WorkerMessage): void {
    if (message.says === 'metrics') {
      onMetrics(number, message.metrics)
      return
    }
    listening.add(number)
    if (at === undefined && !isStopping) {
      at = message.at
      for (let next = 2; next <= count; next += 1) begin(next)
    }
    if (listening.size === count) settleStart(at)
  }

  /** One that will not come again. */
  function gone({ code: exitCode, signal }: WorkerEnd): void {
    const asTold = isStopping && (signal === 'SIGTERM' || signal === 'SIGINT')
    code = Math.max(code, asTold ? 0 : (exitCode ?? 1))
    if (at === undefined && !isStopping) code = Math.max(code, 1)
    isStopping = true
    if (workers.size > 0) return
    settleStart(undefined)
    settleEnd(code)
  }

  function replace(number: number, end: WorkerEnd, lived: number): void {
    const deaths = earlyDeaths.get(number) ?? 0
    earlyDeaths.set(number, lived < DIED_AT_ONCE ? deaths + 1 : 0)
    const after =
      lived < DIED_AT_ONCE && deaths > 0 ? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (deaths - 1)) : 0
    onLost(number, end, after)
    void wait(after).then(() => {
      if (!isStopping) begin(number)
    })
  }

  return {
    start: () => {
      begin(1)
      return started
    },
    reload: () => {
      for (const number of listening) workers.get(number)?.signal('SIGHUP')
    },
    askMetrics: () => {
      for (const number of listening) workers.get(number)?.ask({ asks: 'metrics' })
      return [...listening]
    },
    stop: () => {
      isStopping = true
      for (const worker of workers.values()) worker.signal('SIGTERM')
      if (workers.size > 0) return
      settleStart(undefined)
      settleEnd(code)
    },
    ended,
  }
}
