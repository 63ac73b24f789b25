import { describeDemand } from '../access/demands.js'
import { explainJudged, type JudgementExplained } from '../access/explain-judged.js'
import type { Caller } from '../access/identity.js'
import { maySeePolicy } from '../access/may-see-policy.js'
import type { Audit } from '../audit/audit-event.js'
import type { Answer } from '../http/answer.js'
import type { Arrival } from '../http/arrival.js'
import type { Credential } from '../http/credential.js'
import { isNavigation } from '../http/navigation.js'
import type { GateAnswers } from './answer.js'
import type { Guard, Judgement } from './guard.js'

/** One denial in short, for the log: what was asked, and what was not there. */
export interface Denial {
  readonly requestId: string
  /** The hash of the policy that denied it. */
  readonly policy: string
  readonly method: string
  readonly host: string
  /** Without the query, which may hold secrets. */
  readonly path: string
  readonly address: string
  readonly subject: string | undefined
  /** The route that decided, with its app. */
  readonly route: string
  /** `file:line`; undefined for the default route, which nobody wrote. */
  readonly place: string | undefined
  /** Each demand that did not hold: `groups ops: bob has none`. */
  readonly missing: readonly string[]
}

export interface DenialsOptions {
  readonly guard: Pick<Guard, 'identify'>
  readonly answers: Pick<GateAnswers, 'refused'>
  /** Makes the id of a request that somebody may ask about. */
  readonly requestId: () => string
  /** The groups whose members are shown on the page why they were denied. Empty: nobody is. */
  readonly explainTo: readonly string[]
  readonly audit: Audit
  readonly onDenial: (denial: Denial) => void
}

/** Answers and tells of requests that nobody in the place of this caller may send. */
export interface Denials {
  /** A promise only when it has to be found out who is to be shown the page. Never throws, never rejects. */
  deny(arrival: Arrival, judgement: Judgement, credential: Credential): Answer | Promise<Answer>
}

export function createDenials(options: DenialsOptions): Denials {
  const { guard, answers, requestId, explainTo, audit, onDenial } = options

  function tell({ client, policy }: Arrival, judgement: Judgement, id: string): JudgementExplained {
    const { decision, request, match, caller } = judgement
    const subject = caller?.person.subject
    const { address } = client
    const explained = explainJudged(judgement, address, judgement.at)
    const place = match?.route.place
    audit({
      event: 'request.denied',
      reason: decision.effect === 'deny' ? decision.reason : decision.effect,
      address,
      subject,
      requestId: id,
    })
    onDenial({
      requestId: id,
      policy: policy.hash,
      method: request.method,
      host: request.host,
      path: request.encodedPath,
      address,
      subject,
      route: match?.route.name ?? '',
      place: place && `${place.file}:${place.line}`,
      missing: explained.demands.filter(({ verdict }) => verdict !== 'holds').map(describeDemand),
    })
    return explained
  }

  return {
    deny(arrival, judgement, credential) {
      const reference = requestId()
      const explained = tell(arrival, judgement, reference)
      const answerTo = (viewer: Caller): Answer => {
        const explanation = maySeePolicy(explainTo, viewer)
          ? { ...explained, policy: arrival.policy.hash }
          : undefined
        return answers.refused(arrival, judgement, { reference, explanation })
      }
      // Where nobody may pass nobody was looked at, but an operator wants to know which route says so.
      const isUnknown = judgement.caller === undefined && credential.kind === 'session'
      if (explainTo.length === 0 || !isUnknown || !isNavigation(arrival.headers))
        return answerTo(judgement.caller)
      try {
        const viewer = guard.identify(arrival, credential)
        return viewer instanceof Promise ? viewer.then(answerTo, () => answerTo(undefined)) : answerTo(viewer)
      } catch {
        return answerTo(undefined)
      }
    },
  }
}
