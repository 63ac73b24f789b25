import { describeRefusal } from '../../access/describe-decision.js'
import { explainJudged, type JudgementExplained } from '../../access/explain-judged.js'
import type { Refusal } from '../../access/canonicalise.js'
import type { Caller } from '../../access/identity.js'
import { type AskedRequest, judge, type Outcome, type Verdict } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import { readingRules } from '../../assembly/http-rules.js'
import { compilePolicy } from '../../config/compile-policy.js'
import type { AppConfig, GatewayConfig } from '../../config/gateway-config.js'
import { isOurCookie } from '../../credentials/session-cookie.js'
import { createGateAnswers } from '../../gate/answer.js'
import { fieldsOf } from '../../gate/identity-headers.js'
import { targetUpstream } from '../../gate/app-changes.js'
import { upstreamHeaders } from '../../gate/upstream-headers.js'
import { describeUpstream } from '../../gate/upstream.js'
import type { Answer } from '../../http/answer.js'
import { type Arrival, readArrival } from '../../http/arrival.js'
import { acceptedSpelling, type Spelling } from './accepted-spelling.js'

/** What becomes of a request, and why; made by the very functions that serve it. */
export interface Explanation extends JudgementExplained {
  /** The hash of the policy that was asked. */
  readonly policy: string
  /** The request in the one form in which it is judged and sent on; undefined when there is none. */
  readonly canonical: { readonly method: string; readonly host: string; readonly target: string } | undefined
  /** Why it has no such form, and how it could be written. Undefined when it has one. */
  readonly refusal: ExplainedRefusal | undefined
  readonly app: { readonly name: string; readonly upstream: string | undefined } | undefined
  readonly outcome: Outcome
  /** What the gateway answers itself. Undefined when it does not. */
  readonly answers: { readonly browser: Answer; readonly client: Answer } | undefined
  /** Path and query that the upstream is asked for; undefined: none, or nothing is there for this path. */
  readonly upstreamTarget: string | undefined
  /**
   * The header fields that the gateway sends upstream besides those of the client, or tells another proxy to send:
   * name, value, …
   */
  readonly upstreamFields: readonly string[] | undefined
}

/** Why a request cannot be read in one way. */
export interface ExplainedRefusal {
  readonly reason: Refusal
  readonly message: string
  readonly cure: string
  /** A spelling that is accepted; undefined where nothing plain comes near. */
  readonly accepted: Spelling | undefined
}

/**
 * Explains one request.
 * @param caller who asks; undefined is nobody
 * @param now milliseconds since the epoch
 */
export type Explain = (asked: AskedRequest, caller: Caller, now: number) => Explanation

/** Stands where the signature of each request would be. */
const ASSERTION = '(a JWT, signed when the request is sent)'
/** Stands where the id of each refused request would be. */
const REFERENCE = '(its id)'

const BROWSER = ['Accept', 'text/html', 'Sec-Fetch-Mode', 'navigate']
const CLIENT = ['Accept', 'application/json']

/**
 * Makes what explains requests under one configuration.
 * @param policy that of the configuration, when it is compiled already
 */
