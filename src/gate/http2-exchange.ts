import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { Readable } from 'node:stream'
import { type Dispatcher, errors } from 'undici'

/** Fields that belong to a connection of HTTP/1.1 (RFC 9113, section 8.2.2). */
const OF_CONNECTIONS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** One request and its answer over HTTP/2. */
export interface Http2Exchange {
  /** Sends the request on a connection that stands. */
  readonly begin: (session: ClientHttp2Session) => void
  /** Gives it up; the handler is told why. */
  readonly fail: (error: Error) => void
}

/**
 * Prepares a request. The handler is called as undici calls it.
 * @param onOver called once, however it ends
 */
export function createHttp2Exchange(
  { method, path, headers, body }: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
  onOver: () => void,
): Http2Exchange {
  let stream: ClientHttp2Stream | undefined
  let trailers: IncomingHttpHeaders = {}
  let isOver = false
  /** Bytes of the body that are still to come; undefined: nobody has said. */
  let left: number | undefined
  const state = { aborted: false, paused: false, reason: null as Error | null }
  const controller = {
    get aborted() {
      return state.aborted
    },
    get paused() {
      return state.paused
    },
    get reason() {
      return state.reason
    },
    rawHeaders: [] as string[],
    rawTrailers: [] as string[],
    abort(reason: Error) {
      state.aborted = true
      state.reason = reason
      fail(reason)
    },
    pause() {
      state.paused = true
      stream?.pause()
    },
    resume() {
      state.paused = false
      stream?.resume()
    },
  }

  function over(): void {
    isOver = true
    onOver()
    if (body instanceof Readable) body.destroy()
  }

  function fail(error: Error): void {
    if (isOver) return
    over()
    stream?.close(constants.NGHTTP2_CANCEL)
    handler.onResponseError?.(controller, error)
  }

  function begin(session: ClientHttp2Session): void {
    if (session.closed || session.destroyed) {
      fail(new errors.SocketError('the connection was closed'))
      return
    }
    handler.onRequestStart?.(controller, {})
    if (state.aborted) return
    const whole = body instanceof Uint8Array ? body : undefined
    const endStream = whole === undefined && !(body instanceof Readable)
    const asked = session.request(fieldsOf(method, path, headers), { endStream })
    stream = asked
    asked.on('error', (error: Error) => fail(new errors.SocketError(error.message)))
    asked.on('close', () => fail(new errors.SocketError('the answer was cut off')))
    asked.on('headers', fields => {
      handler.onResponseStart?.(controller, Number(fields[':status']), plain(fields), '')
    })
    asked.on('response', fields => {
      const status = Number(fields[':status'])
      const said = fields['content-length']
      if (said !== undefined && method !== 'HEAD' && status !== 304) left = Number(said)
      controller.rawHeaders = pairs(fields)
      handler.onResponseStart?.(controller, status, plain(fields), '')
    })
    asked.on('data', (chunk: Buffer) => {
      if (isOver) return
      if (left !== undefined) left -= chunk.length
      handler.onResponseData?.(controller, chunk)
    })
    asked.on('trailers', (fields: IncomingHttpHeaders) => (trailers = fields))
    asked.on('end', () => {
      if (isOver) return
      // A stream that is reset without an error looks like one that has ended.
      if (asked.aborted || (left !== undefined && left !== 0) || controller.rawHeaders.length === 0) {
        fail(new errors.SocketError('the answer was cut off'))
        return
      }
      over()
      controller.rawTrailers = pairs(trailers)
      handler.onResponseEnd?.(controller, plain(trailers))
    })
    if (whole !== undefined) asked.end(whole)
    else if (body instanceof Readable) {
      body.on('error', fail)
      body.pipe(asked)
    }
  }

  return { begin, fail }
}

/** The pseudo-header fields and the others (RFC 9113, section 8.3.1), from name, value, name, value, … */
function fieldsOf(
  method: string,
  path: string,
  headers: Dispatcher.DispatchOptions['headers'],
): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ':method': method, ':path': path }
  const given = Array.isArray(headers) ? headers : []
  for (let index = 0; index + 1 < given.length; index += 2) {
    const name = String(given[index]).toLowerCase()
    const value = String(given[index + 1])
    if (OF_CONNECTIONS.has(name) || (name === 'te' && value !== 'trailers')) continue
    if (name === 'host') fields[':authority'] = value
    else {
      const before = fields[name]
      fields[name] = before === undefined ? value : [before, value].flat().map(String)
    }
  }
  return fields
}

/** Name, value, name, value, …; without pseudo-header fields. */
function pairs(fields: IncomingHttpHeaders): string[] {
  return Object.entries(plain(fields)).flatMap(([name, value]) =>
    typeof value === 'string' ? [name, value] : value.flatMap(one => [name, one]),
  )
}

function plain(fields: IncomingHttpHeaders): Record<string, string | string[]> {
  const named: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(fields))
    if (!name.startsWith(':') && value !== undefined) named[name] = value
  return named
}
