import { type Demand, demandsOf } from './demands.js'
import { describeDecision } from './describe-decision.js'
import { explainRoutes, type ReadRoute } from './explain-routes.js'
import type { Judged } from './judge.js'

/** Why a request was decided as it was, for those who may know the policy: commands, the log, an operator's page. */
export interface JudgementExplained {
  /** The decision in one sentence, with the route and its place. */
  readonly sentence: string
  /** Every route of the app, in the order in which they are read. */
  readonly routes: readonly ReadRoute[]
  /** What the deciding route asks, in order; the first that does not hold is the reason. */
  readonly demands: readonly Demand[]
}

/**
 * Explains what was decided.
 * @param address the client's address
 * @param now milliseconds since the epoch
 */
export function explainJudged(judged: Judged, address: string, now: number): JudgementExplained {
  const { request, match, decision, caller } = judged
  return {
    sentence: describeDecision(decision, match, caller?.person.subject),
    routes: explainRoutes(match, request, address, now),
    demands: demandsOf(judged, now),
  }
}
