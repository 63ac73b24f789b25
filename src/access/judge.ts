import type { AccessRequest } from './access-request.js'
import { canonicalise, type Refusal } from './canonicalise.js'
import { decide } from './decide.js'
import type { Decision } from './decision.js'
import type { Caller } from './identity.js'
import type { Policy } from './policy.js'
import type { Match } from './route-table.js'

/** Where a request comes from, after trusted proxies. */
export interface Sender {
  readonly address: string
  /** Whether it came by https. */
  readonly secure: boolean
}

/** A request as somebody wrote it down: nothing of it is repaired. */
export interface AskedRequest extends Sender {
  readonly method: string
  /** The value of the Host header. */
  readonly authority: string
  /** The request target: path and query. */
  readonly target: string
  /** Whether it carries `Origin` and `Access-Control-Request-Method`. */
  readonly asksPreflight: boolean
}

/** What becomes of a request. `refused`: it cannot be read in one way. `own`: it is for the gateway itself. */
export type Outcome = Decision['effect'] | 'refused' | 'own'

/** What became of a request, with all that led to it. */
export type Verdict =
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'own'; readonly request: AccessRequest }
  | ({ readonly outcome: Decision['effect'] } & Judged)

/** A canonical request for an app, and what was decided. */
export interface Judged {
  readonly request: AccessRequest
  readonly match: Match | undefined
  readonly decision: Decision
  /** Who was judged: undefined also where nobody had to be looked at. */
  readonly caller: Caller
}

/**
 * Judges a request that was written down, exactly as the gateway judges one that arrives.
 * @param caller who asks, if a credential is looked at; undefined is nobody
 * @param now milliseconds since the epoch
 */
export function judge(policy: Policy, asked: AskedRequest, caller: Caller, now: number): Verdict {
  const { method, target, authority, asksPreflight } = asked
  const reading = canonicalise({ method, target, host: authority, asksPreflight }, policy.leniencies)
  if (!reading.ok) return { outcome: 'refused', refusal: reading.refusal }
  const { request } = reading
  if (policy.isOwn(request)) return { outcome: 'own', request }
  const asNobody = judgeAsNobody(policy, request, asked, now)
  const judged = caller !== undefined && asNobody.needsCaller ? judgeAs(asNobody, caller, now) : asNobody
  // Written out: copying an object with a spread costs more here than the decision.
  const { match, decision } = judged
  return { outcome: decision.effect, request, match, decision, caller: judged.caller }
}

/** What is decided as long as nobody is known, and whether it matters who asks. */
export interface JudgedAsNobody extends Judged {
  readonly needsCaller: boolean
}

/** The first half: what is public depends on nobody, and so on no store. */
export function judgeAsNobody(
  { routes, secure }: Policy,
  request: AccessRequest,
  sender: Sender,
  now: number,
): JudgedAsNobody {
  const match = routes.find(request, sender.address)
  const decision = decide(request, match, undefined, now)
  const needsCaller = decision.effect === 'login' && (!secure || sender.secure)
  return { request, match, decision, caller: undefined, needsCaller }
}

/** The second half, for a request whose first half needs the caller. */
export function judgeAs({ request, match }: JudgedAsNobody, caller: Caller, now: number): Judged {
  return { request, match, decision: decide(request, match, caller, now), caller }
}
