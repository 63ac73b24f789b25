import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Lease } from './balance.js'
import { type AnswerRelay, relayAnswer } from './relay-answer.js'
import type { UpstreamAddress } from './upstream-address.js'
import { isBrokenConnection, isOfAddress } from './upstream-failure.js'
import { headersForAddress } from './upstream-headers.js'
import type { Upstream } from './upstream.js'
import type { Waits } from './waits.js'

export interface Forwarding extends AnswerRelay {
  readonly upstream: Upstream
  readonly method: string
  /** Path and query as the policy judged them. */
  readonly target: string
  /** Name, value, name, value, …; as `headersForAddress` takes them. */
  readonly headers: string[]
  /** In bytes; 0: there is none; undefined: nobody knows yet. */
  readonly bodyLength: number | undefined
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

/** Longest body that goes in one piece, in bytes: forms, and most of what programs send. */
const SHORT = 16 * 1024

/**
 * Sends one request to the upstream and its answer to the client, piece by piece: a side that is slow makes the
 * other one wait, and a client that goes away ends the request. A short body that came together with its head goes in
 * one piece, which costs half as much as a stream. The end of a body is not waited for: who sends it slowly would keep
 * the decision of an earlier hour, and use it after a logout. Rejects when it could not begin.
 */
export async function forward(
  raw: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
): Promise<void> {
  const { upstream, method, bodyLength } = forwarding
  const isShort = bodyLength !== undefined && bodyLength <= SHORT
  const body =
    bodyLength === 0 ? null : ((isShort ? await bodyAtHand(raw, bodyLength) : undefined) ?? 'streamed')
  const lease = upstream.take(NOT_TRIED)
  if (lease === undefined) throw new Error('the upstream has no address')
  const mayRepeat = body === null && IDEMPOTENT.has(method)
  dispatch(raw, response, forwarding, { body, lease, tried: NOT_TRIED, mayRepeat })
}

/** One sending of a request to one address. */
interface Attempt {
  /** `streamed`: it is read from the request while it is sent. */
  readonly body: Buffer | 'streamed' | null
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

/** The whole body, if the parser finds it in what it has; it hands out a request before it looks at the body. */
async function bodyAtHand(raw: IncomingMessage, length: number): Promise<Buffer | undefined> {
  await new Promise(resolve => setImmediate(resolve))
  return raw.complete && raw.readableLength === length ? (raw.read() as Buffer) : undefined
}

/**
 * Begins to read the body into a stream of its own. A body that the upstream does not take to its end is destroyed, and
 * the request must not go with it: its answer is still due, and the rest of the body is read so that the client hears it.
 */
function readBody(raw: IncomingMessage, body: PassThrough, { upstream, stalledAfter }: Forwarding): void {
  raw.pipe(body)
  endWhenSilent(raw, upstream.waits, stalledAfter)
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
function endWhenSilent(raw: IncomingMessage, waits: Waits, stalledAfter: number): void {
  const wait = waits.prepare(() => {
    if (raw.isPaused()) wait.begin(stalledAfter)
    else raw.destroy()
  })
  wait.begin(stalledAfter)
  raw.on('data', () => wait.begin(stalledAfter))
  for (const event of ['end', 'close']) raw.on(event, wait.end)
}

function dispatch(
  raw: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
  attempt: Attempt,
): void {
  const { upstream } = forwarding
  const { address } = attempt.lease
  const body = attempt.body === 'streamed' ? new PassThrough() : attempt.body
  const options: Dispatcher.DispatchOptions & { readonly servername: string } = {
    method: forwarding.method,
    path: forwarding.target,
    headers: headersForAddress(forwarding.headers, upstream.options, address),
    body,
    // Without it undici takes the Host field, and ends the connection when the next request has another one.
    servername: address.hostname,
  }
  const read = (): void => {
    if (body instanceof PassThrough) readBody(raw, body, forwarding)
  }
  // Before a connection stands nothing is taken of a body that may still go elsewhere. Where there is no elsewhere it is
  // gathered meanwhile: an app that answers at once and closes is then not written to any more.
  const mayMove = upstream.options.origins.length > 1
  if (!mayMove) read()
  const handler = relayAnswer(response, forwarding, {
    lease: attempt.lease,
    onConnected: goesOn => {
      if (mayMove) read()
      if (body instanceof PassThrough) raw.on('data', goesOn)
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
  { body, lease, tried, mayRepeat }: Attempt,
  error: Error,
  wasConnected: boolean,
): Attempt | undefined {
  const mayRepeatIt = mayRepeat && isBrokenConnection(error)
  if (wasConnected ? !mayRepeatIt : !isOfAddress(error)) return undefined
  const next = new Set([...tried, lease.address])
  const elsewhere = next.size < MOST_TRIED ? upstream.take(next) : undefined
  if (elsewhere !== undefined)
    return { body, lease: elsewhere, tried: next, mayRepeat: mayRepeat && !wasConnected }
  // A kept connection may have been closed at the very moment; the address is there all the same.
  const again = mayRepeatIt ? upstream.take(tried) : undefined
  return again && { body, lease: again, tried, mayRepeat: false }
}
