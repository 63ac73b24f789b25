import fc from 'fast-check'
import t from 'tap'
import { decide } from '../../src/access/decide.js'
import type { Decision } from '../../src/access/decision.js'
import { type Demand, demandsOf, describeDemand } from '../../src/access/demands.js'
import type { Caller } from '../../src/access/identity.js'
import { parsePathPattern } from '../../src/access/path-pattern.js'
import { callers, requests, routes } from './raw-policies.js'
import { alice, appWith, NOW } from './sample-policy.js'

const SCOPES = ['export:read', 'feed', 'other']
const paths = ['/a/**', '/b'].flatMap(text => {
  const parsed = parsePathPattern(text)
  return parsed.ok ? [parsed.pattern] : []
})

const holders: fc.Arbitrary<Caller> = fc
  .record({
    subject: fc.constantFrom('alice', 'bob'),
    groups: fc.subarray(['staff', 'ops']),
    scopes: fc.subarray(SCOPES),
    apps: fc.option(fc.subarray(['wiki', 'board']), { nil: undefined }),
    paths: fc.option(fc.subarray(paths), { nil: undefined }),
    owner: fc.constantFrom('machine', 'user'),
  })
  .map(({ subject, groups, ...apiToken }) => ({ ...alice([], { subject, groups }), apiToken }))

const situations = fc.record({
  request: requests,
  app: fc
    .record({
      route: routes,
      tokens: fc.option(fc.subarray(SCOPES, { minLength: 1 }), { nil: undefined }),
      hasUpstream: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
      preflight: fc.boolean(),
      exists: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
    })
    .map(({ route, tokens, ...rest }) => ({ ...rest, route: { ...route, tokens } })),
  caller: fc.oneof(
    { weight: 3, arbitrary: callers },
    holders,
    fc.tuple(callers, fc.boolean()).map(([one, rememberedDevice]) => one && { ...one, rememberedDevice }),
  ),
})

/** What `decide()` answers when this is the first demand that does not hold. */
function answerTo({ kind }: Demand, mfa: string | undefined): readonly Decision['effect'][] {
  switch (kind) {
    case 'app':
    case 'upstream':
      return ['not_found']
    case 'login':
      return ['login']
    case 'second_factor':
      return mfa === 'disabled' ? ['deny'] : ['mfa']
    case 'step_up':
      return mfa === 'disabled' ? ['deny', 'step_up'] : ['step_up']
    case 'access':
    case 'users':
    case 'groups':
    case 'tokens':
    case 'token_reach':
      return ['deny']
  }
}

t.test('all demands hold exactly when the request may pass, and the first that fails is the answer', t => {
  fc.assert(
    fc.property(situations, ({ request, app: { route, exists, ...rest }, caller }) => {
      const match = exists ? { app: appWith([route], rest), route } : undefined
      const decision = decide(request, match, caller, NOW)
      const demands = demandsOf({ request, match, caller }, NOW)
      const first = demands.find(({ verdict }) => verdict !== 'holds')
      const allowed = decision.effect === 'allow'
      const texts = demands.map(describeDemand)
      return (
        allowed === (first === undefined) &&
        (first === undefined || answerTo(first, caller?.person.mfa).includes(decision.effect)) &&
        first?.verdict !== 'open' &&
        texts.every(text => text.length > 0 && !/[\n]|undefined|\[object/.test(text))
      )
    }),
    { numRuns: 5_000 },
  )
  t.end()
})
