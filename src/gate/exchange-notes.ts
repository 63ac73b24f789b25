import type { ServerResponse } from 'node:http'
import type { Clock } from '../clock.js'
import type { ArrivalRefusal } from '../http/arrival.js'
import type { GateFailure } from './answer.js'
import type { Judgement } from './guard.js'

/** Why a request was answered in the place of an upstream. */
export type ExchangeFailure = GateFailure | ArrivalRefusal | 'ambiguous_credential'

/** A request as a part of a trace, which may go on at the upstream. Nothing of it throws. */
export interface RequestTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /**
   * Begins the upstream's part, once.
   * @returns the header fields with those of that part in place of what the client said of a trace
   */
  readonly callUpstream: (
    headers: string[],
    call: { readonly method: string; readonly app: string },
  ) => string[]
  /** The request is over; further calls do nothing. `status`: undefined when no answer was begun. */
  readonly end: (notes: ExchangeNotes, status: number | undefined, isComplete: boolean) => void
}

/** What is noted of a request on its way, for metrics and the access log. The gate fills it in. */
export interface ExchangeNotes {
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: Clock
  /** By it: when the head of the request was there. */
  readonly begun: number
  /** Undefined: nobody follows traces. */
  readonly trace: RequestTrace | undefined
  judgement: Judgement | undefined
  /** By `elapsed`: when it was judged. */
  judgedAt: number | undefined
  /** By `elapsed`: when the head of the upstream's answer was there. */
  answeredAt: number | undefined
  failure: ExchangeFailure | undefined
  /** How much of the body of the answer was handed on so far; 0 where it has none (RFC 9110, section 6.4.1). */
  bytes: number
  /** The id under which the log tells of it, and the answer. */
  requestId: string | undefined
  /** The answer to a WebSocket handshake, as long as it is one. */
  handshake: ServerResponse | undefined
  /** Whether it became a WebSocket. */
  upgraded: boolean
}

/** Begins the notes of a request. */
export function beginNotes(elapsed: Clock, trace?: RequestTrace): ExchangeNotes {
  return {
    elapsed,
    begun: elapsed(),
    trace,
    judgement: undefined,
    judgedAt: undefined,
    answeredAt: undefined,
    failure: undefined,
    bytes: 0,
    requestId: undefined,
    handshake: undefined,
    upgraded: false,
  }
}
