import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import type { Upstream } from './upstream.js'

/** Why an upstream gave no answer. */
export type UpstreamFailure = 'upstream_unreachable' | 'upstream_timeout'

export interface Forwarding {
  readonly upstream: Upstream
  readonly method: string
  /** Path and query as the policy judged them. */
  readonly target: string
  /** Name, value, name, value, … */
  readonly headers: string[]
  readonly hasBody: boolean
  readonly takesTrailers: boolean
  /** Takes over the upstream's header fields; called once, before the first byte is sent. */
  readonly readHeaders: (raw: readonly string[]) => string[]
  /** Answers in place of the upstream; called only while nothing has been sent. */
  readonly onFailure: (failure: UpstreamFailure, error: Error) => void
}

/** Methods that may be sent again when a kept connection turned out to be closed (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY',
])

/**
 * Sends one request to the upstream and its answer to the client, piece by piece: a side that is slow makes the
 * other one wait, and a client that goes away ends the request.
 */
export function forward(raw: IncomingMessage, response: ServerResponse, forwarding: Forwarding): void {
  const mayRetry = !forwarding.hasBody && IDEMPOTENT.has(forwarding.method)
  dispatch(response, forwarding, forwarding.hasBody ? bodyOf(raw) : null, mayRetry)
}

/** How long the rest of a body is still taken that the upstream does not want, in milliseconds. */
const LINGER = 30_000

/**
 * The body as a stream of its own. A body that the upstream does not take to its end is destroyed, and the request
 * must not go with it: its answer is still due, and the rest of the body is read so that the client hears it.
 */
function bodyOf(raw: IncomingMessage): Readable {
  const body = raw.pipe(new PassThrough())
  raw.on('error', error => body.destroy(error))
  body.on('close', () => {
    raw.resume()
    if (raw.complete || raw.destroyed) return
    const timer = setTimeout(() => raw.destroy(), LINGER).unref()
    raw.on('close', () => {
      clearTimeout(timer)
    })
  })
  return body
}

function dispatch(
  response: ServerResponse,
  forwarding: Forwarding,
  body: Readable | null,
  mayRetry: boolean,
): void {
  const { upstream } = forwarding
  const options: Dispatcher.DispatchOptions & { readonly servername: string } = {
    method: forwarding.method,
    path: forwarding.target,
    headers: forwarding.headers,
    body,
    // Without it undici takes the Host field, and ends the connection when the next request has another one.
    servername: upstream.hostname,
  }
  upstream.dispatcher.dispatch(
    options,
    answerHandler(response, forwarding, error => {
      if (!mayRetry || !isBrokenConnection(error)) return false
      dispatch(response, forwarding, null, false)
      return true
    }),
  )
}

function isBrokenConnection(error: NodeJS.ErrnoException): boolean {
  return error instanceof errors.SocketError || error.code === 'ECONNRESET' || error.code === 'EPIPE'
}

/**
 * Writes an upstream's answer to the client.
 * @param retry is asked when the connection broke before any answer; true: it took the request over
 */
function answerHandler(
  response: ServerResponse,
  { readHeaders, onFailure, takesTrailers }: Forwarding,
  retry: (error: Error) => boolean,
): Dispatcher.DispatchHandler {
  const client = response.req.socket
  // What is still to come of a body whose length is known. With its last piece the answer is ended in one write.
  let remaining: number | undefined
  let begun = false
  let abort: (() => void) | undefined
  const onClose = (): void => {
    if (!response.writableFinished) abort?.()
  }
  const letGo = (): void => {
    response.off('close', onClose)
    client.off('close', onClose)
  }

  return {
    onRequestStart(controller) {
      if (response.destroyed || client.destroyed) {
        controller.abort(new Error('the client is gone'))
        return
      }
      abort = () => controller.abort(new Error('the client is gone'))
      response.on('close', onClose)
      // An answer that waits behind that of an earlier request does not hear of the end of their connection.
      if (response.socket === null) client.setMaxListeners(0).on('close', onClose)
    },
    onResponseStart(controller, status, headers) {
      if (status < 200) {
        if (status === 103) passEarlyHints(response, headers.link)
        return
      }
      const length = headers['content-length']
      remaining = typeof length === 'string' ? Number(length) : undefined
      response.writeHead(status, readHeaders(textsOf(controller.rawHeaders)))
      // The head of a stream goes ahead of its body: whoever waits for events wants to know that they will come.
      if (remaining === undefined) {
        process.nextTick(() => {
          if (!begun && !response.writableEnded) response.flushHeaders()
        })
      }
    },
    onResponseData(controller, chunk) {
      begun = true
      if (remaining !== undefined) remaining -= chunk.length
      if (remaining === 0) response.end(chunk)
      else if (!response.write(chunk)) {
        controller.pause()
        response.once('drain', () => controller.resume())
      }
    },
    onResponseEnd(controller) {
      letGo()
      if (response.writableEnded) return
      const trailers = takesTrailers ? textsOf(controller.rawTrailers) : []
      if (trailers.length > 0)
        response.addTrailers(pairsOf(trailers).filter(([name]) => !NEVER_IN_TRAILERS.test(name)))
      response.end()
    },
    onResponseError(_controller, error) {
      letGo()
      // The length of a 304 is that of what it does not send (RFC 9110, section 8.6); undici misses it.
      const isWhole =
        response.statusCode === 304 && error instanceof errors.ResponseContentLengthMismatchError
      if (response.headersSent && isWhole) response.end()
      else if (response.headersSent || response.destroyed || client.destroyed) response.destroy()
      else if (!retry(error)) onFailure(failureOf(error), error)
    },
  }
}

/** What frames, routes or keeps an answer stands before its body or nowhere (RFC 9110, section 6.5.1). */
const NEVER_IN_TRAILERS =
  /^(?:cache-control|clear-site-data|connection|content-.*|location|set-cookie|strict-transport-security|trailer|transfer-encoding|vary|www-authenticate)$/i

function failureOf(error: Error): UpstreamFailure {
  const isTimeout = error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError
  return isTimeout ? 'upstream_timeout' : 'upstream_unreachable'
}

/**
 * Node writes only the `Link` fields of a 103 that it can parse; the final answer carries them again. HTTP/1.0 knows no
 * interim answers.
 */
function passEarlyHints(response: ServerResponse, link: string | string[] | undefined): void {
  if (link === undefined || response.req.httpVersion !== '1.1') return
  try {
    response.writeEarlyHints({ link })
  } catch {
    return
  }
}

/** Header fields as undici gives them, as text: each byte is one character (RFC 9110, section 5.5). */
function textsOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return []
  return raw.map(part => (typeof part === 'string' ? part : part.toString('latin1')))
}

function pairsOf(texts: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < texts.length; index += 2)
    pairs.push([texts[index] ?? '', texts[index + 1] ?? ''])
  return pairs
}
