import type { AccessRequest } from '../access/access-request.js'
import type { Caller, Identity } from '../access/identity.js'
import { judgeAs, judgeAsNobody, type Judged } from '../access/judge.js'
import type { Policy } from '../access/policy.js'
import type { Clock } from '../clock.js'
import type { Arrival } from '../http/arrival.js'
import type { Credential } from '../http/credential.js'
import type { Client } from '../http/trusted-proxies.js'

export interface GuardOptions {
  /** The policy of this moment, for connections that outlive the one by which they were let in. */
  readonly policy: () => Policy
  /** Who is asking, by the credential of a request and the client's address. Throws `StoreUnavailable`. */
  readonly authenticate: (credential: Credential, address: string) => Caller | Promise<Caller>
  /** Who somebody is who was let in before; undefined when they are nobody by now. Throws `StoreUnavailable`. */
  readonly authenticateAgain: (identity: Identity) => Promise<Caller>
  readonly now: Clock
}

/** What was asked, of what, by whom, and what becomes of it. */
export interface Judgement extends Judged {
  /** A credential of ours was looked at, and is worth nothing (any more). */
  readonly invalidCredential: boolean
  /** The moment by which it was decided, in milliseconds since the epoch. */
  readonly at: number
}

export interface Guard {
  /**
   * Judges a request by the policy it was read by. A promise only when the caller has to be read from the store.
   */
  judge(
    request: AccessRequest,
    arrival: Pick<Arrival, 'client' | 'policy'>,
    credential: Credential,
  ): Judgement | Promise<Judgement>
  /** Who sent a request whose answer does not depend on it. Nobody where no credential is looked at. */
  identify(arrival: Pick<Arrival, 'client' | 'policy'>, credential: Credential): Caller | Promise<Caller>
  /** Whether a request that was let in would be let in now, for connections that outlive it. */
  wouldPassAgain(judgement: Judgement, client: Client): Promise<boolean>
}

/**
 * Makes the guard that every request for an app passes: match, then decide as nobody; only where a login would
 * change the answer is the credential read, so that what is public depends on no store.
 */
export function createGuard({ policy, authenticate, authenticateAgain, now }: GuardOptions): Guard {
  return {
    judge(request, arrival, credential) {
      const begun = now()
      const asNobody = judgeAsNobody(arrival.policy, request, arrival.client, begun)
      if (!asNobody.needsCaller || credential.kind === 'none') return judgementOf(asNobody, false, begun)
      const judgeFound = (caller: Caller): Judgement => {
        const at = now()
        return caller === undefined
          ? judgementOf(asNobody, true, at)
          : judgementOf(judgeAs(asNobody, caller, at), false, at)
      }
      const caller = authenticate(credential, arrival.client.address)
      return caller instanceof Promise ? caller.then(judgeFound) : judgeFound(caller)
    },
    identify({ policy: { secure }, client }, credential) {
      return credential.kind === 'none' || (secure && !client.secure)
        ? undefined
        : authenticate(credential, client.address)
    },
    async wouldPassAgain({ request, caller }, client) {
      const asNobody = judgeAsNobody(policy(), request, client, now())
      const callerNow = caller === undefined ? undefined : await authenticateAgain(caller)
      return judgeAs(asNobody, callerNow, now()).decision.effect === 'allow'
    },
  }
}

/** Written out: copying an object with a spread costs more here than the decision. */
function judgementOf(
  { request, match, decision, caller }: Judged,
  invalidCredential: boolean,
  at: number,
): Judgement {
  return { request, match, decision, caller, invalidCredential, at }
}
