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
  readonly write: (text: string) => Promise<void>
  /** Told of the first failure, and of no further one before a success. */
  readonly onFault: (error: Error) => void
  /** Told of the first success after a failure, with how many lines were lost since the start. */
  readonly onMended: (lost: number) => void
}

/** How long a line waits for others, in milliseconds. */
const WAITS = 100
/** From so many characters on nothing waits for more. */
const ENOUGH = 65_536
/** Most characters that wait. */
const MOST = 8 * 1024 * 1024

/** Makes an empty buffer. */
export function createLineBuffer({ write, onFault, onMended }: LineBufferOptions): LineBuffer {
  let waiting: string[] = []
  let size = 0
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined
  let failing = false
  let closed = false

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      size = 0
      try {
        await write(lines.join(''))
        if (failing) onMended(lost)
        failing = false
      } catch (error) {
        lost += lines.length
        if (!failing) onFault(error instanceof Error ? error : new Error(String(error)))
        failing = true
      }
    }
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    working ??= writeAll().finally(() => {
      working = undefined
    })
  }

  return {
    add(line) {
      if (closed || size + line.length > MOST) {
        lost += 1
        return
      }
      waiting.push(line)
      size += line.length
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
