import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parseChunked, splitHeader } from './recording-upstream.js'

/** Where to connect: a port of 127.0.0.1, spoken to by TLS or in the clear. */
export interface Door {
  readonly port: number
  readonly tls: boolean
}

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly statusLine: string
  /** Names and values in their order and spelling. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  /** Interim answers (1xx) that came before it. */
  readonly interim: readonly {
    readonly status: number
    readonly headers: readonly (readonly [string, string])[]
  }[]
  /** False when the connection ended, or the wait was over, in the middle of the body. */
  readonly complete: boolean
}

/** A socket that writes exactly what it is given, and reads answers off it. */
export interface RawConnection {
  /** Strings are Latin-1: `\xff` is one byte. Writing to a connection that is gone does nothing. */
  write: (bytes: string | Buffer) => void
  /**
   * The next final answer; undefined when the connection ended or the wait was over before one began.
   * `method` is that of the request: the answer to a HEAD has no body.
   */
  answer: (method?: string) => Promise<RawAnswer | undefined>
  /** Waits until the other side has closed. False: it was still open when the wait was over. */
  closed: () => Promise<boolean>
  /** Bytes that are no part of an answer that was read: what follows a 101. */
  rest: () => Buffer
  /** Waits until `rest()` has at least so many bytes. False: the wait was over, or the connection closed. */
  restHas: (length: number) => Promise<boolean>
  destroy: () => void
}

/** How long an answer or the end of a connection is awaited, in milliseconds, unless told otherwise. */
const PATIENCE = 5_000

/** Opens a connection. `patience` bounds every wait (milliseconds, default 5000). Certificates are not looked at. */
export async function openRaw(door: Door, patience: number = PATIENCE): Promise<RawConnection> {
  let bytes = Buffer.alloc(0)
  let ended = false
  let waiting: (() => void)[] = []
  const wake = () => {
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }
  const where = { port: door.port, host: '127.0.0.1', noDelay: true }
  const socket = door.tls ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where)
  socket.on('data', piece => {
    bytes = Buffer.concat([bytes, piece])
    wake()
  })
  socket.on('error', () => socket.destroy())
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      ended = true
      wake()
    })
  }
  await new Promise<void>((resolve, reject) => {
    socket.once(door.tls ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
  })

  /** Asks again with every piece that arrives, until it gives something, the connection ends or time is up. */
  async function until<T>(look: () => T | undefined): Promise<T | undefined> {
    const wait = { over: false }
    const timer = setTimeout(() => {
      wait.over = true
      wake()
    }, patience)
    try {
      for (;;) {
        const found = look()
        if (found !== undefined || ended || wait.over) return found
        await new Promise<void>(resolve => waiting.push(resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    write: data => {
      if (!socket.destroyed) socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    },
    answer: async (method = 'GET') => {
      const whole = await until(() => parseAnswer(bytes, method, ended))
      const parsed = whole ?? parseAnswer(bytes, method, true)
      if (parsed !== undefined) bytes = bytes.subarray(parsed.length)
      return parsed?.answer
    },
    closed: async () => {
      await until(() => undefined)
      return ended
    },
    rest: () => bytes,
    restHas: async length => (await until(() => (bytes.length >= length ? true : undefined))) ?? false,
    destroy: () => socket.destroy(),
  }
}

/** What became of some bytes that were sent over a connection of their own. */
export interface Exchange {
  readonly answers: readonly RawAnswer[]
  /** The gateway closed the connection. Looked at only where no number of answers was asked for. */
  readonly closed: boolean
}

/**
 * Sends bytes over a new connection and reads answers until the gateway closes it, or until there are `answers`.
 * Without `answers` it waits for the close. Pieces of a list are sent one by one, a turn of the event loop apart.
 */
export async function exchange(
  door: Door,
  bytes: string | Buffer | readonly (string | Buffer)[],
  options: { readonly answers?: number; readonly method?: string; readonly patience?: number } = {},
): Promise<Exchange> {
  const connection = await openRaw(door, options.patience)
  try {
    for (const piece of typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      connection.write(piece)
      await new Promise(resolve => setImmediate(resolve))
    }
    const answers: RawAnswer[] = []
    while (answers.length < (options.answers ?? Infinity)) {
      const answer = await connection.answer(options.method)
      if (answer === undefined) break
      answers.push(answer)
    }
    const closed = options.answers === undefined ? await connection.closed() : false
    return { answers, closed }
  } finally {
    connection.destroy()
  }
}

/** Every value of a header of an answer, the name compared without case. */
export function headerOf(answer: RawAnswer | undefined, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return answer?.headers.filter(([own]) => own.toLowerCase() === wanted).map(([, value]) => value) ?? []
}

/** Gives the first final answer and the bytes it takes. `ended`: nothing more will come. */
function parseAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const interim: { status: number; headers: readonly (readonly [string, string])[] }[] = []
  let at = 0
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1) return undefined
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n')
    const status = Number(statusLine.split(' ')[1])
    const headers = lines.map(splitHeader)
    at = headEnd + 4
    if (status >= 100 && status < 200 && status !== 101) {
      interim.push({ status, headers })
      continue
    }
    const done = (body: Buffer, length: number, complete: boolean) => ({
      answer: { status, statusLine, headers, body, interim, complete },
      length,
    })
    const of = (name: string) => headers.find(([own]) => own.toLowerCase() === name)?.[1]
    if (method === 'HEAD' || status === 101 || status === 204 || status === 304)
      return done(Buffer.alloc(0), at, true)
    if (of('transfer-encoding') !== undefined) {
      const chunked = parseChunked(bytes, at)
      if (chunked !== undefined) return done(chunked.body, chunked.end, true)
      return ended ? done(bytes.subarray(at), bytes.length, false) : undefined
    }
    const stated = of('content-length')
    if (stated === undefined) return ended ? done(bytes.subarray(at), bytes.length, true) : undefined
    const end = at + Number(stated)
    if (bytes.length >= end) return done(bytes.subarray(at, end), end, true)
    return ended ? done(bytes.subarray(at), bytes.length, false) : undefined
  }
}
