import type { ServerResponse } from 'node:http'
import { type Dispatcher, errors } from 'undici'
import type { Lease } from './balance.js'
import type { ExchangeNotes } from './exchange-notes.js'
import type { UpstreamAddress } from './upstream-address.js'
import { failureOf, isOfAddress, type UpstreamFailure } from './upstream-failure.js'
import type { Upstream } from './upstream.js'

/** What becomes of an upstream's answer. */
export interface AnswerRelay {
  readonly upstream: Pick<Upstream, 'waits' | 'options'>
  /** Whether the client takes trailers (RFC 9110, section 10.1.4). */
  readonly takesTrailers: boolean
  /** After how much silence a client is given up that is to send more, or to take more, in milliseconds. */
  readonly stalledAfter: number
  /**
   * Takes over the upstream's header fields; called once, before the first byte is sent. Undefined: it has answered
   * itself, and nothing of the upstream's answer is wanted.
   */
  readonly readHeaders: (raw: readonly string[]) => string[] | undefined
  /** Answers in place of the upstream; called only while nothing has been sent. */
  readonly onFailure: (failure: UpstreamFailure, error: Error) => void
  /** Where is noted how much of the body was handed on; undefined: nobody wants to know. */
  readonly notes: Pick<ExchangeNotes, 'bytes'> | undefined
}

/** The sending of the request that is answered. */
export interface Sending {
  readonly lease: Lease<UpstreamAddress>
  /**
   * Called once a connection stands, right before the first byte is sent.
   * @param goesOn to be called with each piece of a body: only then begins the wait for the answer
   */
  readonly onConnected: (goesOn: () => void) => void
  /** Is asked when no answer has begun; true: it took the request over. `wasConnected`: something may have been sent. */
  readonly sendAgain: (error: Error, wasConnected: boolean) => boolean
}

/**
 * Writes an upstream's answer to the client as it comes: a client that is slow makes the upstream wait, one that goes
 * away ends the request, and what is broken off is never ended as if it were whole.
 */
export function relayAnswer(
  response: ServerResponse,
  { upstream, readHeaders, onFailure, takesTrailers, stalledAfter, notes }: AnswerRelay,
  { lease, onConnected, sendAgain }: Sending,
): Dispatcher.DispatchHandler {
  const client = response.req.socket
  // What is still to come of a body whose length is known. With its last piece the answer is ended in one write.
  let remaining: number | undefined
  let begun = false
  let abort: ((reason: Error) => void) | undefined
  let refused = false
  let reader: { readonly expect: () => void; readonly relieve: () => void } | undefined
  const onClose = (): void => {
    if (!response.writableFinished) abort?.(new Error('the client is gone'))
  }
  const { headers: forHeaders, body: forBody } = upstream.options.timeouts
  const wait = upstream.waits.prepare(() => {
    abort?.(response.headersSent ? new errors.BodyTimeoutError() : new errors.HeadersTimeoutError())
  })
  const letGo = (): void => {
    wait.end()
    response.off('close', onClose)
    client.off('close', onClose)
  }

  return {
    onRequestStart(controller) {
      if (response.destroyed || client.destroyed) {
        controller.abort(new Error('the client is gone'))
        return
      }
      abort = reason => controller.abort(reason)
      wait.begin(forHeaders)
      response.on('close', onClose)
      // An answer that waits behind that of an earlier request does not hear of the end of their connection.
      if (response.socket === null) client.setMaxListeners(0).on('close', onClose)
      onConnected(() => {
        if (!response.headersSent) wait.begin(forHeaders)
      })
    },
    onResponseStart(controller, status, headers) {
      if (status < 200) {
        if (status === 103) passEarlyHints(response, headers.link)
        return
      }
      lease.answered()
      const length = headers['content-length']
      remaining = typeof length === 'string' ? Number(length) : undefined
      const fields = readHeaders(textsOf(controller.rawHeaders))
      if (fields === undefined) {
        refused = true
        letGo()
        controller.abort(new Error('the answer is not wanted'))
        return
      }
      response.writeHead(status, fields)
      wait.begin(forBody)
      // The head of a stream goes ahead of its body: whoever waits for events wants to know that they will come.
      if (remaining === undefined) {
        process.nextTick(() => {
          if (!begun && !response.writableEnded) response.flushHeaders()
        })
      }
    },
    onResponseData(controller, chunk) {
      begun = true
      if (notes !== undefined) notes.bytes += chunk.length
      if (remaining !== undefined) remaining -= chunk.length
      if (remaining === 0) response.end(chunk)
      else if (response.write(chunk)) wait.begin(forBody)
      else {
        controller.pause()
        wait.end()
        reader ??= watchReader(response, stalledAfter)
        reader.expect()
        response.once('drain', () => {
          reader?.relieve()
          wait.begin(forBody)
          controller.resume()
        })
      }
      // What is left then lies in buffers, and a slow reader could keep it there for days.
      if (response.writableEnded) reader?.expect()
    },
    onResponseEnd(controller) {
      letGo()
      lease.release()
      if (response.writableEnded) return
      const trailers = takesTrailers ? textsOf(controller.rawTrailers) : []
      if (trailers.length > 0)
        response.addTrailers(pairsOf(trailers).filter(([name]) => !NEVER_IN_TRAILERS.test(name)))
      response.end()
    },
    onResponseError(_controller, error) {
      letGo()
      const isOurs = refused || response.headersSent || response.destroyed || client.destroyed
      if (!isOurs && isOfAddress(error)) lease.failed()
      lease.release()
      if (refused) return
      // The length of a 304 is that of what it does not send (RFC 9110, section 8.6); undici misses it.
      const isWhole =
        response.statusCode === 304 && error instanceof errors.ResponseContentLengthMismatchError
      if (response.headersSent && isWhole) response.end()
      else if (response.headersSent || response.destroyed || client.destroyed) response.destroy()
      else if (!sendAgain(error, abort !== undefined)) onFailure(failureOf(error), error)
    },
  }
}

/**
 * Gives up a client that does not take what waits for it. Pieces are of 64 KiB at most, so that a reader of a few
 * bytes a second is none (RFC 9112, section 9.5). An answer whose turn on its connection has not come is not late.
 */
function watchReader(response: ServerResponse, stalledAfter: number) {
  let waiting = false
  const timer = setTimeout(() => {
    if (!waiting) return
    if (response.socket === null && !response.destroyed) timer.refresh()
    else response.destroy()
  }, stalledAfter).unref()
  response.on('close', () => {
    clearTimeout(timer)
  })
  return {
    expect: (): void => {
      waiting = true
      timer.refresh()
    },
    relieve: (): void => {
      waiting = false
    },
  }
}

/** What frames, routes or keeps an answer stands before its body or nowhere (RFC 9110, section 6.5.1). */
const NEVER_IN_TRAILERS =
  /^(?:cache-control|clear-site-data|connection|content-.*|location|set-cookie|strict-transport-security|trailer|transfer-encoding|vary|www-authenticate)$/i

/**
 * Node writes only the `Link` fields of a 103 that it can parse; the final answer carries them again. HTTP/1.0 knows no
 * interim answers.
 */
function passEarlyHints(response: ServerResponse, link: string | string[] | undefined): void {
  if (link === undefined || response.req.httpVersion === '1.0') return
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
