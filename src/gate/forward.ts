import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Lease } from './balance.js'
import { type AnswerRelay, relayAnswer } from './relay-answer.js'
import type { UpstreamAddress } from './upstream-address.js'
import { isBrokenConnection, isOfAddress } from './upstream-failure.js'
import { headersForAddress } from './upstream-headers.js'
import type { Upstream } from './upstream.js'

export interface Forwarding extends AnswerRelay {
  readonly upstream: Upstream
  readonly method: string
  /** Path and query as the policy judged them. */
  readonly target: string
  /** Name, value, name, value, …; as `headersForAddress` takes them. */
  readonly headers: string[]
  readonly hasBody: boolean
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
  const lease = forwarding.upstream.take(NOT_TRIED)
  if (lease === undefined) throw new Error('the upstream has no address')
  const mayRepeat = !forwarding.hasBody && IDEMPOTENT.has(forwarding.method)
  dispatch(raw, response, forwarding, { lease, tried: NOT_TRIED, mayRepeat })
}

/** One sending of a request to one address. */
interface Attempt {
  readonly lease: Lease<UpstreamAddress>
  /** Where it was sent before. */
  readonly tried: ReadonlySet<UpstreamAddress>
  /** It may be sent once more when its connection breaks, though the app may have got it. */
  readonly mayRepeat: boolean
}

const NOT_TRIED: ReadonlySet<UpstreamAddress> = new Set()
/** To how many addresses a request is sent at most: each may take its whole time to connect. */
export const MOST_TRIED = 3

/** How long the rest of a body is still taken that the upstream does not want, in milliseconds. */
const LINGER = 30_000

/**
 * Begins to read the body into a stream of its own. A body that the upstream does not take to its end is destroyed, and
 * the request must not go with it: its answer is still due, and the rest of the body is read so that the client hears it.
 */
function readBody(raw: IncomingMessage, body: PassThrough, stalledAfter: number): void {
  raw.pipe(body)
  endWhenSilent(raw, stalledAfter)
  raw.on('error', error => body.destroy(error))
  body.on('close', () => {
    raw.resume()
    if (raw.complete || raw.destroyed) return
    const timer = setTimeout(() => raw.destroy(), LINGER).unref()
    raw.on('close', () => {
      clearTimeout(timer)
    })
  })
}

/** Ends a request whose body stays away. While it is paused, the silence is not the client's. */
function endWhenSilent(raw: IncomingMessage, stalledAfter: number): void {
  const timer = setTimeout(() => {
    if (raw.isPaused()) timer.refresh()
    else raw.destroy()
  }, stalledAfter).unref()
  raw.on('data', () => timer.refresh())
  for (const event of ['end', 'close']) raw.on(event, () => clearTimeout(timer))
}

function dispatch(
  raw: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
  attempt: Attempt,
): void {
  const { upstream } = forwarding
  const { address } = attempt.lease
  const body = forwarding.hasBody ? new PassThrough() : null
  const options: Dispatcher.DispatchOptions & { readonly servername: string } = {
    method: forwarding.method,
    path: forwarding.target,
    headers: headersForAddress(forwarding.headers, upstream.options, address),
    body,
    // Without it undici takes the Host field, and ends the connection when the next request has another one.
    servername: address.hostname,
  }
  const read = (): void => {
    if (body !== null) readBody(raw, body, forwarding.stalledAfter)
  }
  // Before a connection stands nothing is taken of a body that may still go elsewhere. Where there is no elsewhere it is
  // gathered meanwhile: an app that answers at once and closes is then not written to any more.
  const mayMove = upstream.options.origins.length > 1
  if (!mayMove) read()
  const handler = relayAnswer(response, forwarding, {
    lease: attempt.lease,
    onConnected: goesOn => {
      if (mayMove) read()
      if (body !== null) raw.on('data', goesOn)
    },
    sendAgain: (error, wasConnected) => {
      const next = nextAttempt(upstream, attempt, error, wasConnected)
      if (next === undefined) return false
      dispatch(raw, response, forwarding, next)
      return true
    },
  })
  address.dispatcher.dispatch(options, handler)
}

/**
 * Where a request goes whose answer has not begun. What no connection was found for was sent to nobody, so it may go to
 * another address whatever it asks for (RFC 9110, section 9.2.2).
 */
function nextAttempt(
  upstream: Upstream,
  { lease, tried, mayRepeat }: Attempt,
  error: Error,
  wasConnected: boolean,
): Attempt | undefined {
  const mayRepeatIt = mayRepeat && isBrokenConnection(error)
  if (wasConnected ? !mayRepeatIt : !isOfAddress(error)) return undefined
  const next = new Set([...tried, lease.address])
  const elsewhere = next.size < MOST_TRIED ? upstream.take(next) : undefined
  if (elsewhere !== undefined) return { lease: elsewhere, tried: next, mayRepeat: mayRepeat && !wasConnected }
  // A kept connection may have been closed at the very moment; the address is there all the same.
  const again = mayRepeatIt ? upstream.take(tried) : undefined
  return again && { lease: again, tried, mayRepeat: false }
}
