import { once } from 'node:events'
import type { Test } from 'tap'
import type { Door } from './raw-client.js'
import { socketTo } from './http2-client.js'

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** The types of frames that the tests use (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const
export const END_STREAM = 1
export const END_HEADERS = 4

/** A connection of HTTP/2 that writes the very frames it is given. */
export interface FrameConnection {
  write: (...frames: readonly Buffer[]) => void
  /** What came so far. */
  readonly frames: readonly Frame[]
  /** Waits for a frame. Undefined: the connection ended or the wait was over. */
  next: (wanted: (frame: Frame) => boolean) => Promise<Frame | undefined>
  /** Waits until the other side has closed. False: it was open when the wait was over. */
  closed: () => Promise<boolean>
  readonly isOpen: () => boolean
  /** Bytes that are still on their way out. */
  readonly backlog: () => number
  destroy: () => void
}

/** How long a frame is awaited, in milliseconds. */
const PATIENCE = 8_000

/** Opens a connection, says hello (RFC 9113, section 3.4) and waits for the settings of the other side. */
export async function openFrames(t: Test, door: Door): Promise<FrameConnection> {
  const socket = socketTo(door)
  const frames: Frame[] = []
  let pending = Buffer.alloc(0)
  let over = false
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', bytes => {
    pending = Buffer.concat([pending, bytes])
    for (;;) {
      if (pending.length < 9) break
      const length = pending.readUIntBE(0, 3)
      if (pending.length < 9 + length) break
      frames.push({
        type: pending.readUInt8(3),
        flags: pending.readUInt8(4),
        stream: pending.readUInt32BE(5) & 0x7fffffff,
        payload: Buffer.from(pending.subarray(9, 9 + length)),
      })
      pending = pending.subarray(9 + length)
    }
    wake()
  })
  for (const event of ['end', 'close'] as const)
    socket.on(event, () => {
      over = true
      wake()
    })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')

  async function until<T>(look: () => T | undefined): Promise<T | undefined> {
    const wait = { over: false }
    const timer = setTimeout(() => {
      wait.over = true
      wake()
    }, PATIENCE)
    try {
      for (;;) {
        const found = look()
        if (found !== undefined || over || wait.over) return found
        await new Promise<void>(resolve => waiting.push(resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  const connection: FrameConnection = {
    write: (...sent) => {
      if (!socket.destroyed) socket.write(Buffer.concat(sent))
    },
    frames,
    next: async wanted => until(() => frames.find(wanted)),
    closed: async () => {
      await until(() => undefined)
      return over
    },
    isOpen: () => !over && !socket.destroyed,
    backlog: () => socket.writableLength,
    destroy: () => socket.destroy(),
  }
  connection.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0))
  await connection.next(({ type }) => type === FRAME.settings)
  connection.write(frame(FRAME.settings, 1, 0))
  return connection
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A list of fields as HPACK literals without indexing, in their very order and spelling (RFC 7541, section 6.2.2). */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length), bytes])
}

/** An integer with a prefix of seven bits (RFC 7541, section 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  for (let rest = value - 127; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest)
      return Buffer.from(bytes)
    }
    bytes.push((rest % 128) + 128)
  }
}
