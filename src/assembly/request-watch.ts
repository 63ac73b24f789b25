import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { AccessRequest } from '../access/access-request.js'
import type { Clock } from '../clock.js'
import { beginNotes, type ExchangeNotes } from '../gate/exchange-notes.js'
import { traceIdOf } from '../gate/trace-id.js'
import type { Arrival } from '../http/arrival.js'
import { countBody } from '../http/count-body.js'
import type { Metrics } from '../metrics/metrics.js'
import type { AccessLog } from './access-log.js'
import type { Tracing } from './tracing.js'

/** A request that came in, with the id by which the framework knows it, if it does. */
export interface WatchedRequest {
  readonly arrival: Arrival
  readonly raw: IncomingMessage
  readonly id: string | undefined
}

/** Follows requests to their end, for the metrics and the access log. */
export interface RequestWatch {
  /** Begins the notes of a request for an app; the gate goes on with them. */
  begin(request: WatchedRequest, response: ServerResponse): ExchangeNotes
  /** The same for a handshake, whose end is that of its connection. */
  beginUpgrade(request: WatchedRequest, socket: Socket): ExchangeNotes
  /**
   * Follows a request for the gateway itself.
   * @param pattern the address as the router knows it, such as `/auth/link/:token`: what stands for a part may be a
   * secret, and is not told
   */
  followOwn(request: WatchedRequest, response: ServerResponse, pattern: string | undefined): void
}

export interface RequestWatchOptions {
  readonly metrics: Pick<Metrics, 'finished'>
  /** Undefined: there is none. */
  readonly accessLog: Pick<AccessLog, 'query' | 'tell'> | undefined
  /** Undefined: requests have no spans. */
  readonly tracing: Tracing | undefined
  readonly now: Clock
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: Clock
}

/** How a request ended. */
interface Ending {
  readonly begun: number
  readonly status: number | undefined
  readonly complete: boolean
  readonly bytes: number
  /** Undefined: it was for the gateway itself. */
  readonly notes: ExchangeNotes | undefined
  /** What is told in the place of what was asked for. */
  readonly pattern: string | undefined
}

/** What the gateway's own addresses are called where apps have their names. */
const OWN_NAME = '(gateway)'

/** Makes the watch. Where there are neither metrics nor an access log nobody needs one, and requests are spared it. */
export function createRequestWatch(options: RequestWatchOptions): RequestWatch {
  const { metrics, accessLog, tracing, now, elapsed } = options

  function conclude(request: WatchedRequest, ending: Ending): void {
    const { notes } = ending
    const seconds = (elapsed() - ending.begun) / 1000
    const judgement = notes?.judgement
    const judgedAt = notes?.judgedAt
    const answeredAt = notes?.answeredAt
    const failure = notes?.failure
    const upgraded = notes?.upgraded === true
    notes?.trace?.end(notes, ending.status, ending.complete)
    metrics.finished({
      app: notes === undefined ? OWN_NAME : judgement?.match?.app.name,
      status: ending.status,
      complete: ending.complete,
      seconds: upgraded ? undefined : seconds,
      upstreamSeconds:
        judgedAt === undefined || answeredAt === undefined ? undefined : (answeredAt - judgedAt) / 1000,
      failure,
    })
    if (accessLog === undefined) return
    const { arrival, raw, id } = request
    // What another proxy asks about is what that proxy was asked for.
    const read = judgement?.request ?? (arrival.reading.ok ? arrival.reading.request : undefined)
    accessLog.tell({
      time: now() - seconds * 1000,
      address: arrival.client.address,
      method: read?.method ?? raw.method ?? '',
      host: read?.host ?? arrival.sent?.host,
      path: ending.pattern ?? targetOf(read, arrival, accessLog.query),
      version: raw.httpVersion,
      status: ending.status,
      bytes: ending.bytes,
      complete: ending.complete,
      duration: seconds,
      user: judgement?.caller?.person.subject,
      route: judgement?.match?.route.name,
      decision: notes && (judgement?.decision.effect ?? 'refused'),
      reason: failure,
      requestId: notes?.requestId ?? id,
      traceId: notes?.trace?.traceId ?? traceIdOf(raw),
      userAgent: raw.headers['user-agent'],
    })
  }

  return {
    begin(request, response) {
      const notes = beginNotes(elapsed, tracing?.begin(request))
      response.once('close', () => {
        conclude(request, endingOf(response, notes.begun, notes.bytes, notes, undefined))
      })
      return notes
    },
    beginUpgrade(request, socket) {
      const notes = beginNotes(elapsed, tracing?.begin(request))
      socket.once('close', () => {
        const ending = endingOf(notes.handshake, notes.begun, 0, notes, undefined)
        conclude(request, notes.upgraded ? { ...ending, status: 101, complete: true } : ending)
      })
      return notes
    },
    followOwn(request, response, pattern) {
      const begun = elapsed()
      const told = pattern !== undefined && /[:*]/.test(pattern) ? pattern : undefined
      const bytes = accessLog === undefined ? nothing : countBody(response)
      response.once('close', () => {
        conclude(request, endingOf(response, begun, bytes(), undefined, told))
      })
    },
  }
}

function nothing(): number {
  return 0
}

/** Written out: copying an object with a spread costs more here than all the counting. */
function endingOf(
  response: ServerResponse | undefined,
  begun: number,
  bytes: number,
  notes: ExchangeNotes | undefined,
  pattern: string | undefined,
): Ending {
  return {
    begun,
    status: response?.headersSent === true ? response.statusCode : undefined,
    complete: response?.writableFinished === true,
    bytes,
    notes,
    pattern,
  }
}

/** What was asked for, as it was judged or, where it could not be read, as it was sent. Never a password. */
function targetOf(read: AccessRequest | undefined, { sent }: Arrival, withQuery: boolean): string {
  if (read !== undefined) return read.encodedPath + (withQuery ? read.query : '')
  const target = (sent?.target ?? '-').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
  return withQuery ? target : (/^[^?#]*/.exec(target)?.[0] ?? '')
}
