import { assuranceOf, isMultiFactor } from './assurance.js'
import type { Method, Proof } from './assurance.js'
import { accessNow, hasProof } from './decide.js'
import { describeAge, describeDuration } from './describe-duration.js'
import type { ApiTokenGrant, Identity } from './identity.js'
import type { Judged } from './judge.js'
import { matchesPattern, splitPath } from './path-pattern.js'
import type { Route, StepUp } from './route.js'

/** One thing that must hold before a request may pass, and whether it does. Its texts have no line breaks. */
export interface Demand {
  readonly kind:
    | 'app'
    | 'access'
    | 'login'
    | 'second_factor'
    | 'users'
    | 'groups'
    | 'step_up'
    | 'tokens'
    | 'token_reach'
    | 'upstream'
  /** `open`: it cannot be said while nobody is known. */
  readonly verdict: 'holds' | 'fails' | 'open'
  /** What is asked, as the file says it: `groups ops`. */
  readonly asks: string
  /** What there is: `alice has staff`. */
  readonly has: string
}

/**
 * Everything that the deciding route asks of whoever sent a request, in the order in which `decide()` asks it. All of
 * it holds exactly when `decide()` allows, and otherwise the first that does not hold is what it answers.
 * @param now milliseconds since the epoch
 */
export function demandsOf(
  { request, match, caller }: Omit<Judged, 'decision'>,
  now: number,
): readonly Demand[] {
  if (match === undefined)
    return [{ kind: 'app', verdict: 'fails', asks: 'an app', has: `no app has the host ${request.host}` }]
  const { app, route } = match
  const upstream: readonly Demand[] = app.hasUpstream
    ? []
    : [{ kind: 'upstream', verdict: 'fails', asks: 'an upstream', has: `the app ${app.name} has none` }]
  if (route.access === 'denied')
    return [{ kind: 'access', verdict: 'fails', asks: 'access denied', has: 'nobody may pass' }]
  if (route.access === 'public')
    return [
      { kind: 'access', verdict: 'holds', asks: 'access public', has: 'no login is asked' },
      ...upstream,
    ]
  if (app.preflight && request.preflight)
    return [
      { kind: 'access', verdict: 'holds', asks: 'preflight pass', has: 'a CORS preflight' },
      ...upstream,
    ]
  if (caller?.apiToken !== undefined) {
    const token = demandsOfToken({ app: app.name, route, path: request.path }, caller, caller.apiToken)
    return [...token, ...upstream]
  }
  const known = caller === undefined || caller.proofs.length === 0 ? undefined : caller
  return [
    loginDemand(route, known),
    ...secondFactorDemand(route, known, now),
    ...personDemands(route, known),
    ...stepUpDemand(route, known, now),
    ...upstream,
  ]
}

/** A demand in one line: `groups ops: alice has staff`. */
export function describeDemand({ asks, has }: Demand): string {
  return has === '' ? asks : `${asks}: ${has}`
}

function loginDemand({ tokens }: Route, caller: Identity | undefined): Demand {
  const asks = tokens === undefined ? 'login' : `login, or an API token for ${either(tokens)}`
  if (caller === undefined) return { kind: 'login', verdict: 'fails', asks, has: 'nobody is logged in' }
  const first = caller.proofs[0]?.method ?? 'password'
  return { kind: 'login', verdict: 'holds', asks, has: `${caller.person.subject}, by ${word(first)}` }
}

function secondFactorDemand(route: Route, caller: Identity | undefined, now: number): readonly Demand[] {
  const access = accessNow(route, now)
  if (access === 'bypassed') return []
  const isOver = route.access === 'bypassed' ? ', because the time of bypassed is over' : ''
  const asks = access === 'enrolled' ? 'second factor, for who has one' : `second factor${isOver}`
  const said = (verdict: Demand['verdict'], has: string): readonly Demand[] => [
    { kind: 'second_factor', verdict, asks, has },
  ]
  if (caller === undefined) return said('open', '')
  const { person, proofs, hasSecondFactor, rememberedDevice } = caller
  const shown = proofs.slice(1).map(proof => aged(proof, now))
  if (isMultiFactor(assuranceOf(proofs)))
    return said('holds', shown.length === 0 ? aged(proofs[0], now) : shown.join(', '))
  if (access === 'enrolled' && (!hasSecondFactor || person.mfa === 'disabled'))
    return said('holds', `${person.subject} has none`)
  if (person.mfa === 'disabled') return said('fails', `it is disabled for ${person.subject}`)
  if (rememberedDevice === true && route.stepUp === undefined)
    return said('holds', 'a remembered browser spares it')
  const instead = rememberedDevice === true ? '; no remembered browser spares it where step_up is asked' : ''
  return said('fails', `${person.subject} has shown none${instead}`)
}

