import { hasBody } from '../http/arrival.js'
import { forward } from './forward.js'
import type { Exchange, Gate, Passage } from './gate.js'
import { readResponseHeaders } from './response-headers.js'
import { takesTrailers } from './upstream-headers.js'

/** Takes a request through the gate: judged, then sent to its upstream, or answered here. */
export function proxy(gate: Gate, exchange: Exchange): void {
  const goOn = (passage: Passage | undefined): void => {
    try {
      if (passage !== undefined) send(gate, exchange, passage)
    } catch (error) {
      gate.breakOff(exchange, error)
    }
  }
  const passage = gate.admit(exchange)
  if (passage instanceof Promise) void passage.then(goOn)
  else goOn(passage)
}

function send(gate: Gate, exchange: Exchange, { judgement, upstream, headers }: Passage): void {
  const { parts } = gate
  const { arrival, raw, response } = exchange
  const { request, caller, decision } = judgement
  const isPrivate = decision.effect === 'allow' && decision.withIdentity
  const { te } = arrival.headers.fields
  forward(raw, response, {
    upstream,
    method: request.method,
    target: request.encodedPath + request.query,
    headers,
    hasBody: hasBody(arrival.headers),
    takesTrailers: te !== undefined && takesTrailers(te),
    readHeaders(fromUpstream) {
      const answer = readResponseHeaders(fromUpstream, isPrivate, parts.isOurCookie)
      if (answer.isEventStream && caller !== undefined) {
        const remove = parts.liveStreams.add({
          session: caller.sessionReference,
          mayGoOn: () => parts.guard.wouldPassAgain(judgement, arrival.client),
          close: () => response.destroy(),
        })
        response.on('close', remove)
      }
      return answer.fields
    },
    onFailure(failure, error) {
      parts.onError(error)
      gate.fail(exchange, failure)
    },
  })
}