export function createExplain(config: GatewayConfig, policy: Policy = compilePolicy(config)): Explain {
  const { authPath, publicUrl } = config
  // The address that is asked about is the client's own, whichever proxies are trusted.
  const rules = { ...readingRules(config, policy), trustedProxies: undefined }
  const gate = createGateAnswers({ authPath, publicOrigin: publicUrl.origin, publicHost: publicUrl.host })

  return (asked, caller, now) => {
    const arrive = (fields: readonly string[]): Arrival =>
      readArrival(
        {
          method: asked.method,
          url: asked.target,
          rawHeaders: ['Host', asked.authority, ...fields],
          socket: { remoteAddress: asked.address, encrypted: asked.secure },
        },
        rules,
      )
    const arrival = arrive([])
    const { address } = arrival.client
    const both = (answer: (arrival: Arrival) => Answer): Explanation['answers'] => ({
      browser: answer(arrive(BROWSER)),
      client: answer(arrive(CLIENT)),
    })
    const verdict = judge(policy, { ...asked, address }, caller, now)
    const nothing = { ...NOTHING, policy: policy.hash, outcome: verdict.outcome }
    if (verdict.outcome === 'refused') {
      const refusal = explainRefusal(verdict.refusal, asked, policy)
      return {
        ...nothing,
        refusal,
        sentence: `Refused before any route is asked: ${lower(refusal.message)}`,
        answers: both(one => gate.unreadable(one, verdict.refusal, REFERENCE)),
      }
    }
    const canonical = canonicalOf(verdict)
    if (!('decision' in verdict)) {
      const sentence = 'For the gateway itself: no route decides about it, and no app sees it'
      return { ...nothing, canonical, sentence }
    }
    const app = config.apps.find(one => one.policy === verdict.match?.app)
    const explained = explainJudged(verdict, address, now)
    // What a browser never sends over plain http, the gateway does not look at there.
    const unseen = caller !== undefined && verdict.caller === undefined && verdict.outcome === 'login'
    const reach = {
      ...nothing,
      ...explained,
      sentence: unseen ? `${explained.sentence}; over plain http no login is looked at` : explained.sentence,
      canonical,
      app: app === undefined ? undefined : { name: app.policy.name, upstream: describeBehind(app) },
    }
    if (verdict.decision.effect !== 'allow') {
      const judgement = { ...verdict, invalidCredential: false, at: now }
      return { ...reach, answers: both(one => gate.refused(one, judgement, { reference: REFERENCE })) }
    }
    return {
      ...reach,
      upstreamTarget: app?.upstream
        ? targetUpstream(verdict.request, app.changes)
        : forwardsElsewhere(app)
          ? canonical?.target
          : undefined,
      upstreamFields: upstreamFieldsOf(config, app, arrival, verdict),
    }
  }
}

const NOTHING = {
  canonical: undefined,
  refusal: undefined,
  app: undefined,
  routes: [],
  demands: [],
  answers: undefined,
  upstreamTarget: undefined,
  upstreamFields: undefined,
} as const

function canonicalOf({ request }: Exclude<Verdict, { outcome: 'refused' }>): Explanation['canonical'] {
  return { method: request.method, host: request.host, target: request.encodedPath + request.query }
}

/** What is behind an app, in words; undefined: nothing. */
function describeBehind(app: AppConfig): string | undefined {
  if (app.upstream !== undefined) return describeUpstream(app.upstream)
  return forwardsElsewhere(app) ? 'another proxy forwards to it' : undefined
}

/** Whether another proxy forwards, and passes on what identity fields it is told. */
function forwardsElsewhere(app: AppConfig | undefined): boolean {
  return app?.policy.forwardAuth === true
}

function upstreamFieldsOf(
  config: GatewayConfig,
  app: AppConfig | undefined,
  arrival: Arrival,
  { decision, caller, request }: Extract<Verdict, { readonly decision: unknown }>,
): readonly string[] | undefined {
  if (app === undefined || (app.upstream === undefined && !forwardsElsewhere(app))) return undefined
  const identity =
    decision.effect === 'allow' && decision.withIdentity && caller !== undefined
      ? fieldsOf(config.identityHeaders, caller, ASSERTION)
      : []
  if (app.upstream === undefined) return identity
  const { passHost, origins } = app.upstream
  const fields = upstreamHeaders(arrival, request, app.upstream, {
    identity,
    isOurCookie,
    keepsAuthorization: true,
    rules: app.changes?.requestHeaders,
  })
  return passHost ? fields : ['Host', origins.map(origin => new URL(origin).host).join(' or '), ...fields]
}

function explainRefusal(reason: Refusal, asked: AskedRequest, policy: Policy): ExplainedRefusal {
  return { reason, ...describeRefusal(reason), accepted: acceptedSpelling(asked, policy) }
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
