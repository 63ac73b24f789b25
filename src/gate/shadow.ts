import type { AccessRequest } from '../access/access-request.js'
import { canonicalise } from '../access/canonicalise.js'
import type { Caller } from '../access/identity.js'
import { judgeAs, judgeAsNobody, type Judged, type JudgedAsNobody, type Outcome } from '../access/judge.js'
import type { Policy } from '../access/policy.js'
import type { AppPolicy } from '../access/route.js'
import type { Clock } from '../clock.js'
import { maskTokens } from '../documents/problem.js'
import type { Arrival } from '../http/arrival.js'
import type { Credential, ReadCredential } from '../http/credential.js'
import type { Judgement } from './guard.js'
import {
  createShadowTally,
  type DifferenceKind,
  type Example,
  type ShadowTally,
  type Side,
} from './shadow-tally.js'

/** A policy with where its apps are. */
export interface PolicyWithUpstreams {
  readonly policy: Policy
  /** The addresses of an app's upstream in one line; undefined: it has none. */
  readonly upstreamOf: (app: AppPolicy) => string | undefined
}

export interface ShadowOptions {
  /** The policy that decides at this moment. */
  readonly live: () => PolicyWithUpstreams
  readonly readCredential: ReadCredential
  /**
   * Who a credential belongs to, asked only where the live policy did not need to know. It must leave no trace: a
   * session does not live longer because a shadow looked at it. What it throws is nobody.
   */
  readonly findCaller: (credential: Credential, address: string) => Caller | Promise<Caller>
  readonly now: Clock
  /** Takes the first difference of each kind, and then at most one a minute. */
  readonly onDifference: (kind: DifferenceKind) => void
  /** Takes what was counted for two policies when one of them is replaced: nothing is added to it any more. */
  readonly onEnd: (tally: ShadowTally) => void
  /** Told of what is broken; the request goes its way all the same. */
  readonly onError: (error: unknown) => void
}

/** Takes what the gate decided. Neither throws, waits or changes anything about the request. */
export interface ShadowObserver {
  /** A request that was judged. */
  judged(arrival: Arrival, judgement: Judgement, credential: Credential): void
  /** A request that was refused before it was judged. */
  refused(arrival: Arrival): void
}

/** How often the two policies decided in one way and the other. */
export interface ShadowCount {
  readonly live: Outcome
  readonly shadow: Outcome
  readonly count: number
}

/** Decides live traffic with a second policy, enforces nothing, and counts where the two differ. */
export interface Shadow extends ShadowObserver {
  /** Lets another policy be the shadow, or none. Counting begins anew unless its text is the same. */
  replace(policy: PolicyWithUpstreams | undefined): void
  /** What was counted for the two policies of this moment; undefined without a shadow, and before the first request. */
  tally(): ShadowTally | undefined
  /** The differences since the start by both outcomes, whatever policies there were. */
  counts(): readonly ShadowCount[]
  /** Resolves when nothing waits for a look-up any more. */
  settled(): Promise<void>
}

/** Requests that wait for a look-up at one time; further ones are not compared. */
const MOST_WAITING = 1_000
/** In characters. */
const LONGEST_PATH = 500

/** The two policies of this moment. */
interface Pair {
  readonly live: PolicyWithUpstreams
  readonly shadow: PolicyWithUpstreams
  /** Whether both read every request alike: no app accepts more in its paths in one than in the other. */
  readonly readsAlike: boolean
  readonly tally: ShadowTally
}

/** What the shadow made of a request. */
type Seen =
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'own'; readonly request: AccessRequest }
  | Judged

