/** Gathers lines and writes them together, so that nobody waits for a disk. */
export interface LineBuffer {
  /** Takes one line, with its end. It is written within a tenth of a second, or lost where too much waits already. */
  add(line: string): void
  /** How many lines were lost since the start. */
  lost(): number
  /** Writes what waits. What is added afterwards is lost. */
  close(): Promise<void>
}

export interface LineBufferOptions {
  /** Writes whole lines. One call at a time. Rejects when they are not written: then they are lost. */
  readonly write: (lines: Buffer) => Promise<void>
  /** Told of the first failure, and of no further one before a success. */
  readonly onFault: (error: Error) => void
  /** Told of the first success after a failure, with how many lines were lost since the start. */
  readonly onMended: (lost: number) => void
}

/** How long a line waits for others, in milliseconds. */
const WAITS = 100
/** From so many bytes on nothing waits for more. */
const ENOUGH = 65_536
/** Room of a piece, in bytes, unless a line needs more. */
const ROOM = 2 * ENOUGH
/** Most bytes that wait. */
const MOST = 8 * 1024 * 1024

/** Lines that are written together. */
interface Piece {
  readonly bytes: Buffer
  used: number
  lines: number
}

/**
 * Makes an empty buffer. Lines wait as bytes, where the garbage collector does not see them: as texts they would outlive
 * its small collections, and cost more than all else that is done about them.
 */
export function createLineBuffer({ write, onFault, onMended }: LineBufferOptions): LineBuffer {
  const waiting: Piece[] = []
  /** The room of a piece that was written, for the next one. */
  let spare: Buffer | undefined
  let size = 0
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined
  let failing = false
  let closed = false

  async function writeAll(): Promise<void> {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
      size -= piece.used
      try {
        await write(piece.bytes.subarray(0, piece.used))
        if (failing) onMended(lost)
        failing = false
      } catch (error) {
        lost += piece.lines
        if (!failing) onFault(error instanceof Error ? error : new Error(String(error)))
        failing = true
      }
      if (piece.bytes.length === ROOM) spare = piece.bytes
    }
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    working ??= writeAll().finally(() => {
      working = undefined
    })
  }

  function pieceFor(length: number): Piece {
    const last = waiting.at(-1)
    if (last !== undefined && last.used + length <= last.bytes.length) return last
    const bytes = (length <= ROOM ? spare : undefined) ?? Buffer.allocUnsafeSlow(Math.max(ROOM, length))
    if (bytes === spare) spare = undefined
    const piece = { bytes, used: 0, lines: 0 }
    waiting.push(piece)
    return piece
  }

  return {
    add(line) {
      const length = Buffer.byteLength(line)
      if (closed || size + length > MOST) {
        lost += 1
        return
      }
      const piece = pieceFor(length)
      piece.used += piece.bytes.write(line, piece.used)
      piece.lines += 1
      size += length
      if (size >= ENOUGH) flush()
      else timer ??= setTimeout(flush, WAITS).unref()
    },
    lost: () => lost,
    async close() {
      closed = true
      flush()
      await working
    },
  }
}
