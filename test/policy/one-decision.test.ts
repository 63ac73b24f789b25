import { BlockList } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { judge, type AskedRequest, type Outcome } from '../../src/access/judge.js'
import type { Caller } from '../../src/access/identity.js'
import type { Policy } from '../../src/access/policy.js'
import type { PolicyCase } from '../../src/config/policy-case.js'
import { EXT_AUTHZ_PREFIX, type Dialect } from '../../src/gate/forward-auth-addresses.js'
import { arrivalOfStated, readStatement } from '../../src/gate/forward-auth-dialects.js'
import { readArrival } from '../../src/http/arrival.js'
import { createHeaderRoles } from '../../src/http/header-roles.js'
import { createExplain } from '../../src/policy/explain/explanation.js'
import { outcomeOf, runCase } from '../../src/policy/cases/run-cases.js'
import { createReplay } from '../../src/policy/replay/replay.js'
import { addresses, callers, routes } from '../access/raw-policies.js'
import { leniencySets, mostlyPlainTargets, nastyTargets } from '../access/raw-paths.js'
import { appWith, NOW } from '../access/sample-policy.js'
import { policyOf, shadowBench, type SentRequest } from '../gate/shadow-bench.js'
import { caseBench, usersOf } from './case-bench.js'

const NOBODY = { kind: 'none' } as const
const OUTER_PROXY = '203.0.113.250'
const trustedProxies = new BlockList()
trustedProxies.addAddress(OUTER_PROXY)
const roleOf = createHeaderRoles([], [])

/** Requests that every command and the gateway decide. DECISIONS raises it. */
const REQUESTS = Number(process.env.DECISIONS ?? 100_000)
const TO_ONE_POLICY = 200

const policies = fc
  .record({
    routes: fc.array(routes, { maxLength: 8 }),
    hasUpstream: fc.boolean(),
    preflight: fc.boolean(),
    allowInPath: fc.oneof(fc.constant([]), leniencySets),
    secure: fc.boolean(),
  })
  .map(({ routes, hasUpstream, preflight, allowInPath, secure }) => {
    const app = appWith(routes, { hasUpstream, preflight })
    return { ...policyOf([app], { allowInPath, secure }), app }
  })

const targets = fc
  .array(fc.constantFrom('a', 'b', 'c', 'v1', '%C3%A9', 'ab'), { maxLength: 4 })
  .map(segments => `/${segments.join('/')}`)

const requests = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE'),
  target: fc.oneof(
    { weight: 12, arbitrary: targets },
    { weight: 1, arbitrary: fc.constant('/auth/login') },
    { weight: 2, arbitrary: mostlyPlainTargets },
    { weight: 1, arbitrary: nastyTargets },
  ),
  host: fc.constantFrom('gw.example', 'gw.example', 'GW.example:443', 'other.example', 'a b'),
  address: addresses.filter(address => address !== ''),
  preflight: fc.boolean(),
  caller: callers,
})

const plain = caseBench(
  'public_url: https://gw.example\nupstream: http://127.0.0.1:3000\nusers: { file: u.yaml }',
  [],
)

t.test('the gateway, forward-auth, explain, test, replay and shadow decide alike', async t => {
  const seen = new Map<Outcome, number>()
  const property = fc.property(
    policies,
    fc.array(requests, { minLength: TO_ONE_POLICY, maxLength: TO_ONE_POLICY, size: 'max' }),
    ({ app, ...live }, sent) => {
      const { policy } = live
      const bench = shadowBench(live, live)
      const config = {
        ...plain.config,
        publicUrl: { ...plain.config.publicUrl, secure: policy.secure },
        apps: plain.config.apps.map(one => ({ ...one, policy: app })),
      }
      const explain = createExplain(config, policy)
      const side = { policy, users: usersOf() }
      const replay = createReplay({ old: side, next: side, host: 'gw.example', at: NOW, now: NOW })
      const asNobody = new Map<Outcome, number>()
      let lines = 0

      for (const one of sent) {
        const asked = askedOf(one)
        const verdict = judge(policy, asked, one.caller, NOW)
        seen.set(verdict.outcome, (seen.get(verdict.outcome) ?? 0) + 1)
        const others: Readonly<Record<string, Outcome | undefined>> = {
          gateway: decidedByGateway(bench, one),
          ...decidedByForwardAuth(bench, policy, one, verdict.outcome),
          explain: explain(asked, one.caller, NOW).outcome,
          test: one.caller === undefined ? testedAs(asked, policy) : verdict.outcome,
        }
        for (const [who, outcome] of Object.entries(others)) {
          if (outcome === verdict.outcome) continue
          throw new Error(
            `${who} says ${String(outcome)}, and judge() ${verdict.outcome}: ${JSON.stringify(asked)}`,
          )
        }
        // A log says nothing of the header fields that make a preflight: every OPTIONS is replayed as one.
        if (!/^[\x21-\x7e]*$/.test(asked.target) || asked.authority.includes(' ')) continue
        replay.take(lineOf(asked), 'log', (lines += 1))
        const logged = judge(
          policy,
          { ...asked, secure: policy.secure, asksPreflight: asked.method === 'OPTIONS' },
          undefined,
          NOW,
        )
        asNobody.set(logged.outcome, (asNobody.get(logged.outcome) ?? 0) + 1)
      }

      const replayed = new Map<Outcome, number>()
      for (const { as, outcome, count } of replay.report().old)
        if (as === 'nobody') replayed.set(outcome, (replayed.get(outcome) ?? 0) + count)
      t.same(replay.report().differences, [])
      if (!same(replayed, asNobody))
        throw new Error(`replay: ${text(replayed)} and judge() ${text(asNobody)}`)
      if (bench.told.length > 0) throw new Error(`the shadow: ${JSON.stringify(bench.told[0])}`)
    },
  )
  fc.assert(property, { numRuns: REQUESTS / TO_ONE_POLICY })
  for (const outcome of ['allow', 'login', 'mfa', 'deny', 'refused', 'own', 'not_found'] as const)
    t.ok((seen.get(outcome) ?? 0) > 0, `${outcome}: ${seen.get(outcome) ?? 0} of ${REQUESTS} requests`)
})