/** Makes an observer that does nothing until it gets a policy. */
export function createShadow(options: ShadowOptions): Shadow {
  const { live, now, onError } = options
  let shadow: PolicyWithUpstreams | undefined
  let pair: Pair | undefined
  const totals = new Map<string, { live: Outcome; shadow: Outcome; count: number }>()
  const waiting = new Set<Promise<void>>()

  /** Undefined: the request was read by a policy that decides no more, or there is no shadow. */
  function pairFor(policy: Policy): Pair | undefined {
    if (shadow === undefined || pair?.live.policy === policy) return pair
    const current = live()
    if (current.policy !== policy) return undefined
    const hashes = { live: policy.hash, shadow: shadow.policy.hash }
    // A file that was read again with the same text goes on being counted; a shadow of another text has ended this.
    const goesOn = pair?.live.policy.hash === hashes.live
    if (pair !== undefined && !goesOn) options.onEnd(pair.tally)
    const tally = goesOn ? pair?.tally : undefined
    pair = {
      live: current,
      shadow,
      readsAlike: readAlike(current.policy, shadow.policy),
      tally: tally ?? createShadowTally(hashes, now),
    }
    return pair
  }

  function compare(on: Pair, { arrival, judgement }: Observed, seen: Seen): void {
    if (judgement === undefined ? isRefused(seen) : isAlike(on, judgement, seen)) {
      on.tally.alike()
      return
    }
    const { address } = arrival.client
    const sides = sidesOf(on, arrival, judgement, seen)
    const request = judgement?.request ?? ('request' in seen ? seen.request : undefined)
    const caller = judgement?.caller ?? ('caller' in seen ? seen.caller : undefined)
    countTotal(sides.live.outcome, sides.shadow.outcome)
    const told = on.tally.different(sides.live, sides.shadow, () =>
      exampleOf(request, caller, address, judgement?.at ?? now()),
    )
    if (told !== undefined) options.onDifference(told)
  }

  function countTotal(liveOutcome: Outcome, shadowOutcome: Outcome): void {
    const key = `${liveOutcome} ${shadowOutcome}`
    const known = totals.get(key)
    if (known === undefined) totals.set(key, { live: liveOutcome, shadow: shadowOutcome, count: 1 })
    else known.count += 1
  }

  /** Finds out who asks, after the request went its way. */
  function compareLater(
    on: Pair,
    observed: Observed,
    asNobody: JudgedAsNobody,
    credential: Credential,
  ): void {
    if (waiting.size >= MOST_WAITING) {
      on.tally.skipped()
      return
    }
    const at = observed.judgement?.at ?? now()
    const work = new Promise<void>(resolve => setImmediate(resolve))
      .then(() => options.findCaller(credential, observed.arrival.client.address))
      .catch((error: unknown) => {
        on.tally.unknown()
        onError(error)
        return undefined
      })
      .then(caller => {
        compare(on, observed, caller === undefined ? asNobody : judgeAs(asNobody, caller, at))
      })
      .catch(onError)
      .finally(() => waiting.delete(work))
    waiting.add(work)
  }

  /** @param credential undefined where the live policy did not come so far as to read it */
  function look(on: Pair, observed: Observed, request: AccessRequest, read: Credential | undefined): void {
    const { arrival, judgement } = observed
    const { policy } = on.shadow
    if (policy.isOwn(request)) {
      compare(on, observed, { outcome: 'own', request })
      return
    }
    const credential = read ?? options.readCredential(arrival.headers.fields)
    if (credential.kind === 'ambiguous') {
      compare(on, observed, { outcome: 'refused', reason: 'ambiguous_credential' })
      return
    }
    const asNobody = judgeAsNobody(policy, request, arrival.client, judgement?.at ?? now())
    const isSettled = !asNobody.needsCaller || credential.kind === 'none'
    if (isSettled || judgement?.invalidCredential === true) compare(on, observed, asNobody)
    else if (judgement?.caller === undefined) compareLater(on, observed, asNobody, credential)
    else compare(on, observed, judgeAs(asNobody, judgement.caller, judgement.at))
  }

  return {
    judged: (arrival, judgement, credential) => {
      if (shadow === undefined) return
      try {
        const on = pairFor(arrival.policy)
        if (on === undefined) return
        const observed = { arrival, judgement }
        if (on.readsAlike || arrival.sent === undefined) {
          look(on, observed, judgement.request, credential)
          return
        }
        const reading = canonicalise(arrival.sent, on.shadow.policy.leniencies)
        if (reading.ok) look(on, observed, reading.request, credential)
        else compare(on, observed, { outcome: 'refused', reason: reading.refusal })
      } catch (error) {
        onError(error)
      }
    },
    refused: arrival => {
      if (shadow === undefined) return
      try {
        const on = pairFor(arrival.policy)
        if (on === undefined) return
        // What is wrong with the message itself, or with its credentials, is no policy's business.
        const { reading: liveReading, sent } = arrival
        const reading =
          liveReading.ok || sent === undefined || on.readsAlike
            ? undefined
            : canonicalise(sent, on.shadow.policy.leniencies)
        if (reading?.ok === true) look(on, { arrival, judgement: undefined }, reading.request, undefined)
        else on.tally.alike()
      } catch (error) {
        onError(error)
      }
    },
    replace: policy => {
      shadow = policy
      if (pair === undefined) return
      if (policy?.policy.hash === pair.shadow.policy.hash) pair = { ...pair, shadow: policy }
      else {
        options.onEnd(pair.tally)
        pair = undefined
      }
    },
    tally: () => pair?.tally,
    counts: () => [...totals.values()].map(total => ({ ...total })),
    settled: async () => {
      await Promise.all(waiting)
    },
  }
}

