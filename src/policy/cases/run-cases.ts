import type { Caller } from '../../access/identity.js'
import { judge, type Verdict } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import type { Expectation, PolicyCase } from '../../config/policy-case.js'
import type { Explain } from '../explain/explanation.js'
import { callerOf, type CasePeople } from './case-identity.js'

/** What cases are run on. */
export interface CaseRun extends CasePeople {
  readonly policy: Policy
  /** Says what the app would see, for cases with `headers`. */
  readonly explain: Explain
  /** When the cases without `at` happen, in milliseconds since the epoch. */
  readonly now: number
}

/** What became of a case. It has passed when `faults` is empty. */
export interface CaseResult {
  readonly case: PolicyCase
  readonly verdict: Verdict
  /** Who asked. */
  readonly caller: Caller
  /** When it was judged to happen. */
  readonly at: number
  /** Everything that is not as expected, each as `expected …, came …`. */
  readonly faults: readonly string[]
}

/** Runs one case. Pure: the same policy, people and time give the same result. */
export function runCase(one: PolicyCase, { policy, explain, now, ...people }: CaseRun): CaseResult {
  const at = one.at ?? now
  const caller = callerOf(one.caller, people, at)
  const verdict = judge(policy, one.asked, caller, at)
  const fault = faultOf(one.expect, verdict)
  const faults = fault === undefined ? [] : [fault]
  if (one.headers !== undefined && fault === undefined)
    faults.push(...faultsOfHeaders(one.headers, explain(one.asked, caller, at).upstreamFields ?? []))
  return { case: one, verdict, caller, at, faults }
}

/** The outcome of a verdict in the words of `expect`. */
export function outcomeOf({ outcome }: Verdict): Expectation['outcome'] {
  return outcome === 'refused' ? 'reject' : outcome
}

/** Why it came out so, where there are several reasons: as in `expect: { deny: not_in_group }`. */
function reasonOf(verdict: Verdict): string | undefined {
  if (verdict.outcome === 'refused') return verdict.refusal
  return 'decision' in verdict && 'reason' in verdict.decision ? verdict.decision.reason : undefined
}

function faultOf(expect: Expectation, verdict: Verdict): string | undefined {
  const outcome = outcomeOf(verdict)
  const wanted = 'reason' in expect ? expect.reason : undefined
  const reason = reasonOf(verdict)
  if (outcome === expect.outcome && (wanted === undefined || wanted === reason)) return undefined
  return `expected ${withReason(expect.outcome, wanted)}, came ${withReason(outcome, reason)}`
}

function withReason(outcome: string, reason: string | undefined): string {
  return reason === undefined ? outcome : `${outcome} (${reason})`
}

function faultsOfHeaders(wanted: ReadonlyMap<string, string | null>, fields: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] ?? '').toLowerCase()
    const before = seen.get(name)
    seen.set(name, before === undefined ? (fields[at + 1] ?? '') : `${before}, ${fields[at + 1] ?? ''}`)
  }
  const show = (name: string, value: string | null | undefined): string =>
    value === null || value === undefined ? `no ${name}` : `${name}: ${value}`
  return [...wanted].flatMap(([name, value]) =>
    (seen.get(name) ?? null) === value
      ? []
      : [`expected ${show(name, value)}, came ${show(name, seen.get(name))}`],
  )
}
