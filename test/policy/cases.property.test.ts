import t from 'tap'
import fc from 'fast-check'
import { judge } from '../../src/access/judge.js'
import type { Policy } from '../../src/access/policy.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import type { CaseCaller, Expectation, PolicyCase } from '../../src/config/policy-case.js'
import { callerOf } from '../../src/policy/cases/case-identity.js'
import { coverageOf } from '../../src/policy/cases/coverage.js'
import { outcomeOf, runCase, type CaseRun } from '../../src/policy/cases/run-cases.js'
import { addresses, requests, routes } from '../access/raw-policies.js'
import { appWith, NOW } from '../access/sample-policy.js'
import { usersOf } from './case-bench.js'

const RUNS = Number(process.env.CASE_RUNS ?? 1000)

const PEOPLE = {
  users: usersOf(
    { subject: 'alice', groups: ['staff'] },
    { subject: 'bob', mfa: 'disabled' },
    { subject: 'carol', disabled: true },
  ),
  questionsCount: false,
}

const someOf = <T>(...values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })

/** One value nearly always, so that the others do not hide what comes after them. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 15, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )

const callers: fc.Arbitrary<CaseCaller | undefined> = fc.option(
  fc.record({
    user: maybe(fc.constantFrom('alice', 'bob', 'carol', 'dave')),
    isNameOnly: fc.constant(false),
    groups: maybe(someOf('staff', 'ops')),
    mfa: maybe(fc.constantFrom('none', 'not_enrolled', 'disabled')),
    factors: maybe(someOf('totp', 'webauthn', 'email', 'knowledge_question')),
    factorAge: fc.constantFrom(0, 30_000, 120_000),
    passwordAge: fc.constantFrom<number | 'none'>(0, 120_000, 'none'),
    isRemembered: fc.boolean(),
    apiToken: fc.option(
      fc.record({
        scopes: someOf('a', 'b'),
        apps: maybe(someOf('wiki', 'other')),
        paths: fc.constant(undefined),
        owner: fc.constantFrom('machine', 'user'),
      }),
      { nil: undefined, freq: 4 },
    ),
  }),
  { nil: undefined, freq: 5 },
)

const cases: fc.Arbitrary<Omit<PolicyCase, 'expect'>> = fc
  .record({
    request: requests,
    spoiled: mostly('', '/..', '//'),
    host: mostly('gw.example', 'GW.example:443', 'other.example', 'auth.example'),
    address: addresses,
    secure: mostly(true, false),
    caller: callers,
    at: maybe(fc.constantFrom(NOW - 1, NOW + 1)),
  })
  .map(({ request, spoiled, host, address, secure, caller, at }) => ({
    name: undefined,
    place: { file: 'a.yaml', line: 1, column: 1 },
    url: '',
    asked: {
      method: request.method,
      target: request.encodedPath + spoiled,
      authority: host,
      secure,
      address: address === '' ? '192.0.2.1' : address,
      asksPreflight: request.preflight,
    },
    caller,
    at,
    headers: undefined,
  }))

const policies: fc.Arbitrary<Policy> = fc
  .record({
    routes: fc.array(fc.tuple(routes, maybe(someOf('a', 'b')), fc.boolean()), { minLength: 1, maxLength: 8 }),
    hasUpstream: mostly(true, false),
    preflight: fc.boolean(),
    secure: fc.boolean(),
  })
  .map(({ routes: written, hasUpstream, preflight, secure }) => ({
    routes: compileRouteTable([
      appWith(
        written.map(([route, tokens, isPlain]) =>
          isPlain
            ? {
                ...route,
                access: 'required',
                methods: undefined,
                networks: undefined,
                users: undefined,
                groups: undefined,
                stepUp: { maxAge: 60_000, methods: undefined },
                tokens,
                until: undefined,
              }
            : route,
        ),
        { hasUpstream, preflight },
      ),
    ]),
    leniencies: () => [],
    isOwn: ({ host }) => host === 'auth.example',
    secure,
    hash: '0000000000000000',
  }))

function runOn(policy: Policy): CaseRun {
  const explain = (): never => {
    throw new Error('no case here looks at headers')
  }
  return { ...PEOPLE, policy, explain, now: NOW }
}

const OUTCOMES: readonly Expectation['outcome'][] = [
  'allow',
  'login',
  'mfa',
  'step_up',
  'deny',
  'reject',
  'not_found',
  'own',
]

t.test('a case passes exactly with the outcome that the policy has, with and without its reason', async t => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(policies, cases, (policy, one) => {
      const run = runOn(policy)
      const at = one.at ?? NOW
      const verdict = judge(policy, one.asked, callerOf(one.caller, PEOPLE, at), at)
      const outcome = outcomeOf(verdict)
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      const passes = (expect: Expectation): boolean => runCase({ ...one, expect }, run).faults.length === 0
      for (const other of OUTCOMES) {
        if (passes({ outcome: other }) !== (other === outcome)) throw new Error(`${other} for ${outcome}`)
      }
      if ('decision' in verdict && verdict.decision.effect === 'allow') {
        if (!passes({ outcome: 'allow', reason: verdict.decision.reason })) return false
        return !passes({
          outcome: 'allow',
          reason: verdict.decision.reason === 'public' ? 'required' : 'public',
        })
      }
      return true
    }),
    { numRuns: RUNS },
  )
  // A step-up needs a caller that few draws make; the table of cases has it.
  const missing = OUTCOMES.filter(one => one !== 'step_up' && !seen.has(one))
  t.same(missing, [], JSON.stringify(Object.fromEntries(seen)))
})

t.test(
  'a route is touched exactly when it decides, and a side is tried when the condition can tell',
  async t => {
    fc.assert(
      fc.property(policies, fc.array(cases, { maxLength: 8 }), (policy, all) => {
        const run = runOn(policy)
        const results = all.map(one => runCase({ ...one, expect: { outcome: 'allow' } }, run))
        const coverage = coverageOf(policy.routes.apps, results)
        const [app] = policy.routes.apps
        if (app === undefined) return false
        coverage.routes.forEach((covered, index) => {
          const route = app.routes[index]
          const decided = results.filter(
            ({ verdict }) =>
              'decision' in verdict &&
              verdict.match !== undefined &&
              (route === undefined
                ? !app.routes.includes(verdict.match.route)
                : verdict.match.route === route),
          )
          if (decided.length !== covered.cases) throw new Error(`${covered.pattern}: ${covered.cases} cases`)
          const denied = (reason: string): boolean =>
            decided.some(
              ({ verdict }) =>
                'decision' in verdict && 'reason' in verdict.decision && verdict.decision.reason === reason,
            )
          for (const { condition, failed } of covered.conditions) {
            if (condition === 'users' && failed !== denied('not_this_user')) throw new Error('users')
            if (condition === 'groups' && failed !== denied('not_in_group')) throw new Error('groups')
          }
        })
        return coverage.tried <= coverage.points
      }),
      { numRuns: RUNS },
    )
    t.pass('they agree')
  },
)
