import { accessNow } from '../../access/decide.js'
import type { Decision } from '../../access/decision.js'
import { describeDecision, describeRefusal } from '../../access/describe-decision.js'
import type { Identity } from '../../access/identity.js'
import { compileRouteTable, type Mismatch, mismatchOf } from '../../access/route-table.js'
import type { Place, Route } from '../../access/route.js'
import type { AppConfig, GatewayConfig } from '../../config/gateway-config.js'
import { isOurCookie } from '../../credentials/session-cookie.js'
import { createGateAnswers, type GateAnswers } from '../../gate/answer.js'
import { createGuard, type Judgement } from '../../gate/guard.js'
import { fieldsOf } from '../../gate/identity-headers.js'
import { upstreamHeaders } from '../../gate/upstream-headers.js'
import { readingRules } from '../../gateway.js'
import type { Answer } from '../../http/answer.js'
import { type Arrival, readArrival } from '../../http/arrival.js'
import { createOwnPaths } from '../../http/own-paths.js'
import type { AskedRequest } from './asked-request.js'

/** What becomes of a request, and why; made by the very functions that serve it. */
export interface Explanation {
  /** The request in the one form in which it is judged and sent on; undefined when there is none. */
  readonly canonical: { readonly method: string; readonly host: string; readonly target: string } | undefined
  readonly app: { readonly name: string; readonly upstream: string | undefined } | undefined
  /** Every route of the app, in the order of the file; the default route last, where it decides. */
  readonly routes: readonly ExplainedRoute[]
  readonly outcome: Outcome
  /** What becomes of it in one sentence. */
  readonly sentence: string
  /** What the gateway answers itself. Undefined when it does not. */
  readonly answers: { readonly browser: Answer; readonly client: Answer } | undefined
  /** The header fields that the gateway sends upstream besides those of the client: name, value, … */
  readonly upstreamFields: readonly string[] | undefined
}

/** `refused`: it cannot be read in one way. `own`: it is for the gateway itself. */
export type Outcome = Decision['effect'] | 'refused' | 'own'

/** One route and whether the request is for it. */
export interface ExplainedRoute {
  readonly pattern: string
  readonly access: Route['access']
  readonly place: Place | undefined
  /** `decides`: the first that fits. `not_reached`: it fits too, but stands below that one. */
  readonly verdict: Mismatch | 'decides' | 'not_reached'
}

/** Stands where the signature of each request would be. */
const ASSERTION = '(a JWT, signed when the request is sent)'

const BROWSER = ['Accept', 'text/html', 'Sec-Fetch-Mode', 'navigate']
const CLIENT = ['Accept', 'application/json']

/**
 * Explains a request.
 * @param caller who asks; undefined is nobody
 */
export function explain(
  config: GatewayConfig,
  asked: AskedRequest,
  caller: Identity | undefined,
  now: number,
): Explanation {
  const arrive = (fields: readonly string[]): Arrival =>
    readArrival(
      {
        method: asked.method,
        url: asked.target,
        rawHeaders: ['Host', asked.authority, ...fields],
        socket: { remoteAddress: asked.address, encrypted: asked.secure },
      },
      readingRules(config),
    )
  const arrival = arrive([])
  const { authPath, publicUrl } = config
  const gate = createGateAnswers({ authPath, publicOrigin: publicUrl.origin, publicHost: publicUrl.host })
  const both = (answer: (arrival: Arrival) => Answer): Explanation['answers'] => ({
    browser: answer(arrive(BROWSER)),
    client: answer(arrive(CLIENT)),
  })
  if (!arrival.reading.ok) return refused(arrival.reading.refusal, gate, both)

  const { request } = arrival.reading
  const canonical = {
    method: request.method,
    host: request.host,
    target: request.encodedPath + request.query,
  }
  const table = compileRouteTable(config.apps.map(app => app.policy))
  if (createOwnPaths(publicUrl.host, authPath)(request)) {
    const sentence = 'For the gateway itself: no route decides about it, and no app sees it'
    return { ...NOTHING, canonical, outcome: 'own', sentence }
  }
  const guard = createGuard({
    routes: () => table,
    authenticate: () => caller,
    authenticateAgain: () => Promise.resolve(caller),
    secure: publicUrl.secure,
    now: () => now,
  })
  const judgement = guard.judge(request, arrival.client, undefined)
  if (judgement instanceof Promise) throw new Error('the caller was known, and yet was waited for')
  const { match, decision } = judgement
  const app = config.apps.find(({ policy }) => policy === match?.app)
  const reach = {
    canonical,
    app: app === undefined ? undefined : { name: app.policy.name, upstream: app.upstream?.origin },
    routes: explainRoutes(app, judgement, arrival.client.address, now),
  }
  if (decision.effect !== 'allow') {
    const told = describeDecision(decision, match, caller?.person.subject)
    // What a browser never sends over plain http, the gateway does not look at there.
    const unseen = caller !== undefined && judgement.caller === undefined && decision.effect === 'login'
    const sentence = unseen ? `${told}; over plain http no login is looked at` : told
    return {
      ...NOTHING,
      ...reach,
      outcome: decision.effect,
      sentence,
      answers: both(a => gate.refused(a, judgement)),
    }
  }
  if (app?.upstream === undefined) {
    const instead: Judgement = { ...judgement, decision: { effect: 'not_found' } }
    const sentence = `Not found: the app ${app?.policy.name ?? ''} has no upstream`
    return {
      ...NOTHING,
      ...reach,
      outcome: 'not_found',
      sentence,
      answers: both(a => gate.refused(a, instead)),
    }
  }
  const identity =
    decision.withIdentity && judgement.caller !== undefined
      ? fieldsOf(config.identityHeaders, judgement.caller, ASSERTION)
      : []
  const upstream = { options: app.upstream, url: new URL(app.upstream.origin) }
  return {
    ...NOTHING,
    ...reach,
    outcome: 'allow',
    sentence: describeDecision(decision, match, caller?.person.subject),
    upstreamFields: upstreamHeaders(arrival, request, upstream, identity, isOurCookie),
  }
}

const NOTHING = {
  canonical: undefined,
  app: undefined,
  routes: [],
  answers: undefined,
  upstreamFields: undefined,
} as const

function refused(
  refusal: Exclude<Arrival['reading'], { ok: true }>['refusal'],
  gate: GateAnswers,
  both: (answer: (arrival: Arrival) => Answer) => Explanation['answers'],
): Explanation {
  // Only what concerns the header fields is described elsewhere, and those that are sent here are sound.
  const { message, cure } = describeRefusal(refusal as Parameters<typeof describeRefusal>[0])
  const sentence = `Refused before any route is asked: ${lower(message)}. ${cure}`
  return { ...NOTHING, outcome: 'refused', sentence, answers: both(a => gate.unreadable(a, refusal)) }
}

function explainRoutes(
  app: AppConfig | undefined,
  { request, match }: Judgement,
  address: string,
  now: number,
): readonly ExplainedRoute[] {
  if (app === undefined || match === undefined) return []
  const verdictOf = (route: Route): ExplainedRoute['verdict'] =>
    route === match.route ? 'decides' : (mismatchOf(route, request, address) ?? 'not_reached')
  const { routes } = app.policy
  const all = routes.includes(match.route) ? routes : [...routes, match.route]
  return all.map(route => ({
    pattern: route.pattern,
    access: accessNow(route, now),
    place: route.place,
    verdict: verdictOf(route),
  }))
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
