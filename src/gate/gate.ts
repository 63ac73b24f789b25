import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../access/decision.js'
import type { Caller } from '../access/identity.js'
import type { AppPolicy, Route } from '../access/route.js'
import type { Match } from '../access/route-table.js'
import type { Audit } from '../audit/audit-event.js'
import { writeAnswer } from '../http/answer.js'
import type { Answer, AnswerHeaders } from '../http/answer.js'
import { hasBody } from '../http/arrival.js'
import type { Arrival, ArrivalRefusal } from '../http/arrival.js'
import type { Credential, ReadCredential } from '../http/credential.js'
import { StoreUnavailable } from '../store/store.js'
import type { GateAnswers, GateFailure } from './answer.js'
import type { Denials } from './denials.js'
import type { ExchangeFailure, ExchangeNotes } from './exchange-notes.js'
import type { Guard, Judgement } from './guard.js'
import type { IdentityHeaders } from './identity-headers.js'
import type { LiveStreams } from './live-streams.js'
import type { IsOurCookie } from './response-headers.js'
import type { ShadowObserver } from './shadow.js'
import { targetUpstream, type AppChanges } from './app-changes.js'
import { upstreamHeaders } from './upstream-headers.js'
import type { Upstream } from './upstream.js'

/** What both ways through the gate, HTTP and WebSocket, work with. */
export interface GateParts {
  readonly guard: Guard
  readonly readCredential: ReadCredential
  readonly answers: GateAnswers
  readonly denials: Denials
  /** Makes the id of a request that somebody may ask about. */
  readonly requestId: () => string
  readonly answerHeaders: () => AnswerHeaders
  /** The upstream of an app; undefined: it has none, and the policy lets nothing through to it. */
  readonly upstreamOf: (app: AppPolicy) => Upstream | undefined
  /** What is changed on the way to an app and back; undefined: nothing. */
  readonly changesOf: (app: AppPolicy) => AppChanges | undefined
  readonly identityHeaders: IdentityHeaders
  readonly isOurCookie: IsOurCookie
  readonly liveStreams: LiveStreams
  /** After how much silence a client is given up that is to send more, or to take more, in milliseconds. */
  readonly stalledAfter: number
  readonly audit: Audit
  /** Takes every judgement, to count it; `undefined`: the request could not be read. */
  readonly onJudged: (judgement: Judgement | undefined) => void
  /** Takes what was decided, to compare it with what another policy would decide. */
  readonly shadow: ShadowObserver
  /** Tells of what is broken; the request is answered all the same, and its answer names the id. */
  readonly onError: (error: Error, requestId: string, exchange: Exchange) => void
}

/** One request and the place for its answer. */
export interface Exchange {
  readonly arrival: Arrival
  readonly raw: IncomingMessage
  readonly response: ServerResponse
  /** What an answer of the gateway becomes before it is written; undefined: it is written as it is. */
  readonly reshape?: ((answer: Answer) => Answer) | undefined
  /** Where is noted what becomes of it; undefined: nobody wants to know. */
  readonly notes?: ExchangeNotes | undefined
}

/** A judgement that allows, and therefore has a route. */
export interface Allowance extends Judgement {
  readonly decision: Extract<Decision, { effect: 'allow' }>
  readonly match: Match
}

/**
 * Makes ready what is done with a request that may pass. Undefined: it was answered. Whatever it throws or rejects with,
 * nothing passes.
 */
export type Prepare<Ready> = (
  exchange: Exchange,
  allowance: Allowance,
  credential: Credential,
) => Ready | undefined | Promise<Ready | undefined>

/** A request that may pass, ready to be sent. */
export interface Passage {
  readonly judgement: Judgement
  readonly upstream: Upstream
  /** Path and query that the upstream is asked for. */
  readonly target: string
  readonly changes: AppChanges | undefined
  /** Name, value, name, value, …; as `headersForAddress` takes them. */
  readonly headers: string[]
}

/** The part of a request's way that HTTP and WebSocket share: up to the upstream, or to an answer of our own. */
export interface Gate {
  readonly parts: GateParts
  /** Judges a request and prepares what the upstream gets. Undefined: it was answered here. Never throws. */
  admit(exchange: Exchange): Passage | undefined | Promise<Passage | undefined>
  /** The same for whoever does something else with a request that may pass. */
  judge<Ready>(exchange: Exchange, prepare: Prepare<Ready>): Ready | undefined | Promise<Ready | undefined>
  /** Writes an answer that was made elsewhere. */
  answer(exchange: Exchange, told: Answer): void
  /** Answers a request that cannot be read in one way. */
  refuse(exchange: Exchange, refusal: ArrivalRefusal | 'ambiguous_credential'): void
  /** An error is nobody: whatever broke on the way, the request does not pass and the process lives. */
  breakOff(exchange: Exchange, error: unknown): void
  /** Answers in place of the upstream. `error`: what broke; without one, the request itself was at fault. */
  fail(exchange: Exchange, failure: GateFailure, error?: Error): void
}

