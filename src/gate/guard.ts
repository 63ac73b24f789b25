import type { AccessRequest } from '../access/access-request.js'
import { decide } from '../access/decide.js'
import type { Decision } from '../access/decision.js'
import type { Caller, Identity } from '../access/identity.js'
import type { Match, RouteTable } from '../access/route-table.js'
import type { Clock } from '../clock.js'
import type { Client } from '../http/trusted-proxies.js'

export interface GuardOptions {
  /** The policy of this moment; a request uses one table from start to end. */
  readonly routes: () => RouteTable
  /** Who is asking, by the cookies of a request. Throws `StoreUnavailable`. */
  readonly authenticate: (cookies: string | undefined) => Caller | Promise<Caller>
  /** Who somebody is who was let in before; undefined when they are nobody by now. Throws `StoreUnavailable`. */
  readonly authenticateAgain: (identity: Identity) => Promise<Caller>
  /** Whether people reach the gateway by https: then a credential that came over plain http is not looked at. */
  readonly secure: boolean
  readonly now: Clock
}

/** What was asked, of what, by whom, and what becomes of it. */
export interface Judgement {
  readonly request: AccessRequest
  readonly match: Match | undefined
  readonly caller: Caller
  readonly decision: Decision
}

export interface Guard {
  /** Judges a request. A promise only when the caller has to be read from the store. */
  judge(request: AccessRequest, client: Client, cookies: string | undefined): Judgement | Promise<Judgement>
  /** Whether a request that was let in would be let in now, for connections that outlive it. */
  wouldPassAgain(judgement: Judgement, client: Client): Promise<boolean>
}

/**
 * Makes the guard that every request for an app passes: match, then decide as nobody; only where a login would
 * change the answer is the credential read, so that what is public depends on no store.
 */
export function createGuard({ routes, authenticate, authenticateAgain, secure, now }: GuardOptions): Guard {
  function judgeAs(request: AccessRequest, match: Match | undefined, caller: Caller): Judgement {
    return { request, match, caller, decision: decide(request, match, caller, now()) }
  }
  return {
    judge(request, client, cookies) {
      const match = routes().find(request, client.address)
      const asNobody = judgeAs(request, match, undefined)
      if (asNobody.decision.effect !== 'login' || (secure && !client.secure)) return asNobody
      const caller = authenticate(cookies)
      if (caller instanceof Promise) return caller.then(found => judgeAs(request, match, found))
      return caller === undefined ? asNobody : judgeAs(request, match, caller)
    },
    async wouldPassAgain({ request, caller }, client) {
      const match = routes().find(request, client.address)
      const callerNow = caller === undefined ? undefined : await authenticateAgain(caller)
      return judgeAs(request, match, callerNow).decision.effect === 'allow'
    },
  }
}
