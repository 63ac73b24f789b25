import type { Dispatcher } from 'undici'

/** How the addresses of an upstream are asked whether they are well. Durations are milliseconds. */
export interface HealthCheckOptions {
  /** Begins with `/`. An answer of 200 to 399 is a good one. */
  readonly path: string
  /** From the end of one check to the next. Default 10 s. */
  readonly every: number
  /** Within which the whole head of the answer must be there. Default 2 s. */
  readonly timeout: number
  /** So many bad checks in a row take an address out. Default 3. */
  readonly unhealthyAfter: number
  /** So many good ones in a row bring it back. Default 2. */
  readonly healthyAfter: number
}

/** Most bytes that are read of an answer, so that its connection can be used again. */
const LONGEST_ANSWER = 64 * 1024

/**
 * Asks one address again and again, the first time at once. It counts as well until its checks say otherwise. One that
 * was never well yet is taken at the word of a single check: an app that is still starting gets no requests until it is
 * there, and not later.
 * @param onVerdict takes each change: true when it is well again, false when it is not any more
 * @returns ends the checks
 */
export function startHealthChecks(
  dispatcher: Dispatcher,
  url: URL,
  { path, every, timeout, unhealthyAfter, healthyAfter }: HealthCheckOptions,
  onVerdict: (isHealthy: boolean) => void,
): () => void {
  let current: AbortController | undefined
  let isOver = false
  let isHealthy = true
  let wasEverWell = false
  /** Checks in a row that contradict what is held. */
  let against = 0
  let timer: NodeJS.Timeout | undefined

  async function isWell(): Promise<boolean> {
    const controller = new AbortController()
    current = controller
    const patience = setTimeout(() => controller.abort(), timeout).unref()
    try {
      const { statusCode, body } = await dispatcher.request({
        origin: url.origin,
        path,
        method: 'GET',
        headers: ['Host', url.host, 'User-Agent', 'Gatehouse-Health', 'Accept', '*/*'],
        signal: controller.signal,
      })
      await body.dump({ limit: LONGEST_ANSWER })
      return statusCode >= 200 && statusCode < 400
    } catch {
      return false
    } finally {
      clearTimeout(patience)
    }
  }

  async function check(): Promise<void> {
    const isGood = await isWell()
    if (isOver) return
    against = isGood === isHealthy ? 0 : against + 1
    const enough = wasEverWell ? (isHealthy ? unhealthyAfter : healthyAfter) : 1
    if (isGood) wasEverWell = true
    if (against >= enough) {
      isHealthy = !isHealthy
      against = 0
      onVerdict(isHealthy)
    }
    timer = setTimeout(() => void check(), every).unref()
  }

  void check()
  return () => {
    isOver = true
    current?.abort()
    clearTimeout(timer)
  }
}
