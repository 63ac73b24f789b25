import fc from 'fast-check'
import t from 'tap'
import { judge, type Outcome, type Verdict } from '../../src/access/judge.js'
import { addresses, callers, routes } from '../access/raw-policies.js'
import { leniencySets, mostlyPlainTargets, nastyTargets } from '../access/raw-paths.js'
import { appWith, NOW } from '../access/sample-policy.js'
import { policyOf, shadowBench, type SentRequest } from './shadow-bench.js'

const RUNS = { numRuns: 400 }

const policies = (hash: string) =>
  fc
    .record({
      routes: fc.array(routes, { maxLength: 6 }),
      hasUpstream: fc.boolean(),
      preflight: fc.boolean(),
      allowInPath: fc.oneof(fc.constant([]), leniencySets),
      secure: fc.boolean(),
      origin: fc.constantFrom('http://one', 'http://one', 'http://two'),
    })
    .map(({ routes, hasUpstream, preflight, allowInPath, secure, origin }) =>
      policyOf([appWith(routes, { hasUpstream, preflight })], {
        hash,
        allowInPath,
        secure,
        upstreams: { wiki: origin },
      }),
    )

const simpleTargets = fc
  .array(fc.constantFrom('a', 'b', 'c', 'v1', '%C3%A9', 'ab'), { maxLength: 4 })
  .map(segments => `/${segments.join('/')}`)

const sent: fc.Arbitrary<SentRequest> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE'),
  target: fc.oneof({ weight: 6, arbitrary: simpleTargets }, mostlyPlainTargets, nastyTargets),
  host: fc.constantFrom('gw.example', 'gw.example', 'gw.example:443', 'other.example', 'a b'),
  address: addresses.filter(address => address !== ''),
  preflight: fc.boolean(),
  caller: callers,
})

/** Why an allowance is one, and where it leads. */
function meaningOf(verdict: Verdict, upstreamOf: ReturnType<typeof policyOf>['upstreamOf']): unknown {
  if (verdict.outcome !== 'allow' || verdict.decision.effect !== 'allow') return undefined
  const { reason, withIdentity } = verdict.decision
  return [reason, withIdentity, verdict.match && upstreamOf(verdict.match.app)]
}

t.test('what the shadow counts is what judging by both policies, one by one, gives', async t => {
  let different = 0
  const property = fc.asyncProperty(
    policies('live'),
    policies('next'),
    fc.array(sent, { minLength: 1, maxLength: 12 }),
    async (live, next, requests) => {
      const bench = shadowBench(live, next)
      bench.send(...requests)
      await bench.observer.settled()
      const expected = new Map<string, number>()
      let compared = 0
      for (const {
        method = 'GET',
        target,
        host = 'gw.example',
        address = '',
        preflight,
        caller,
      } of requests) {
        const asked = {
          method,
          target,
          authority: host,
          address: address.replace(/^::ffff:/, ''),
          secure: false,
          asksPreflight: preflight === true,
        }
        const who = caller === 'worthless' ? undefined : caller
        const [now, then] = [live, next].map(({ policy }) => judge(policy, asked, who, NOW))
        if (now === undefined || then === undefined || now.outcome === 'own') continue
        compared += 1
        const isAlike =
          now.outcome === then.outcome &&
          JSON.stringify(meaningOf(now, live.upstreamOf)) === JSON.stringify(meaningOf(then, next.upstreamOf))
        if (isAlike) continue
        const key = `${now.outcome} ${then.outcome}`
        expected.set(key, (expected.get(key) ?? 0) + 1)
      }
      const counted = new Map(
        bench.observer
          .counts()
          .map(({ live, shadow, count }): [string, number] => [`${live} ${shadow satisfies Outcome}`, count]),
      )
      different += [...expected.values()].reduce((sum, count) => sum + count, 0)
      const report = bench.observer.tally()?.report()
      const sum = report?.kinds.reduce((total, { count }) => total + count, 0) ?? 0
      return (
        JSON.stringify([...counted].sort()) === JSON.stringify([...expected].sort()) &&
        (report?.compared ?? 0) === compared &&
        (report?.different ?? 0) === sum &&
        bench.errors.length === 0
      )
    },
  )
  await fc.assert(property, RUNS)
  t.ok(different > 100, `${different} differences were among them`)
})

t.test('a policy never differs from its own shadow', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies('live'),
      fc.array(sent, { minLength: 1, maxLength: 12 }),
      async (live, requests) => {
        const bench = shadowBench(live, live)
        bench.send(...requests)
        await bench.observer.settled()
        return bench.observer.counts().length === 0 && bench.lookUps.length === 0
      },
    ),
    RUNS,
  )
})
