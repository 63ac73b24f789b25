import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { createLineSplitter } from './line-splitter.js'

/** A log that is read from its beginning to its end. */
export interface LogSource {
  readonly stream: Readable
  /** Whether it is compressed by gzip. */
  readonly isCompressed: boolean
}

/** What is done with what is read. */
export interface LogReader {
  /** Gets each line, as `LineSplitter` tells it, with its number from 1. */
  readonly line: (line: string | undefined, number: number) => void
  /** Is told after each piece how many bytes of the source it took, before they were decompressed. */
  readonly progress: (bytes: number) => void
}

/**
 * Reads a log piece by piece. Rejects with what went wrong while it was read; what was read before has been told.
 * @param stop ends the reading early, and without an error
 */
export async function readLog(source: LogSource, reader: LogReader, stop: AbortSignal): Promise<void> {
  let number = 0
  const splitter = createLineSplitter(line => {
    number += 1
    reader.line(line, number)
  })
  let taken = 0
  const { stream } = source
  const count = (chunk: Buffer): void => {
    taken += chunk.length
  }
  const text = source.isCompressed ? pipeline(stream.on('data', count), createGunzip(), ignore) : stream
  const end = (): void => void text.destroy()
  stop.addEventListener('abort', end)
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      if (!source.isCompressed) count(chunk)
      splitter.write(chunk)
      reader.progress(taken)
      taken = 0
      if (stop.aborted) break
    }
    if (!stop.aborted) splitter.end()
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    stop.removeEventListener('abort', end)
    stream.destroy()
  }
}

/** The reader of the last stream of a pipeline is told of its errors too. */
function ignore(): void {
  return
}