function personDemands({ users, groups }: Route, caller: Identity | undefined): readonly Demand[] {
  const demand = (
    kind: 'users' | 'groups',
    wanted: readonly string[] | undefined,
    has: readonly string[],
    says: string,
  ): readonly Demand[] => {
    if (wanted === undefined) return []
    const asks = `${kind} ${wanted.join(', ')}`
    if (caller === undefined) return [{ kind, verdict: 'open', asks, has: '' }]
    const verdict = wanted.some(name => has.includes(name)) ? 'holds' : 'fails'
    return [{ kind, verdict, asks, has: says }]
  }
  const { subject = '', groups: memberOf = [] } = caller?.person ?? {}
  const says = `${subject} has ${memberOf.length === 0 ? 'none' : memberOf.join(', ')}`
  return [
    ...demand('users', users, [subject], `this is ${subject}`),
    ...demand('groups', groups, memberOf, says),
  ]
}

function stepUpDemand({ stepUp }: Route, caller: Identity | undefined, now: number): readonly Demand[] {
  if (stepUp === undefined) return []
  const asks = describeStepUpDemand(stepUp)
  if (caller === undefined) return [{ kind: 'step_up', verdict: 'open', asks, has: '' }]
  const verdict = hasProof(stepUp, caller.proofs, now) ? 'holds' : 'fails'
  const suitable = caller.proofs.filter(one => hasProof({ ...stepUp, maxAge: undefined }, [one], now))
  if (suitable.length > 0)
    return [{ kind: 'step_up', verdict, asks, has: suitable.map(one => aged(one, now)).join(', ') }]
  const { subject, mfa } = caller.person
  const has = mfa === 'disabled' ? `second factors are disabled for ${subject}` : 'none was shown'
  return [{ kind: 'step_up', verdict, asks, has }]
}

function describeStepUpDemand({ maxAge, methods }: StepUp): string {
  const what = methods === undefined ? 'second factor' : either(methods.map(word))
  return `step_up, ${what}${maxAge === undefined ? '' : ` within ${describeDuration(maxAge)}`}`
}

function demandsOfToken(
  { app, route, path }: { readonly app: string; readonly route: Route; readonly path: string },
  caller: Identity,
  { scopes, apps, paths, owner }: ApiTokenGrant,
): readonly Demand[] {
  const { tokens } = route
  const isNamed = tokens?.some(scope => scopes.includes(scope)) === true
  const hasApp = apps === undefined || apps.includes(app)
  const hasPath = paths === undefined || paths.some(pattern => matchesPattern(pattern, splitPath(path)))
  const named: Demand = {
    kind: 'tokens',
    verdict: isNamed ? 'holds' : 'fails',
    asks: tokens === undefined ? 'no API token opens this route' : `tokens ${tokens.join(', ')}`,
    has: `the token of ${caller.person.subject} has ${scopes.length === 0 ? 'none' : scopes.join(', ')}`,
  }
  const reach: readonly Demand[] =
    apps === undefined && paths === undefined
      ? []
      : [
          {
            kind: 'token_reach',
            verdict: hasApp && hasPath ? 'holds' : 'fails',
            asks: `a token for ${app} and this path`,
            has: hasApp ? (hasPath ? 'it is' : 'it is for other paths') : `it is for ${either(apps)}`,
          },
        ]
  return [named, ...reach, ...(owner === 'user' ? personDemands(route, caller) : [])]
}

function aged(proof: Proof | undefined, now: number): string {
  return proof === undefined ? 'nothing' : `${word(proof.method)} ${describeAge(now - proof.at)}`
}

function word(method: Method): string {
  return method.replaceAll('_', ' ')
}

function either(names: readonly string[]): string {
  return names.join(' or ')
}