export function createGate(parts: GateParts): Gate {
  const { guard, answers, audit } = parts

  /** A body that nobody reads must never be taken for the next request, so its connection ends with the answer. */
  function answer(exchange: Exchange, told: Answer, close: boolean): void {
    const { arrival, raw, response, reshape, notes } = exchange
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const unread = hasBody(arrival.headers)
    const ready = reshape === undefined ? told : reshape(told)
    const head = raw.method === 'HEAD'
    if (notes !== undefined && !head) notes.bytes = Buffer.byteLength(ready.body)
    writeAnswer(response, ready, { own: parts.answerHeaders(), close: close || unread, unread, head })
  }

  function refuse(exchange: Exchange, refusal: ArrivalRefusal | 'ambiguous_credential'): void {
    const { arrival } = exchange
    const requestId = parts.requestId()
    noteFailure(exchange, refusal, requestId)
    audit({ event: 'request.refused', reason: refusal, address: arrival.client.address, requestId })
    parts.onJudged(undefined)
    parts.shadow.refused(arrival)
    answer(exchange, answers.unreadable(arrival, refusal, requestId), true)
  }

  function fail(exchange: Exchange, failure: GateFailure, error?: Error): void {
    const { arrival } = exchange
    const requestId = parts.requestId()
    noteFailure(exchange, failure, requestId)
    if (error === undefined)
      audit({ event: 'request.refused', reason: failure, address: arrival.client.address, requestId })
    else parts.onError(error, requestId, exchange)
    answer(exchange, answers.failed(arrival, failure, requestId), false)
  }

  function breakOff(exchange: Exchange, error: unknown): void {
    const broken = error instanceof Error ? error : new Error(String(error))
    fail(exchange, error instanceof StoreUnavailable ? 'store_unavailable' : 'internal', broken)
  }

  function stop(exchange: Exchange, judgement: Judgement, credential: Credential): void {
    const { arrival } = exchange
    const told =
      judgement.decision.effect === 'deny'
        ? parts.denials.deny(arrival, judgement, credential)
        : answers.refused(arrival, judgement)
    if (!(told instanceof Promise)) answer(exchange, told, false)
    else
      void told.then(
        ready => answer(exchange, ready, false),
        (error: unknown) => breakOff(exchange, error),
      )
  }

  /** Whoever skips a second factor is told of, each time. */
  function tellBypass({ name, reason, until }: Route, caller: Caller, address: string): void {
    const detail = {
      route: name,
      ...(reason === undefined ? {} : { because: reason }),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    }
    audit({ event: 'bypass.used', subject: caller?.person.subject, address, detail })
  }

  function pass<Ready>(
    exchange: Exchange,
    judgement: Judgement,
    credential: Credential,
    prepare: Prepare<Ready>,
  ): Ready | undefined | Promise<Ready | undefined> {
    const { decision, match, caller } = judgement
    noteJudgement(exchange, judgement)
    parts.onJudged(judgement)
    parts.shadow.judged(exchange.arrival, judgement, credential)
    if (decision.effect !== 'allow' || match === undefined) {
      stop(exchange, judgement, credential)
      return undefined
    }
    if (decision.reason === 'bypassed') tellBypass(match.route, caller, exchange.arrival.client.address)
    return prepare(exchange, judgement as Allowance, credential)
  }

  function preparePassage(
    exchange: Exchange,
    allowance: Allowance,
    credential: Credential,
  ): Passage | undefined | Promise<Passage> {
    const { decision, match, request, caller } = allowance
    const upstream = parts.upstreamOf(match.app)
    if (upstream === undefined) {
      fail(exchange, 'no_upstream')
      return undefined
    }
    const changes = parts.changesOf(match.app)
    const target = targetUpstream(request, changes)
    if (target === undefined) {
      fail(exchange, 'outside_prefix')
      return undefined
    }
    const ready = (identity: readonly string[]): Passage => {
      const headers = upstreamHeaders(exchange.arrival, request, upstream.options, {
        identity,
        isOurCookie: parts.isOurCookie,
        keepsAuthorization: credential.kind === 'none' || credential.kind === 'session',
        rules: changes?.requestHeaders,
      })
      const trace = exchange.notes?.trace
      return {
        judgement: allowance,
        upstream,
        target,
        changes,
        headers: trace?.callUpstream(headers, { method: request.method, app: match.app.name }) ?? headers,
      }
    }
    if (!decision.withIdentity || caller === undefined) return ready([])
    const identity = parts.identityHeaders(caller, match.app.name)
    return identity instanceof Promise ? identity.then(ready) : ready(identity)
  }

  function judge<Ready>(
    exchange: Exchange,
    prepare: Prepare<Ready>,
  ): Ready | undefined | Promise<Ready | undefined> {
    const { reading, headers } = exchange.arrival
    if (!reading.ok) {
      refuse(exchange, reading.refusal)
      return undefined
    }
    try {
      const credential = parts.readCredential(headers.fields)
      if (credential.kind === 'ambiguous') {
        refuse(exchange, 'ambiguous_credential')
        return undefined
      }
      const judgement = guard.judge(reading.request, exchange.arrival, credential)
      const ready =
        judgement instanceof Promise
          ? judgement.then(made => pass(exchange, made, credential, prepare))
          : pass(exchange, judgement, credential, prepare)
      if (!(ready instanceof Promise)) return ready
      return ready.catch((error: unknown) => {
        breakOff(exchange, error)
        return undefined
      })
    } catch (error) {
      breakOff(exchange, error)
      return undefined
    }
  }

  return {
    parts,
    admit: exchange => judge(exchange, preparePassage),
    judge,
    answer: (exchange, told) => answer(exchange, told, false),
    refuse,
    breakOff,
    fail,
  }
}

function noteJudgement({ notes }: Exchange, judgement: Judgement): void {
  if (notes === undefined) return
  notes.judgement = judgement
  notes.judgedAt = notes.elapsed()
}

function noteFailure({ notes }: Exchange, failure: ExchangeFailure, requestId: string): void {
  if (notes === undefined) return
  notes.failure = failure
  notes.requestId = requestId
}
