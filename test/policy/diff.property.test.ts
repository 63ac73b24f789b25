import t from 'tap'
import fc from 'fast-check'
import { judge, judgeAs, judgeAsNobody, type AskedRequest, type Verdict } from '../../src/access/judge.js'
import { changeOfOpenness } from '../../src/access/openness.js'
import type { Policy } from '../../src/access/policy.js'
import type { Identity } from '../../src/access/identity.js'
import { compilePolicy } from '../../src/config/compile-policy.js'
import { diffPolicies, type ComparedConfig } from '../../src/policy/diff/diff-policies.js'
import type { Difference, DecidingRoute } from '../../src/policy/diff/policy-diff.js'
import { NOW } from '../access/sample-policy.js'
import { callersAt, pairs, REQUESTS, TIMES } from './diff-universe.js'

/** What is told of one difference: its direction, both routes, both outcomes. */
type Told = string

function directionOf(before: Verdict, after: Verdict): string | undefined {
  const told = isTold(before)
  const openness = changeOfOpenness(before.outcome, after.outcome)
  if (openness !== 'same') return openness
  if (before.outcome !== after.outcome) return 'changed'
  return before.outcome === 'allow' && told !== isTold(after) ? 'changed' : undefined
}

function isTold(verdict: Verdict): boolean {
  return verdict.outcome === 'allow' && verdict.decision.effect === 'allow' && verdict.decision.withIdentity
}

function nameOf(verdict: Verdict): string {
  return verdict.outcome === 'refused' || verdict.outcome === 'own'
    ? ''
    : (verdict.match?.route.pattern ?? '(no app)')
}

/** What becomes of one request for everybody. What is the same for all is judged once. */
function outcomesOf(
  policy: Policy,
  asked: AskedRequest,
  callers: readonly (Identity | undefined)[],
  now: number,
): readonly Verdict[] {
  const verdict = judge(policy, asked, undefined, now)
  if (verdict.outcome === 'refused' || verdict.outcome === 'own') return callers.map(() => verdict)
  const asNobody = judgeAsNobody(policy, verdict.request, asked, now)
  if (!asNobody.needsCaller) return callers.map(() => verdict)
  return callers.map(caller => {
    const judged = judgeAs(asNobody, caller, now)
    return { outcome: judged.decision.effect, ...judged }
  })
}

/** Judges everything in the small universe on both sides. */
function bruteForce([before, after]: readonly [ComparedConfig, ComparedConfig]): Map<
  Told,
  Map<string, AskedRequest>
> {
  const policies = [compilePolicy(before), compilePolicy(after)] as const
  const found = new Map<Told, Map<string, AskedRequest>>()
  for (const now of TIMES) {
    const callers = callersAt(now)
    for (const asked of REQUESTS) {
      const before = outcomesOf(policies[0], asked, callers, now)
      const after = outcomesOf(policies[1], asked, callers, now)
      before.forEach((one, index) => {
        const other = after[index]
        const direction = other === undefined ? undefined : directionOf(one, other)
        if (other === undefined || direction === undefined) return
        const outcomes = `${one.outcome} → ${other.outcome}`
        const what = `${direction}: ${nameOf(one)} → ${nameOf(other)}: ${outcomes}`
        const byMethod = found.get(what) ?? new Map<string, AskedRequest>()
        found.set(what, byMethod.set(asked.asksPreflight ? PREFLIGHT : asked.method, asked))
      })
    }
  }
  return found
}

function toldOf({ direction, before, after, changes }: Difference): Told[] {
  const name = ({ pattern }: DecidingRoute): string => pattern
  return changes.map(({ from, to }) => `${direction}: ${name(before)} → ${name(after)}: ${from} → ${to}`)
}

/** Whether a method is one of those that a difference tells. A preflight is an OPTIONS where no app lets it pass. */
function isAmong(method: string, told: string): boolean {
  if (method === PREFLIGHT) return told === PREFLIGHT || isAmong('OPTIONS', told)
  if (!told.startsWith('any method')) return told.split(', ').includes(method)
  return !told.slice('any method but '.length).split(', ').includes(method)
}

const PREFLIGHT = 'CORS preflights'

const RUNS = Number(process.env.GATEHOUSE_DIFF_RUNS ?? 200)

t.test('no difference of two policies is missed, and none is invented', { timeout: 3_600_000 }, t => {
  let differing = 0
  fc.assert(
    fc.property(pairs, pair => {
      const diff = diffPolicies(...pair, NOW)
      const policies = [compilePolicy(pair[0]), compilePolicy(pair[1])] as const
      const told = new Map<Told, Difference[]>()
      for (const difference of diff.differences)
        for (const what of toldOf(difference)) told.set(what, [...(told.get(what) ?? []), difference])
      const found = bruteForce(pair)
      if (found.size > 0) differing += 1
      for (const [what, byMethod] of found) {
        for (const [method, { target, address }] of byMethod) {
          if (told.get(what)?.some(({ methods }) => isAmong(method, methods)) !== true)
            throw new Error(
              `missed ${what} for ${method} ${target} ${address}; told ${[...told.keys()].join()}`,
            )
        }
      }
      for (const { direction, changes } of diff.differences) {
        for (const { witness } of changes) {
          const caller: Identity | undefined = witness.caller
          const one = judge(policies[0], witness.asked, caller, witness.at)
          const other = judge(policies[1], witness.asked, caller, witness.at)
          if (directionOf(one, other) !== direction || witness.at < NOW)
            throw new Error(`invented ${direction} ${one.outcome} → ${other.outcome} ${witness.asked.target}`)
        }
      }
      if (diff.doubts.length > 0) throw new Error(diff.doubts.join())
    }),
    { numRuns: RUNS },
  )
  t.ok(differing > RUNS / 4, `${differing} of ${RUNS} pairs differ within the small universe`)
  t.end()
})
