import { judge, type Outcome } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import { describedPerson, identityOf } from '../described-caller.js'
import type { SourceDecision, SourceJudge } from './imported.js'
import type { Trial } from './trials.js'

/** A trial with what both sides made of it. */
export interface Comparison {
  readonly trial: Trial
  readonly there: SourceDecision
  readonly here: Outcome
  /** `opened`: here it passes and there it did not. `stricter`: the other way. `closed`: no way through on either. */
  readonly relation: 'equal' | 'closed' | 'stricter' | 'opened'
}

/** Tries one request on both sides. */
export function compare(policy: Policy, decide: SourceJudge, trial: Trial, now: number): Comparison {
  const there = decide(trial.request, trial.caller)
  const here = judgeHere(policy, trial, now)
  const relation =
    there === here ? 'equal' : here === 'allow' ? 'opened' : there === 'allow' ? 'stricter' : 'closed'
  return { trial, there, here, relation }
}

/** The request target of a decoded path. */
export function targetOf({ path, query }: Trial['request']): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent) + query
}

function judgeHere(policy: Policy, trial: Trial, now: number): Outcome {
  const { request, caller } = trial
  const asked = {
    method: request.method,
    authority: request.host,
    target: targetOf(request),
    address: request.address,
    secure: policy.secure,
    asksPreflight: false,
  }
  const identity =
    caller.user === undefined
      ? undefined
      : identityOf(
          {
            person: describedPerson(caller.user, caller.groups),
            factors: caller.factors === 2 ? ['totp'] : [],
          },
          now,
        )
  return judge(policy, asked, identity, now).outcome
}
