import type { AccessRequest } from './access-request.js'
import { assuranceOf, isMultiFactor, provesPossession } from './assurance.js'
import type { Proof } from './assurance.js'
import type { Decision } from './decision.js'
import type { Caller, Identity } from './identity.js'
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
  const { app, route } = match
  if (route.access === 'denied') return { effect: 'deny', reason: 'denied' }
  if (route.access === 'public') return { effect: 'allow', reason: 'public', withIdentity: false }
  if (passesAsPreflight(app, request)) return { effect: 'allow', reason: 'preflight', withIdentity: false }
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
  const reason = access === 'bypassed' || access === 'enrolled' ? access : 'required'
  const withoutMfa = caller.person.mfa === 'disabled'
  const needsSecondFactor =
    reason === 'required' || (reason === 'enrolled' && caller.hasSecondFactor && !withoutMfa)
  if (needsSecondFactor && !isMultiFactor(assuranceOf(caller.proofs))) {
    return withoutMfa ? { effect: 'deny', reason: 'mfa_disabled' } : { effect: 'mfa' }
  }
  if (route.users !== undefined && !route.users.includes(caller.person.subject)) {
    return { effect: 'deny', reason: 'not_this_user' }
  }
  if (route.groups !== undefined && !route.groups.some(group => caller.person.groups.includes(group))) {
    return { effect: 'deny', reason: 'not_in_group' }
  }
  if (route.stepUp !== undefined && !hasProof(route.stepUp, caller.proofs, now)) {
    const outOfReach = withoutMfa && route.stepUp.methods?.includes('password') !== true
    return outOfReach
      ? { effect: 'deny', reason: 'mfa_disabled' }
      : { effect: 'step_up', stepUp: route.stepUp }
  }
  return { effect: 'allow', reason, withIdentity: true }
}

function passesAsPreflight(app: AppPolicy, request: AccessRequest): boolean {
  return app.preflight && request.preflight
}

function hasProof(stepUp: StepUp, proofs: readonly Proof[], now: number): boolean {
  const suits = (proof: Proof): boolean =>
    stepUp.methods === undefined ? provesPossession(proof.method) : stepUp.methods.includes(proof.method)
  // The absolute value: a proof from the future (a clock was set back) is not fresh for ever.
  return proofs.some(
    proof => suits(proof) && (stepUp.maxAge === undefined || Math.abs(now - proof.at) <= stepUp.maxAge),
  )
}
