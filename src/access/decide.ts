import type { AccessRequest } from './access-request.js'
import { assuranceOf, isMultiFactor, provesPossession } from './assurance.js'
import type { Proof } from './assurance.js'
import type { Decision } from './decision.js'
import type { ApiTokenGrant, Caller, Identity, Person } from './identity.js'
import { matchesPattern, splitPath } from './path-pattern.js'
import type { AppPolicy, Route, StepUp } from './route.js'
import type { Match } from './route-table.js'

/**
 * May this request pass? The one place that says yes: proxy, WebSocket, forward-auth and every command ask it.
 * Pure: the same arguments give the same decision.
 * @param match the app and route of the request; undefined when no app has its host
 * @param caller who is asking; undefined is nobody
 * @param now milliseconds since the epoch
 */
export function decide(
  request: AccessRequest,
  match: Match | undefined,
  caller: Caller,
  now: number,
): Decision {
  if (match === undefined) return { effect: 'not_found' }
  const decision = decideOnRoute(request, match, caller, now)
  return decision.effect === 'allow' && !match.app.hasUpstream ? { effect: 'not_found' } : decision
}

function decideOnRoute(request: AccessRequest, match: Match, caller: Caller, now: number): Decision {
  const { app, route } = match
  if (route.access === 'denied') return { effect: 'deny', reason: 'denied' }
  if (route.access === 'public') return { effect: 'allow', reason: 'public', withIdentity: false }
  if (passesAsPreflight(app, request)) return { effect: 'allow', reason: 'preflight', withIdentity: false }
  if (caller?.apiToken !== undefined) return decideForApiToken(match, request, caller, caller.apiToken)
  if (caller === undefined || caller.proofs.length === 0) return { effect: 'login' }
  return decideForSomebody(route, caller, now)
}

/** The access that a route asks for now: a `bypassed` route is `required` from its `until` on. */
export function accessNow(route: Route, now: number): Route['access'] {
  return route.access === 'bypassed' && route.until !== undefined && now >= route.until
    ? 'required'
    : route.access
}

function decideForSomebody(route: Route, caller: Identity, now: number): Decision {
  const access = accessNow(route, now)
  if (access === 'denied') return { effect: 'deny', reason: 'denied' }
  const wanted = access === 'bypassed' || access === 'enrolled' ? access : 'required'
  const withoutMfa = caller.person.mfa === 'disabled'
  const needsSecondFactor =
    wanted === 'required' || (wanted === 'enrolled' && caller.hasSecondFactor && !withoutMfa)
  const lacksSecondFactor = needsSecondFactor && !isMultiFactor(assuranceOf(caller.proofs))
  const isSpared = caller.rememberedDevice === true && route.stepUp === undefined && !withoutMfa
  if (lacksSecondFactor && !isSpared) {
    return withoutMfa ? { effect: 'deny', reason: 'mfa_disabled' } : { effect: 'mfa' }
  }
  const unwelcome = denialOf(route, caller.person)
  if (unwelcome !== undefined) return unwelcome
  if (route.stepUp !== undefined && !hasProof(route.stepUp, caller.proofs, now)) {
    const outOfReach = withoutMfa && route.stepUp.methods?.includes('password') !== true
    return outOfReach
      ? { effect: 'deny', reason: 'mfa_disabled' }
      : { effect: 'step_up', stepUp: route.stepUp }
  }
  return { effect: 'allow', reason: lacksSecondFactor ? 'remembered_device' : wanted, withIdentity: true }
}

/** A token opens what the route and the token both name. No token has shown a factor, so nothing else is asked. */
function decideForApiToken(
  { app, route }: Match,
  { path }: AccessRequest,
  { person }: Identity,
  { scopes, apps, paths, owner }: ApiTokenGrant,
): Decision {
  const isNamed = route.tokens?.some(scope => scopes.includes(scope)) === true
  const reaches =
    (apps === undefined || apps.includes(app.name)) &&
    (paths === undefined || paths.some(pattern => matchesPattern(pattern, splitPath(path))))
  if (!isNamed || !reaches) return { effect: 'deny', reason: 'token_scope' }
  const unwelcome = owner === 'user' ? denialOf(route, person) : undefined
  return unwelcome ?? { effect: 'allow', reason: 'api_token', withIdentity: true }
}

/** Whether the route is kept for others. */
function denialOf({ users, groups }: Route, { subject, groups: memberOf }: Person): Decision | undefined {
  if (users !== undefined && !users.includes(subject)) return { effect: 'deny', reason: 'not_this_user' }
  if (groups !== undefined && !groups.some(group => memberOf.includes(group)))
    return { effect: 'deny', reason: 'not_in_group' }
  return undefined
}

function passesAsPreflight(app: AppPolicy, request: AccessRequest): boolean {
  return app.preflight && request.preflight
}

/** Whether one of the proofs is what a step-up asks for. */
export function hasProof(stepUp: StepUp, proofs: readonly Proof[], now: number): boolean {
  const suits = (proof: Proof): boolean =>
    stepUp.methods === undefined ? provesPossession(proof.method) : stepUp.methods.includes(proof.method)
  // The absolute value: a proof from the future (a clock was set back) is not fresh for ever.
  return proofs.some(
    proof => suits(proof) && (stepUp.maxAge === undefined || Math.abs(now - proof.at) <= stepUp.maxAge),
  )
}
