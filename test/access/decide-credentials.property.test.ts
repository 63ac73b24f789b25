import fc from 'fast-check'
import t from 'tap'
import type { AccessRequest } from '../../src/access/access-request.js'
import { assuranceOf, isMultiFactor } from '../../src/access/assurance.js'
import { accessNow, decide } from '../../src/access/decide.js'
import type { Decision } from '../../src/access/decision.js'
import type { ApiTokenGrant, Identity } from '../../src/access/identity.js'
import { parsePathPattern } from '../../src/access/path-pattern.js'
import type { Route } from '../../src/access/route.js'
import { callers, requests, routes } from './raw-policies.js'
import { alice, appWith, NOW } from './sample-policy.js'

const RUNS = { numRuns: 5_000 }
const SCOPES = ['read', 'write', 'feed:read']
const lists = fc.option(fc.subarray(SCOPES, { minLength: 1 }), { nil: undefined })
const patterns = ['/**', '/a/**', '/b'].map(text => {
  const parsed = parsePathPattern(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.pattern
})

const routesWithTokens: fc.Arbitrary<Route> = fc
  .tuple(routes, lists)
  .map(([route, tokens]) => ({ ...route, tokens }))
const grants: fc.Arbitrary<ApiTokenGrant> = fc.record({
  scopes: fc.subarray(SCOPES, { minLength: 1 }),
  apps: fc.option(fc.subarray(['wiki', 'other'], { minLength: 1 }), { nil: undefined }),
  paths: fc.option(fc.subarray(patterns, { minLength: 1 }), { nil: undefined }),
  owner: fc.constantFrom('machine' as const, 'user' as const),
})
const people: fc.Arbitrary<Identity> = callers.map(caller => caller ?? alice([]))

function ask(route: Route, request: AccessRequest, caller: Identity): Decision {
  return decide(request, { app: appWith([route]), route }, caller, NOW)
}

t.test('j12: an API token opens only what the route and the token both name', async () => {
  fc.assert(
    fc.property(routesWithTokens, requests, people, grants, (route, request, person, apiToken) => {
      const decision = ask(route, request, { ...person, apiToken })
      if (decision.effect !== 'allow' || decision.reason === 'public') return true
      if (decision.reason !== 'api_token' || route.access === 'denied') return false
      if (route.tokens?.some(scope => apiToken.scopes.includes(scope)) !== true) return false
      if (apiToken.apps?.includes('wiki') === false) return false
      if (apiToken.owner === 'machine') return true
      if (route.users !== undefined && !route.users.includes(person.person.subject)) return false
      return route.groups === undefined || person.person.groups.some(group => route.groups?.includes(group))
    }),
    RUNS,
  )
})

t.test('whatever else is true of whoever sends an API token makes no difference', async () => {
  fc.assert(
    fc.property(
      routesWithTokens,
      requests,
      people,
      grants,
      fc.boolean(),
      (route, request, person, apiToken, flag) => {
        const plain: Identity = { ...person, proofs: [], hasSecondFactor: false, apiToken }
        const adorned: Identity = { ...person, hasSecondFactor: flag, rememberedDevice: true, apiToken }
        return JSON.stringify(ask(route, request, plain)) === JSON.stringify(ask(route, request, adorned))
      },
    ),
    RUNS,
  )
})

t.test('`tokens` on a route changes nothing for anybody who comes without one', async () => {
  fc.assert(
    fc.property(routes, lists, requests, people, (route, tokens, request, person) => {
      const named = ask({ ...route, tokens }, request, person)
      return JSON.stringify(named) === JSON.stringify(ask({ ...route, tokens: undefined }, request, person))
    }),
    RUNS,
  )
})

t.test(
  'f20: a remembered browser opens no route with step_up, and nothing else than the second factor',
  async () => {
    fc.assert(
      fc.property(routesWithTokens, requests, people, (route, request, person) => {
        const before = ask(route, request, person)
        const after = ask(route, request, { ...person, rememberedDevice: true })
        if (JSON.stringify(before) === JSON.stringify(after)) return true
        // The only change is that the second factor is not asked for.
        if (before.effect !== 'mfa' || route.stepUp !== undefined) return false
        if (person.proofs.length === 0 || person.person.mfa === 'disabled') return false
        if (!['required', 'enrolled'].includes(accessNow(route, NOW))) return false
        return after.effect === 'deny' || (after.effect === 'allow' && after.reason === 'remembered_device')
      }),
      RUNS,
    )
  },
)

t.test('f20: with step_up the proofs alone decide, remembered or not', async () => {
  fc.assert(
    fc.property(routesWithTokens, requests, people, (route, request, person) => {
      const decision = ask(route, request, { ...person, rememberedDevice: true })
      if (decision.effect !== 'allow' || route.stepUp === undefined) return true
      if (decision.reason === 'public') return true
      const access = accessNow(route, NOW)
      return access !== 'required' || isMultiFactor(assuranceOf(person.proofs))
    }),
    RUNS,
  )
})
