import { changeOfOpenness } from '../../access/openness.js'
import { judgeAs, judgeAsNobody, type AskedRequest, type Outcome, type Verdict } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import { accessNow } from '../../access/decide.js'
import { identityOf } from '../described-caller.js'
import { callerSpace, type CallerFamily } from './caller-space.js'
import type { Side } from './path-cells.js'

/** `changed`: as open as before, but not the same. */
export type Direction = 'opened' | 'closed' | 'changed'

/** Callers of one family who get one outcome before and one after. */
export interface CallerChange {
  readonly direction: Direction
  readonly from: Outcome
  readonly to: Outcome
  /** Set where both let the request through, and only one tells the app who asks. */
  readonly identity: 'gained' | 'lost' | undefined
  readonly family: CallerFamily
  readonly choices: (readonly number[])[]
}

/** What becomes of the requests of a cell for everybody. */
export interface CellComparison {
  readonly changes: readonly CallerChange[]
  /** Somebody whom both sides let through, as a choice; undefined: there is nobody. */
  readonly bothAllow: { readonly family: CallerFamily; readonly choice: readonly number[] } | undefined
}

/** A request, and what both sides make of it as nobody's. */
export interface ComparedRequest {
  readonly policies: Readonly<Record<Side, Policy>>
  readonly asked: AskedRequest
  readonly verdicts: Readonly<Record<Side, Verdict>>
  readonly now: number
  /** Whether browsers can be remembered. */
  readonly remembers: boolean
}

/**
 * A text that two requests share if, and only if, their route and app ask the same of everybody from now on.
 * @param now milliseconds since the epoch
 */
export function demandKey(verdict: Verdict, now: number): string {
  if (verdict.outcome === 'refused' || verdict.outcome === 'own') return verdict.outcome
  if (verdict.match === undefined) return 'not_found'
  const { app, route } = verdict.match
  const access = accessNow(route, now)
  const isPassed = app.preflight && verdict.request.preflight
  if (access === 'denied' || access === 'public' || isPassed) {
    const outcome = access === 'denied' ? 'denied' : access === 'public' ? 'public' : 'preflight'
    return `${outcome} ${app.hasUpstream}`
  }
  const { users, groups, stepUp, tokens } = route
  const sorted = (names: readonly string[] | undefined): readonly string[] | null =>
    names === undefined ? null : [...names].sort()
  return JSON.stringify([
    access,
    access === 'bypassed' ? route.until : null,
    app.hasUpstream,
    sorted(users),
    sorted(groups),
    stepUp === undefined ? null : [stepUp.maxAge ?? null, sorted(stepUp.methods)],
    tokens === undefined ? null : [app.name, sorted(tokens)],
  ])
}

/** Judges one request as everybody's, on both sides. */
export function compareCell({ policies, asked, verdicts, now, remembers }: ComparedRequest): CellComparison {
  const [before, after] = [matchOf(verdicts.before), matchOf(verdicts.after)]
  const appNames = [...new Set([before, after].flatMap(match => match?.app.name ?? []))]
  const families = callerSpace({ before: before?.route, after: after?.route, appNames, now, remembers })
  const sides = {
    before: judgeOf(policies.before, asked, verdicts.before),
    after: judgeOf(policies.after, asked, verdicts.after),
  }
  const changes = new Map<string, CallerChange>()
  let bothAllow: CellComparison['bothAllow']
  for (const family of families) {
    for (const choice of choicesOf(family)) {
      const { caller, at } = family.pick(choice)
      const identity = caller === undefined ? undefined : identityOf(caller, at)
      const from = sides.before(identity, at)
      const to = sides.after(identity, at)
      if (from.outcome === 'allow' && to.outcome === 'allow') bothAllow ??= { family, choice }
      const isTold = to.withIdentity ? 'gained' : 'lost'
      const told = from.withIdentity === to.withIdentity ? undefined : isTold
      const toldOf = from.outcome === 'allow' && to.outcome === 'allow' ? told : undefined
      if (from.outcome === to.outcome && toldOf === undefined) continue
      const openness = changeOfOpenness(from.outcome, to.outcome)
      const direction = openness === 'same' ? 'changed' : openness
      const key = [family.of, from.outcome, to.outcome, toldOf].join()
      const change = changes.get(key)
      if (change === undefined) {
        const { outcome } = to
        changes.set(key, {
          direction,
          from: from.outcome,
          to: outcome,
          identity: toldOf,
          family,
          choices: [choice],
        })
      } else change.choices.push(choice)
    }
  }
  return { changes: [...changes.values()], bothAllow }
}

/** How many callers a family has. */
export function sizeOf({ dimensions }: CallerFamily): number {
  return dimensions.reduce((product, { size }) => product * size, 1)
}

function matchOf(verdict: Verdict) {
  return verdict.outcome === 'refused' || verdict.outcome === 'own' ? undefined : verdict.match
}

interface Seen {
  readonly outcome: Outcome
  readonly withIdentity: boolean
}

/** Judges a request for many callers; what does not depend on them is judged once for each moment. */
function judgeOf(
  policy: Policy,
  asked: AskedRequest,
  verdict: Verdict,
): (caller: Parameters<typeof judgeAs>[1], at: number) => Seen {
  if (verdict.outcome === 'refused' || verdict.outcome === 'own') {
    const seen = { outcome: verdict.outcome, withIdentity: false }
    return () => seen
  }
  const moments = new Map<number, ReturnType<typeof judgeAsNobody>>()
  return (caller, at) => {
    const asNobody = moments.get(at) ?? judgeAsNobody(policy, verdict.request, asked, at)
    moments.set(at, asNobody)
    const { decision } =
      caller !== undefined && asNobody.needsCaller ? judgeAs(asNobody, caller, at) : asNobody
    return { outcome: decision.effect, withIdentity: decision.effect === 'allow' && decision.withIdentity }
  }
}

function* choicesOf({ dimensions }: CallerFamily): Generator<readonly number[]> {
  const total = dimensions.reduce((product, { size }) => product * size, 1)
  for (let number = 0; number < total; number++) {
    let rest = number
    yield dimensions.map(({ size }) => {
      const value = rest % size
      rest = Math.floor(rest / size)
      return value
    })
  }
}
