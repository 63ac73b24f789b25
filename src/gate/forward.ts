import type { IncomingMessage, ServerResponse } from 'node:http'
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
  dispatch(raw, response, forwarding, !forwarding.hasBody && IDEMPOTENT.has(forwarding.method))
}

function dispatch(
  raw: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
  mayRetry: boolean,
): void {
  const { upstream } = forwarding
  const options: Dispatcher.DispatchOptions & { readonly servername: string } = {
    method: forwarding.method,
    path: forwarding.target,
    headers: forwarding.headers,
    body: forwarding.hasBody ? raw : null,
    servername: upstream.serverName,
  }
  upstream.dispatcher.dispatch(
    options,
    answerHandler(response, forwarding, error => {
      if (!mayRetry || !(error instanceof errors.SocketError)) return false
      dispatch(raw, response, forwarding, false)
      return true
    }),
  )
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
  // What is still to come of a body whose length is known. With its last piece the answer is ended in one write.
  let remaining: number | undefined
  let abort: (() => void) | undefined
  let resume: (() => void) | undefined
  const onClose = (): void => {
    if (!response.writableFinished) abort?.()
  }
  const onDrain = (): void => resume?.()

  return {
    onRequestStart(controller) {
      if (response.destroyed) {
        controller.abort(new Error('the client is gone'))
        return
      }
      abort = () => controller.abort(new Error('the client is gone'))
      resume = () => controller.resume()
      response.on('close', onClose)
      response.on('drain', onDrain)
    },
    onResponseStart(controller, status, headers, message) {
      if (status < 200) {
        if (status === 103) passEarlyHints(response, headers.link)
        return
      }
      const length = headers['content-length']
      remaining = typeof length === 'string' ? Number(length) : undefined
      response.writeHead(status, message, readHeaders(textsOf(controller.rawHeaders)))
    },
    onResponseData(controller, chunk) {
      if (remaining !== undefined) remaining -= chunk.length
      if (remaining === 0) response.end(chunk)
      else if (!response.write(chunk)) controller.pause()
    },
    onResponseEnd(controller) {
      response.off('close', onClose)
      response.off('drain', onDrain)
      if (response.writableEnded) return
      const trailers = takesTrailers ? textsOf(controller.rawTrailers) : []
      if (trailers.length > 0) response.addTrailers(pairsOf(trailers))
      response.end()
    },
    onResponseError(_controller, error) {
      response.off('close', onClose)
      response.off('drain', onDrain)
      if (response.headersSent || response.destroyed) response.destroy()
      else if (!retry(error)) onFailure(failureOf(error), error)
    },
  }
}

function failureOf(error: Error): UpstreamFailure {
  const isTimeout = error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError
  return isTimeout ? 'upstream_timeout' : 'upstream_unreachable'
}

/** Node writes only the `Link` fields of a 103 that it can parse; the final answer carries them again. */
function passEarlyHints(response: ServerResponse, link: string | string[] | undefined): void {
  if (link === undefined) return
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
