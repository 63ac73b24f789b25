import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

/** One request as it came over the wire, before any library could tidy it. */
export interface RecordedRequest {
  readonly requestLine: string
  readonly method: string
  readonly target: string
  /** Names and values in their order and spelling. */
  readonly rawHeaders: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly trailers: readonly (readonly [string, string])[]
  /** Counts the connections from 0. */
  readonly connection: number
}

/** Answers one request. `tunnel` hands every later byte of the connection to a function instead of the parser. */
export type UpstreamAnswer = (
  request: RecordedRequest,
  socket: Socket,
  tunnel: (onBytes: (bytes: Buffer) => void) => void,
) => void

/** An app that knows nothing of the gateway, and remembers every byte that reached it. */
export interface RecordingUpstream {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  /** Complete requests since the last `forget()`. */
  readonly requests: readonly RecordedRequest[]
  /** Every byte since the last `forget()`, in the order of arrival over all connections. */
  received: () => Buffer
  openConnections: () => number
  /** Answers the requests from now on. Default: `echo`. */
  answerWith: (answer: UpstreamAnswer) => void
  /** Forgets what was recorded and answers with `echo` again. */
  forget: () => void
}

/** Every value of a header of a recorded request, the name compared without case. */
export function valuesOf(request: RecordedRequest | undefined, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return request?.rawHeaders.filter(([own]) => own.toLowerCase() === wanted).map(([, value]) => value) ?? []
}

/** 200 with a JSON body that tells request line and headers. A HEAD gets no body. */
export const echo: UpstreamAnswer = (request, socket) => {
  const body = JSON.stringify({ requestLine: request.requestLine, headers: request.rawHeaders })
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${
      request.method === 'HEAD' ? '' : body
    }`,
  )
}

/** These bytes, and the connection stays open. */
export function rawAnswer(bytes: string | Buffer): UpstreamAnswer {
  return (_request, socket) => {
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }
}

/** These bytes, and then the connection ends. */
export function rawAnswerThenEnd(bytes: string | Buffer): UpstreamAnswer {
  return (_request, socket) => {
    socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }
}

/** These bytes, and then a reset (RST) once they have been written. */
export function rawAnswerThenReset(bytes: string): UpstreamAnswer {
  return (_request, socket) => {
    socket.write(Buffer.from(bytes, 'latin1'), () => setImmediate(() => socket.resetAndDestroy()))
  }
}

/** No answer at all. */
export const hang: UpstreamAnswer = () => undefined

/** Accepts a WebSocket handshake and sends every later byte back. Anything else is echoed as by `echo`. */
export const webSocketEcho: UpstreamAnswer = (request, socket, tunnel) => {
  const key = valuesOf(request, 'sec-websocket-key')[0]
  if (key === undefined) {
    echo(request, socket, tunnel)
    return
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  tunnel(bytes => socket.write(bytes))
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
}

/** Starts the app on a free port of 127.0.0.1; it ends with the test. */
export async function startRecordingUpstream(t: Test): Promise<RecordingUpstream> {
  let requests: RecordedRequest[] = []
  let pieces: Buffer[] = []
  let answer = echo
  let connections = 0
  const sockets = new Set<Socket>()

  const server = createServer(socket => {
    const connection = connections++
    let pending = Buffer.alloc(0)
    let onBytes: ((bytes: Buffer) => void) | undefined
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', bytes => {
      pieces.push(bytes)
      if (onBytes !== undefined) {
        onBytes(bytes)
        return
      }
      pending = Buffer.concat([pending, bytes])
      for (;;) {
        const parsed = parseRequest(pending, connection)
        if (parsed === undefined) return
        pending = pending.subarray(parsed.length)
        requests.push(parsed.request)
        answer(parsed.request, socket, handler => (onBytes = handler))
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })

  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get requests() {
      return requests
    },
    received: () => Buffer.concat(pieces),
    openConnections: () => sockets.size,
    answerWith: next => {
      answer = next
    },
    forget: () => {
      requests = []
      pieces = []
      answer = echo
    },
  }
}

/** Gives the first whole request of the bytes and its length, or undefined while it is not all there. */
function parseRequest(
  bytes: Buffer,
  connection: number,
): { readonly request: RecordedRequest; readonly length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const [method = '', target = ''] = requestLine.split(' ')
  const rawHeaders = lines.map(splitHeader)
  const start = headEnd + 4
  const of = (name: string) => rawHeaders.find(([own]) => own.toLowerCase() === name)?.[1]
  const head = { requestLine, method, target, rawHeaders, connection }

  if (of('transfer-encoding') !== undefined) {
    const chunked = parseChunked(bytes, start)
    if (chunked === undefined) return undefined
    return { request: { ...head, body: chunked.body, trailers: chunked.trailers }, length: chunked.end }
  }
  const end = start + Number(of('content-length') ?? 0)
  if (bytes.length < end) return undefined
  return { request: { ...head, body: Buffer.from(bytes.subarray(start, end)), trailers: [] }, length: end }
}

/** Reads a chunked body (RFC 9112, 7.1) from `start`; undefined while it is not all there. */
export function parseChunked(
  bytes: Buffer,
  start: number,
): { body: Buffer; trailers: (readonly [string, string])[]; end: number } | undefined {
  const chunks: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (size === 0) break
    if (Number.isNaN(size) || bytes.length < at + size + 2) return undefined
    chunks.push(bytes.subarray(at, at + size))
    at += size + 2
  }
  const trailers: (readonly [string, string])[] = []
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const line = bytes.toString('latin1', at, lineEnd)
    at = lineEnd + 2
    if (line === '') return { body: Buffer.concat(chunks), trailers, end: at }
    trailers.push(splitHeader(line))
  }
}

/** Splits a header line at its first colon. Spaces around the value are not part of it. */
export function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}