function askedOf({
  method = 'GET',
  target,
  host = 'gw.example',
  address = '',
  preflight = false,
}: SentRequest): AskedRequest {
  return { method, target, authority: host, address, secure: false, asksPreflight: preflight }
}

/** By what the guard of the running gateway makes of the bytes that arrive. */
function decidedByGateway(
  bench: ReturnType<typeof shadowBench>,
  sent: SentRequest & { caller: Caller },
): Outcome {
  const arrival = bench.arrive(sent)
  bench.pass(arrival)
  if (!arrival.reading.ok) return 'refused'
  const { request } = arrival.reading
  if (arrival.policy.isOwn(request)) return 'own'
  const id = [...bench.callers.keys()].at(-1) ?? ''
  const judgement = bench.guard.judge(
    request,
    arrival,
    sent.caller === undefined ? { kind: 'none' } : { kind: 'session', id },
  )
  if (judgement instanceof Promise) throw new Error('the sample callers are known at once')
  return judgement.decision.effect
}

/** By what other proxies tell, in each way of telling it. */
function decidedByForwardAuth(
  bench: ReturnType<typeof shadowBench>,
  policy: Policy,
  sent: SentRequest & { caller: Caller },
  expected: Outcome,
): Readonly<Record<string, Outcome>> {
  const { method = 'GET', target, host = 'gw.example', address = '' } = sent
  const told = ['X-Forwarded-For', address]
  if (sent.preflight === true)
    told.push('Origin', 'https://x.example', 'Access-Control-Request-Method', 'GET')
  const id = [...bench.callers.keys()].at(-1) ?? ''

  function decide(
    dialect: Dialect,
    ask: { method: string; url: string; rawHeaders: readonly string[] },
  ): Outcome {
    const arrival = readArrival(
      { ...ask, socket: { remoteAddress: OUTER_PROXY } },
      { roleOf, trustedProxies, policy },
    )
    if (!arrival.reading.ok) return 'refused'
    const statement = readStatement(dialect, ask, arrival)
    // What could be two values of one field is refused, and a path that looks so with it.
    if (!statement.ok) return /,\s*(?:\/|[a-z]+:\/\/)/i.test(target) ? expected : 'refused'
    const asked = arrivalOfStated(arrival, statement.stated)
    if (!asked.reading.ok) return 'refused'
    if (policy.isOwn(asked.reading.request)) return 'own'
    const credential = sent.caller === undefined ? NOBODY : ({ kind: 'session', id } as const)
    const judgement = bench.guard.judge(asked.reading.request, asked, credential)
    if (judgement instanceof Promise) throw new Error('the sample callers are known at once')
    return judgement.decision.effect
  }

  const verify = { method: 'GET', url: '/auth/verify' }
  const forwarded = ['X-Forwarded-Method', method, 'X-Forwarded-Host', host, 'X-Forwarded-Uri', target]
  const original = ['X-Original-Method', method, 'X-Original-URL', `http://${host}${target}`]
  return {
    'X-Forwarded-*': decide('verify', {
      ...verify,
      rawHeaders: ['Host', 'gw.example', 'X-Forwarded-Proto', 'http', ...forwarded, ...told],
    }),
    'X-Original-*': decide('verify', { ...verify, rawHeaders: ['Host', 'gw.example', ...original, ...told] }),
    'ext-authz': decide('ext_authz', {
      method,
      url: `${EXT_AUTHZ_PREFIX}${target}`,
      rawHeaders: ['Host', host, 'X-Forwarded-Proto', 'http', ...told],
    }),
  }
}

/** The outcome with which a case of nobody passes. */
function testedAs(asked: AskedRequest, policy: Parameters<typeof judge>[0]): Outcome | undefined {
  const verdict = judge(policy, asked, undefined, NOW)
  const one: PolicyCase = {
    name: undefined,
    place: { file: 'a.yaml', line: 1, column: 1 },
    asked,
    url: '',
    caller: undefined,
    at: NOW,
    expect: { outcome: outcomeOf(verdict) },
    headers: undefined,
  }
  return runCase(one, { ...plain.run, policy, now: NOW }).faults.length === 0 ? verdict.outcome : undefined
}

/** As the gateway's own access log tells it. */
function lineOf({ method, authority, target, address }: AskedRequest): string {
  return JSON.stringify({
    request_method: method,
    host: authority,
    request_uri: target,
    remote_addr: address,
    status: 200,
  })
}

function same(one: ReadonlyMap<Outcome, number>, other: ReadonlyMap<Outcome, number>): boolean {
  return text(one) === text(other)
}

function text(counts: ReadonlyMap<Outcome, number>): string {
  return JSON.stringify([...counts].sort(([a], [b]) => a.localeCompare(b)))
}