/** A request, and what the live policy made of it; undefined: it was refused. */
interface Observed {
  readonly arrival: Arrival
  readonly judgement: Judgement | undefined
}

function readAlike(one: Policy, other: Policy): boolean {
  return [...one.routes.apps, ...other.routes.apps].every(({ host }) => {
    const [some, others] = [one.leniencies(host), other.leniencies(host)]
    return some.length === others.length && some.every(leniency => others.includes(leniency))
  })
}

function isRefused(seen: Seen): boolean {
  return 'outcome' in seen && seen.outcome === 'refused'
}

/** Two challenges or denials of one kind are alike; two allowances only when they mean the same to the app. */
function isAlike({ live, shadow }: Pair, judgement: Judgement, seen: Seen): boolean {
  if ('outcome' in seen) return false
  const [one, other] = [judgement.decision, seen.decision]
  if (one.effect !== 'allow' || other.effect !== 'allow') return one.effect === other.effect
  return (
    one.reason === other.reason &&
    one.withIdentity === other.withIdentity &&
    upstreamIn(live, judgement) === upstreamIn(shadow, seen)
  )
}

function upstreamIn({ upstreamOf }: PolicyWithUpstreams, { match }: Judged): string | undefined {
  return match && upstreamOf(match.app)
}

function sidesOf(
  { live, shadow }: Pair,
  { reading }: Arrival,
  judgement: Judgement | undefined,
  seen: Seen,
): { readonly live: Side; readonly shadow: Side } {
  const passesBoth =
    judgement?.decision.effect === 'allow' && !('outcome' in seen) && seen.decision.effect === 'allow'
  const [from, to] = passesBoth ? [upstreamIn(live, judgement), upstreamIn(shadow, seen)] : []
  const refusal = reading.ok ? undefined : reading.refusal
  return {
    live:
      judgement === undefined
        ? { outcome: 'refused', reason: refusal }
        : sideOf(judgement, from === to ? undefined : from),
    shadow:
      'outcome' in seen
        ? { outcome: seen.outcome, reason: 'reason' in seen ? seen.reason : undefined }
        : sideOf(seen, from === to ? undefined : to),
  }
}

function sideOf({ decision, match }: Judged, upstream: string | undefined): Side {
  return {
    outcome: decision.effect,
    reason: 'reason' in decision ? decision.reason : undefined,
    route: match?.route.name,
    place: match?.route.place,
    upstream,
  }
}

function exampleOf(request: AccessRequest | undefined, caller: Caller, address: string, at: number): Example {
  const path = maskTokens(request?.encodedPath ?? '')
  const shown = (caller?.proofs ?? []).filter(({ method }) => method !== 'password')
  const token = caller?.apiToken
  return {
    method: request?.method ?? '',
    host: request?.host ?? '',
    path: path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path,
    subject: caller?.person.subject,
    token: token && { scopes: token.scopes, owner: token.owner },
    factors: shown.length === 0 ? undefined : [...new Set(shown.map(proof => proof.method))],
    factorAge: shown.length === 0 ? undefined : Math.max(0, at - Math.max(...shown.map(proof => proof.at))),
    remembered: caller?.rememberedDevice,
    address,
  }
}
