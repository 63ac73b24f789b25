import { validateHeaderValue } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { constants, Http2ServerRequest } from 'node:http2'
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2'

/** A request of HTTP/2 and the place for its answer, as the rest of the gateway knows those of HTTP/1.1. */
export interface StreamExchange {
  readonly raw: IncomingMessage
  readonly response: ServerResponse
}

/** What may stand in no message of HTTP/2, as it is about a connection (RFC 9113, section 8.2.2). */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** How long a client may go on sending a body behind its answer, in milliseconds. */
const LINGER = 2_000

/**
 * Gives a request of HTTP/2 and its answer what Node's own layer of compatibility leaves out of HTTP/1.1:
 * - the fields of the request are those of HTTP/1.1, the host first; `socket` is the stream alone, so that nothing that
 *   is done to one request is done to its connection;
 * - a body that breaks off is an error, and not the end of the body; destroying the request ends the stream;
 * - the head of an answer may have a field twice, and what is about a connection is left out of it;
 * - an answer that is destroyed is reset with an error, so that it never looks whole;
 * - a client that is still sending when its answer is out is told after two seconds that nobody wants the rest (RFC 9113,
 *   section 8.1).
 */
export function asExchange(raw: Http2ServerRequest, response: Http2ServerResponse): StreamExchange {
  const { stream } = raw
  const { remoteAddress } = stream.session?.socket ?? {}
  const connection = Object.assign(stream, { remoteAddress, encrypted: true })
  const isWhole = watchBody(raw, stream)
  Object.defineProperties(raw, {
    rawHeaders: { value: requestFields(raw) },
    socket: { value: connection },
    _destroy: {
      value: (error: Error | null, done: (error: Error | null) => void): void => {
        if (!stream.closed)
          stream.close(stream.writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL)
        done(error)
      },
    },
  })
  completeAnswer(response, stream, isWhole)
  return { raw: raw as unknown as IncomingMessage, response: response as unknown as ServerResponse }
}

/** Whether a request came as a stream of HTTP/2. */
export function isOfStream(raw: object): boolean {
  return raw instanceof Http2ServerRequest
}

/** How many bytes the head of a request would have as one of HTTP/1.1, without its request line. */
export function headSize({ rawHeaders }: Http2ServerRequest): number {
  let size = 0
  for (const part of rawHeaders) size += part.length + 2
  return size
}

/**
 * The fields of a request as HTTP/1.1 has them. A host beside an authority that is another one makes two of them, which
 * are refused (RFC 9113, section 8.3.1). A body whose length nobody told is one in chunks.
 */
function requestFields({ rawHeaders, stream }: Http2ServerRequest): string[] {
  const fields: string[] = []
  let authority: string | undefined
  let host: string | undefined
  let hasLength = false
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (name === ':authority') authority = value
    if (name.startsWith(':')) continue
    if (name === 'host') host = value
    if (name === 'content-length') hasLength = true
    fields.push(name, value)
  }
  if (authority !== undefined && authority !== host) fields.unshift('host', authority)
  if (!stream.endAfterHeaders && !hasLength) fields.push('transfer-encoding', 'chunked')
  return fields
}

/**
 * Makes a body that breaks off an error. Node tells of its end either way.
 * @returns tells whether the client has sent the whole request
 */
function watchBody(raw: Http2ServerRequest, stream: ServerHttp2Stream): () => boolean {
  let isWhole = stream.endAfterHeaders
  const breakOff = (): void => {
    if (!isWhole) raw.destroy(new Error('the request broke off'))
  }
  // Whoever reads the body listens for this as well; where nobody does, it would end the process.
  raw.on('error', () => undefined)
  stream.prependListener('end', () => {
    if (!stream.closed && !stream.destroyed) isWhole = true
    else breakOff()
  })
  stream.prependListener('aborted', breakOff)
  stream.prependListener('close', breakOff)
  return () => isWhole
}

function completeAnswer(
  response: Http2ServerResponse,
  stream: ServerHttp2Stream,
  isWhole: () => boolean,
): void {
  const writeHead = response.writeHead.bind(response) as (
    status: number,
    fields: OutgoingHttpHeaders,
  ) => unknown
  const addTrailers = response.addTrailers.bind(response)
  const end = response.end.bind(response) as (...args: unknown[]) => unknown
  let closed = false
  response.once('close', () => {
    closed = true
  })
  stream.once('close', () => {
    // Node forgets to tell of the end of an answer to HEAD that was never begun.
    if (!closed) response.emit('close')
  })
  Object.defineProperties(response, {
    destroyed: { get: () => stream.destroyed },
    // Node ends the stream of an answer to HEAD before there is one.
    writableFinished: { get: () => stream.headersSent && stream.writableFinished },
    destroy: {
      value: (error: Error = new Error('the answer broke off')): void => {
        if (!stream.destroyed) stream.destroy(error)
      },
    },
  })
  Object.assign(response, {
    writeHead: (status: number, ...rest: readonly unknown[]): Http2ServerResponse => {
      const fields = answerFields(rest.at(-1))
      try {
        writeHead(status, fields)
      } catch (error) {
        // What is answered in its place has none of them.
        for (const name of response.getHeaderNames()) response.removeHeader(name)
        throw error
      }
      return response
    },
    addTrailers: (pairs: readonly (readonly [string, string])[]): void => {
      addTrailers(answerFields(pairs.flat()))
    },
    end: (...args: unknown[]): Http2ServerResponse => {
      end(...args)
      if (!isWhole()) endUnread(stream)
      return response
    },
  })
}

/**
 * The fields of an answer by their names. Several of one name are one list (RFC 9110, section 5.3), except cookies.
 * @param given name, value, name, value, …, or an object; anything else: none
 * @throws TypeError when a value has a character that no field may have
 */
function answerFields(given: unknown): OutgoingHttpHeaders {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of pairsOf(given)) {
    const lower = name.toLowerCase()
    if (OF_CONNECTIONS.has(lower)) continue
    validateHeaderValue(lower, value)
    const before = fields.get(lower)
    if (before === undefined) fields.set(lower, lower === 'set-cookie' ? [value] : value)
    else if (typeof before === 'string') fields.set(lower, `${before}, ${value}`)
    else before.push(value)
  }
  return Object.fromEntries(fields)
}

function pairsOf(given: unknown): (readonly [string, string])[] {
  if (typeof given !== 'object' || given === null) return []
  if (!Array.isArray(given))
    return Object.entries(given as OutgoingHttpHeaders).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map(each => [name, String(each)] as const),
    )
  const texts = given as readonly string[]
  return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? ''] as const] : []))
}

function endUnread(stream: ServerHttp2Stream): void {
  const close = (): void => stream.close(constants.NGHTTP2_NO_ERROR)
  const timer = setTimeout(() => {
    if (stream.writableFinished) close()
    else stream.once('finish', close)
  }, LINGER).unref()
  stream.once('close', () => clearTimeout(timer))
}
