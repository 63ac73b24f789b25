import type { ChainedFile } from './chained-file.js'

/** What waits to be written, and what becomes of it. */
export interface AuditFile {
  /** Takes the members of one line. Never waits and never throws. */
  take(members: Readonly<Record<string, unknown>>): void
  /**
   * Tries now to write what waits. True: every line that came before is in the file. False: one is not, within five
   * seconds; it goes on waiting, or is lost. Of lines that are lost the file has to tell first.
   */
  flush(): Promise<boolean>
  /** How many lines will never be in the file. */
  lost(): number
  /** Whether the last try to write failed. */
  failing(): boolean
  /** Writes what waits and signs the end. True: every line that was taken is in the file. */
  close(): Promise<boolean>
}

export interface AuditFileOptions {
  readonly chain: ChainedFile
  /** Gives the members of the line that tells how many were lost since the last such line. */
  readonly lossLine: (lines: number) => Readonly<Record<string, unknown>>
  /** Told once when lines cannot be written, and again only after they could. */
  readonly onFault: (error: Error) => void
  /** Told when they can be written again. @param lost how many were lost since the start */
  readonly onMended: (lost: number) => void
}

/** Lines that wait while the file cannot be written. What comes then is lost. */
const MOST_WAITING = 10_000
/** Lines of one turn. */
const MOST_AT_ONCE = 1_000
/** How long after a failure it is tried again, in milliseconds. */
const RETRY_AFTER = 1_000
/** How often the end is signed if it is not yet, in milliseconds. */
const SIGN_EVERY = 600_000
const FLUSH_WITHIN = 5_000

/** Writes lines in their order, those that wait together in one go. */
export function createAuditFile({ chain, lossLine, onFault, onMended }: AuditFileOptions): AuditFile {
  let waiting: Readonly<Record<string, unknown>>[] = []
  let lost = 0
  /** How many lost lines the file does not tell of yet. */
  let untold = 0
  let failing = false
  let running: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  /** Numbers of lines since the start: taken, and written or lost. */
  let taken = 0
  let settled = 0

  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0 || untold > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE)
      // Where the gap is: behind everything that was taken before it.
      const telling = batch.length === waiting.length ? untold : 0
      try {
        await chain.append(telling === 0 ? batch : [...batch, lossLine(telling)])
      } catch (error) {
        fail(error)
        return
      }
      waiting = waiting.slice(batch.length)
      settled += batch.length
      untold -= telling
      if (failing) onMended(lost)
      failing = false
    }
  }

  function fail(error: unknown): void {
    if (!failing) onFault(error instanceof Error ? error : new Error(String(error)))
    failing = true
    retry ??= setTimeout(() => {
      retry = undefined
      void run()
    }, RETRY_AFTER).unref()
  }

  function run(): Promise<void> {
    running ??= writeWaiting().finally(() => (running = undefined))
    return running
  }

  /** Whoever asks gets a try that began after it asked. @param probes whether it is tried where nothing waits, too */
  async function write(probes: boolean): Promise<boolean> {
    const upTo = taken
    const lostBefore = lost
    const toldAll = untold === 0
    await running
    if (settled < upTo || untold > 0) await run()
    else if (probes) await chain.probe()
    return toldAll && settled >= upTo && lost === lostBefore
  }

  function failed(error: unknown): false {
    onFault(error instanceof Error ? error : new Error(String(error)))
    return false
  }

  const timer = setInterval(() => {
    if (waiting.length === 0) void chain.append([], true).catch(fail)
  }, SIGN_EVERY).unref()

  return {
    take: members => {
      if (waiting.length >= MOST_WAITING) {
        lost += 1
        untold += 1
        return
      }
      taken += 1
      waiting.push(members)
      // After the turn of the event loop, so that lines of one request share a write; while it fails, the retry does it.
      if (running === undefined && retry === undefined) void Promise.resolve().then(run)
    },
    flush: () => within(FLUSH_WITHIN, write(true).catch(failed)),
    lost: () => lost,
    failing: () => failing,
    close: async () => {
      clearInterval(timer)
      const written = await within(FLUSH_WITHIN, write(false))
      clearTimeout(retry)
      retry = undefined
      if (!written) lost += taken - settled
      else if (taken > 0) await chain.append([], true).catch(() => undefined)
      await chain.close()
      return written
    },
  }
}

/** False when it takes longer. */
async function within(time: number, work: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), time)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
