import type { ChainHead } from './chain-head.js'
import { hashLine, readChainLine, type ChainEnd } from './chain-line.js'

/** What the next line has to tell of what was found. */
export interface Recovery {
  /**
   * `torn`: a process ended while it wrote. `changed`: the file is not as it was left. `unknown`: the record beside the
   * file is gone, so nobody can say.
   */
  readonly reason: 'torn' | 'changed' | 'unknown'
  /** Bytes of an unfinished line. */
  readonly torn: number
  /** Whether that line still needs its end. */
  readonly endsLine: boolean
}

const EMPTY: ChainEnd = { seq: 0, hash: null }
/** What is read of a file whose record is gone. A line is shorter by far. */
const TAIL = 65_536

/**
 * Finds where a chain goes on in a file that this process did not leave so.
 * @param head the record beside the file; undefined: there is none, or not of this gateway
 * @param size the size of the file in bytes
 * @param read gives the file from a place to its end
 */
export async function findRecovery(
  head: ChainHead | undefined,
  size: number,
  read: (from: number) => Promise<Buffer>,
): Promise<{ readonly end: ChainEnd; readonly recovery?: Recovery }> {
  if (head === undefined) return size === 0 ? { end: EMPTY } : withoutRecord(size, read)
  const { end, writing } = head
  if (writing === undefined) {
    // A file that is empty was put in the place of the last one, to rotate it.
    if (end.size === size || size === 0) return { end }
    return { end, recovery: await foreign(size, read) }
  }
  if (size === 0 && end.size > 0) return { end, recovery: { reason: 'torn', torn: 0, endsLine: false } }
  if (size < end.size || size > writing.size) return { end, recovery: await foreign(size, read) }
  return { ...whole(await read(end.size), end) }
}

/** Counts the whole lines that a process had written before it ended. */
function whole(written: Buffer, from: ChainEnd): { readonly end: ChainEnd; readonly recovery: Recovery } {
  let end = from
  let start = 0
  for (let at = written.indexOf(10); at >= 0; at = written.indexOf(10, start)) {
    const line = written.subarray(start, at)
    const found = readChainLine(line.toString())
    if (found?.seq === end.seq + 1 && found.prev === end.hash) end = { seq: found.seq, hash: hashLine(line) }
    else if (line.length > 0) end = { seq: end.seq, hash: hashLine(line) }
    start = at + 1
  }
  const rest = written.subarray(start)
  if (rest.length === 0) return { end, recovery: { reason: 'torn', torn: 0, endsLine: false } }
  const found = readChainLine(rest.toString())
  const isWhole = found?.seq === end.seq + 1 && found.prev === end.hash
  return isWhole
    ? {
        end: { seq: found.seq, hash: hashLine(rest) },
        recovery: { reason: 'torn', torn: 0, endsLine: true },
      }
    : {
        end: { seq: end.seq, hash: hashLine(rest) },
        recovery: { reason: 'torn', torn: rest.length, endsLine: true },
      }
}

async function withoutRecord(
  size: number,
  read: (from: number) => Promise<Buffer>,
): Promise<{ readonly end: ChainEnd; readonly recovery: Recovery }> {
  const tail = await read(Math.max(0, size - TAIL))
  const endsLine = tail.at(-1) !== 10
  const line = tail.subarray(tail.lastIndexOf(10, endsLine ? -1 : -2) + 1, endsLine ? undefined : -1)
  const seq = readChainLine(line.toString())?.seq ?? 0
  return { end: { seq, hash: hashLine(line) }, recovery: { reason: 'unknown', torn: 0, endsLine } }
}

async function foreign(size: number, read: (from: number) => Promise<Buffer>): Promise<Recovery> {
  const endsLine = size > 0 && (await read(size - 1)).at(-1) !== 10
  return { reason: 'changed', torn: 0, endsLine }
}
