import { bodyLength } from '../http/arrival.js'
import { changeAnswer } from './app-changes.js'
import { forward } from './forward.js'
import type { Exchange, Gate, Passage } from './gate.js'
import { readResponseHeaders } from './response-headers.js'
import { hostOf, takesTrailers } from './upstream-headers.js'

/** Takes a request through the gate: judged, then sent to its upstream, or answered here. */
export function proxy(gate: Gate, exchange: Exchange): void {
  const goOn = async (passage: Passage | undefined): Promise<void> => {
    try {
      if (passage !== undefined) await send(gate, exchange, passage)
    } catch (error) {
      gate.breakOff(exchange, error)
    }
  }
  // Where even the answer to a fault broke, nothing passes, and nobody waits for what cannot come.
  const giveUp = (): void => void exchange.response.destroy()
  const passage = gate.admit(exchange)
  if (passage instanceof Promise) passage.then(goOn).catch(giveUp)
  else goOn(passage).catch(giveUp)
}

function send(gate: Gate, exchange: Exchange, passage: Passage): Promise<void> {
  const { parts } = gate
  const { arrival, raw, response } = exchange
  const { judgement, upstream, target, changes, headers } = passage
  const { request, caller, decision } = judgement
  const isPrivate = decision.effect === 'allow' && decision.withIdentity
  const { te } = arrival.headers.fields
  return forward(raw, response, {
    upstream,
    method: request.method,
    target,
    headers,
    bodyLength: bodyLength(arrival.headers),
    stalledAfter: parts.stalledAfter,
    notes: exchange.notes,
    takesTrailers: te !== undefined && takesTrailers(te),
    readHeaders(fromUpstream) {
      if (exchange.notes !== undefined) exchange.notes.answeredAt = exchange.notes.elapsed()
      const fields = changeAnswer(fromUpstream, changes, upstream.options.origins, hostOf(arrival, request))
      const answer = readResponseHeaders(fields, isPrivate, parts.isOurCookie)
      if (!answer.isEventStream) return answer.fields
      const remove = parts.liveStreams.add({
        session: caller?.sessionReference,
        user: caller?.person.subject,
        address: arrival.client.address,
        mayGoOn: () => parts.guard.wouldPassAgain(judgement, arrival.client),
        close: () => response.destroy(),
      })
      if (remove === undefined) {
        gate.fail(exchange, 'too_many_streams')
        return undefined
      }
      response.on('close', remove)
      return answer.fields
    },
    onFailure(failure, error) {
      gate.fail(exchange, failure, error)
    },
  })
}
