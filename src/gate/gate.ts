import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppPolicy } from '../access/route.js'
import type { Audit } from '../audit/audit-event.js'
import { writeAnswer } from '../http/answer.js'
import type { Answer, AnswerHeaders } from '../http/answer.js'
import { hasBody } from '../http/arrival.js'
import type { Arrival, ArrivalRefusal } from '../http/arrival.js'
import { StoreUnavailable } from '../store/store.js'
import type { GateAnswers, GateFailure } from './answer.js'
import type { Guard, Judgement } from './guard.js'
import type { IdentityHeaders } from './identity-headers.js'
import type { LiveStreams } from './live-streams.js'
import type { IsOurCookie } from './response-headers.js'
import { upstreamHeaders } from './upstream-headers.js'
import type { Upstream } from './upstream.js'

/** What both ways through the gate, HTTP and WebSocket, work with. */
export interface GateParts {
  readonly guard: Guard
  readonly answers: GateAnswers
  readonly answerHeaders: AnswerHeaders
  /** The upstream of an app; undefined: it has none, and everything in it is 404. */
  readonly upstreamOf: (app: AppPolicy) => Upstream | undefined
  readonly identityHeaders: IdentityHeaders
  readonly isOurCookie: IsOurCookie
  readonly liveStreams: LiveStreams
  readonly audit: Audit
  /** Tells of what is broken; the request is answered all the same. */
  readonly onError: (error: Error) => void
}

/** One request and the place for its answer. */
export interface Exchange {
  readonly arrival: Arrival
  readonly raw: IncomingMessage
  readonly response: ServerResponse
}

/** A request that may pass, ready to be sent. */
export interface Passage {
  readonly judgement: Judgement
  readonly upstream: Upstream
  /** Name, value, name, value, … */
  readonly headers: string[]
}

/** The part of a request's way that HTTP and WebSocket share: up to the upstream, or to an answer of our own. */
export interface Gate {
  readonly parts: GateParts
  /** Judges a request and prepares what the upstream gets. Undefined: it was answered here. Never throws. */
  admit(exchange: Exchange): Passage | undefined | Promise<Passage | undefined>
  /** Answers a request that cannot be read in one way. */
  refuse(exchange: Exchange, refusal: ArrivalRefusal): void
  /** An error is nobody: whatever broke on the way, the request does not pass and the process lives. */
  breakOff(exchange: Exchange, error: unknown): void
  /** Answers in place of the upstream. */
  fail(exchange: Exchange, failure: GateFailure): void
}

export function createGate(parts: GateParts): Gate {
  const { guard, answers, audit } = parts

  /** A body that nobody reads must never be taken for the next request, so its connection ends with the answer. */
  function answer({ arrival, raw, response }: Exchange, told: Answer, close: boolean): void {
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const unread = hasBody(arrival.headers)
    writeAnswer(response, told, {
      own: parts.answerHeaders,
      close: close || unread,
      unread,
      head: raw.method === 'HEAD',
    })
  }

  function refuse(exchange: Exchange, refusal: ArrivalRefusal): void {
    const { arrival } = exchange
    audit({ event: 'request.refused', reason: refusal, address: arrival.client.address })
    answer(exchange, answers.unreadable(arrival, refusal), true)
  }

  function fail(exchange: Exchange, failure: GateFailure): void {
    answer(exchange, answers.failed(exchange.arrival, failure), false)
  }

  function breakOff(exchange: Exchange, error: unknown): void {
    parts.onError(error instanceof Error ? error : new Error(String(error)))
    fail(exchange, error instanceof StoreUnavailable ? 'store_unavailable' : 'internal')
  }

  function stop(exchange: Exchange, judgement: Judgement): void {
    const { decision, caller } = judgement
    const address = exchange.arrival.client.address
    if (decision.effect === 'deny') {
      audit({ event: 'request.denied', reason: decision.reason, address, subject: caller?.person.subject })
    }
    answer(exchange, answers.refused(exchange.arrival, judgement), false)
  }

  function pass(exchange: Exchange, judgement: Judgement): Passage | undefined | Promise<Passage> {
    const { decision, match, request, caller } = judgement
    if (decision.effect !== 'allow' || match === undefined) {
      stop(exchange, judgement)
      return undefined
    }
    const upstream = parts.upstreamOf(match.app)
    if (upstream === undefined) {
      stop(exchange, { ...judgement, decision: { effect: 'not_found' } })
      return undefined
    }

    const ready = (identity: readonly string[]): Passage => ({
      judgement,
      upstream,
      headers: upstreamHeaders(exchange.arrival, request, upstream, identity, parts.isOurCookie),
    })
    if (!decision.withIdentity || caller === undefined) return ready([])
    const identity = parts.identityHeaders(caller, match.app.name)
    return identity instanceof Promise ? identity.then(ready) : ready(identity)
  }

  function admit(exchange: Exchange): Passage | undefined | Promise<Passage | undefined> {
    const { reading, client, headers } = exchange.arrival
    if (!reading.ok) {
      refuse(exchange, reading.refusal)
      return undefined
    }
    try {
      const judgement = guard.judge(reading.request, client, headers.fields.cookie)
      const passage =
        judgement instanceof Promise
          ? judgement.then(made => pass(exchange, made))
          : pass(exchange, judgement)
      if (!(passage instanceof Promise)) return passage
      return passage.catch((error: unknown) => {
        breakOff(exchange, error)
        return undefined
      })
    } catch (error) {
      breakOff(exchange, error)
      return undefined
    }
  }

  return { parts, admit, refuse, breakOff, fail }
}
