import { formatProgress } from '../../policy/replay/progress.js'
import { readLog } from '../../policy/replay/read-log.js'
import type { Replay } from '../../policy/replay/replay.js'
import type { CliIo, OpenedFile } from '../cli-io.js'

/** A log that is there and has not been read yet. */
export interface OpenedLog extends OpenedFile {
  /** As the operator wrote it. */
  readonly name: string
  readonly isCompressed: boolean
}

/** How the reading ended. */
export interface LogsRead {
  /** The logs that could not be read to their end. */
  readonly broken: readonly { readonly file: string; readonly why: string }[]
  /** Whether somebody ended it early. */
  readonly stopped: boolean
}

/** Milliseconds between two states of the progress bar. */
const BETWEEN = 200
const ERASE_LINE = '\r\u001b[K'

/** Reads one log after the other into a replay, with a progress bar where a person sees the standard error. */
export async function readLogs(logs: readonly OpenedLog[], replay: Replay, io: CliIo): Promise<LogsRead> {
  const stop = new AbortController()
  void io.untilStopped().then(() => {
    stop.abort()
  })
  const begun = io.now()
  const sizes = logs.map(({ bytes }) => bytes)
  const bytesInAll = sizes.includes(undefined)
    ? undefined
    : sizes.reduce<number>((sum, bytes = 0) => sum + bytes, 0)
  let bytesRead = 0
  let shownAt = begun
  const progress = (bytes: number): void => {
    bytesRead += bytes
    const now = io.now()
    if (!io.errorIsTTY || now - shownAt < BETWEEN) return
    shownAt = now
    const state = { bytesRead, bytesInAll, lines: replay.linesTaken(), elapsed: now - begun }
    io.stderr(`${ERASE_LINE}${formatProgress(state)}`)
  }
  const broken: { file: string; why: string }[] = []
  for (const { name, isCompressed, open } of logs) {
    if (stop.signal.aborted) break
    const line = (text: string | undefined, number: number): void => {
      replay.take(text, name, number)
    }
    try {
      await readLog({ stream: open(), isCompressed }, { line, progress }, stop.signal)
    } catch (error) {
      broken.push({ file: name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  if (shownAt !== begun) io.stderr(ERASE_LINE)
  return { broken, stopped: stop.signal.aborted }
}
