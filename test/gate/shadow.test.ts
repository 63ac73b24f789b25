import t from 'tap'
import type { Proof } from '../../src/access/assurance.js'
import { MOST_KINDS } from '../../src/gate/shadow-tally.js'
import { alice, appWith, NOW, proof, routeFor } from '../access/sample-policy.js'
import { policyOf, shadowBench } from './shadow-bench.js'

const PUBLIC = { access: 'public' } as const
const BOTH: readonly Proof[] = [proof('password'), proof('totp')]
const next = (...routes: Parameters<typeof appWith>[0][number][]) =>
  policyOf([appWith(routes)], { hash: 'next' })

t.test('without a shadow nothing is counted', t => {
  const bench = shadowBench(policyOf([appWith([])]), undefined)
  bench.send({ target: '/a' }, { target: '//a' })
  t.equal(bench.observer.tally(), undefined)
  t.same(bench.observer.counts(), [])
  t.end()
})

t.test('requests that both decide alike are counted, and nothing is told', async t => {
  const routes = [routeFor('/open/**', PUBLIC), routeFor('/gone', { access: 'denied' })]
  const bench = shadowBench(policyOf([appWith(routes)]), next(...routes))
  bench.send(
    { target: '/open/a', caller: alice(BOTH) },
    { target: '/gone' },
    { target: '/x' },
    { target: '/x', caller: alice(BOTH) },
    { target: '/x', caller: alice([proof('password')]) },
    { target: '/x', caller: 'worthless' },
    { target: '/x', host: 'other.example' },
    { target: '/%2e%2e/x' },
    { target: '/a', host: 'a b' },
  )
  await bench.observer.settled()
  t.match(bench.observer.tally()?.report(), {
    live: 'live',
    shadow: 'next',
    since: NOW,
    compared: 9,
    different: 0,
    kinds: [],
  })
  t.same([bench.told, bench.lookUps, bench.errors], [[], [], []])
  t.end()
})

t.test('a difference has both routes with their places, a count, its times and an example', t => {
  const live = [routeFor('/a/**', { ...PUBLIC, place: { file: 'gateway.yaml', line: 5, column: 5 } })]
  const bench = shadowBench(policyOf([appWith(live)]), next(routeFor('/a/b', { groups: ['ops'] })))
  bench.send({ target: '/a/b?secret=1', method: 'POST', address: '192.0.2.9' })
  bench.time.now += 1_000
  bench.send({ target: '/a/b?secret=2' }, { target: '/a/c' })
  t.same(bench.observer.tally()?.report(), {
    live: 'live',
    shadow: 'next',
    since: NOW,
    until: NOW + 1_000,
    compared: 3,
    different: 3,
    opened: 0,
    closed: 3,
    unknown: 0,
    skipped: 0,
    further: 0,
    kinds: [
      {
        live: {
          outcome: 'allow',
          reason: 'public',
          route: 'wiki /a/**',
          place: { file: 'gateway.yaml', line: 5, column: 5 },
          upstream: undefined,
        },
        shadow: {
          outcome: 'login',
          reason: undefined,
          route: 'wiki /a/b',
          place: { file: 'gateway.yaml', line: 12, column: 7 },
          upstream: undefined,
        },
        count: 2,
        firstAt: NOW,
        lastAt: NOW + 1_000,
        example: {
          method: 'POST',
          host: 'gw.example',
          path: '/a/b',
          subject: undefined,
          token: undefined,
          factors: undefined,
          factorAge: undefined,
          remembered: undefined,
          address: '192.0.2.9',
        },
      },
      {
        ...bench.observer.tally()?.report().kinds[1],
        shadow: {
          outcome: 'login',
          reason: undefined,
          route: 'wiki (default)',
          place: undefined,
          upstream: undefined,
        },
        count: 1,
      },
    ],
  })
  t.same(bench.observer.counts(), [{ live: 'allow', shadow: 'login', count: 3 }])
  t.end()
})

t.test('an allowance differs by its reason, by its identity and by its upstream', t => {
  const live = policyOf([appWith([routeFor('/a'), routeFor('/b')])], { upstreams: { wiki: 'http://one' } })
  const shadow = policyOf([appWith([routeFor('/a', { access: 'enrolled' }), routeFor('/b', PUBLIC)])], {
    hash: 'next',
    upstreams: { wiki: 'http://one' },
  })
  const bench = shadowBench(live, shadow)
  const caller = alice(BOTH)
  bench.send({ target: '/a', caller }, { target: '/b', caller }, { target: '/c', caller })
  bench.observer.replace(policyOf([appWith([])], { hash: 'elsewhere', upstreams: { wiki: 'http://two' } }))
  bench.send({ target: '/c', caller }, { target: '/c' })
  const seen = [...bench.ended, bench.observer.tally()].map(tally =>
    tally
      ?.report()
      .kinds.map(({ live, shadow }) => [live.reason, shadow.reason, live.upstream, shadow.upstream]),
  )
  t.same(seen, [
    [
      ['required', 'enrolled', undefined, undefined],
      ['required', 'public', undefined, undefined],
    ],
    [['required', 'required', 'http://one', 'http://two']],
  ])
  t.match(bench.observer.tally()?.report(), { compared: 2, different: 1, opened: 0, closed: 0 })
  t.end()
})

t.test('who asks is looked up only where the live policy had no need to know, and later', async t => {
  const live = policyOf([appWith([routeFor('/a', PUBLIC), routeFor('/b')])])
  const bench = shadowBench(live, next(routeFor('/a', { groups: ['staff'] }), routeFor('/b')))
  bench.send({ target: '/b', caller: alice(BOTH) }, { target: '/a' }, { target: '/a', caller: alice(BOTH) })
  bench.send({ target: '/a', caller: alice(BOTH, { groups: [] }), address: '192.0.2.7' })
  bench.send({ target: '/a', caller: 'worthless' })
  t.same(bench.lookUps, [], 'nothing was looked up while the requests were on their way')
  t.equal(bench.observer.tally()?.report().compared, 2)
  await bench.observer.settled()
  t.equal(bench.lookUps.length, 3)
  const kinds = bench.observer.tally()?.report().kinds
  t.match(
    kinds?.map(({ shadow, count, example }) => [shadow.outcome, count, example.subject]),
    [
      ['login', 2, undefined],
      ['allow', 1, 'alice'],
      ['deny', 1, 'alice'],
    ],
  )
  t.equal(bench.observer.tally()?.report().compared, 5)
})

t.test('a look-up that fails is nobody, is counted, and is told', async t => {
  const bench = shadowBench(policyOf([appWith([routeFor('/a', PUBLIC)])]), next(routeFor('/a')))
  bench.store.fails = true
  bench.send({ target: '/a', caller: alice(BOTH) })
  await bench.observer.settled()
  t.match(bench.observer.tally()?.report(), {
    compared: 1,
    unknown: 1,
    kinds: [{ shadow: { outcome: 'login' } }],
  })
  t.match(bench.errors, [/the store is gone/])
})

t.test('no more than a thousand requests wait for a look-up; further ones are not compared', async t => {
  const bench = shadowBench(policyOf([appWith([routeFor('/a', PUBLIC)])]), next(routeFor('/a')))
  for (let index = 0; index < 1_200; index++) bench.send({ target: '/a', caller: alice(BOTH) })
  await bench.observer.settled()
  t.match(bench.observer.tally()?.report(), { compared: 1_000, skipped: 200 })
  bench.send({ target: '/a', caller: alice(BOTH) })
  await bench.observer.settled()
  t.match(bench.observer.tally()?.report(), { compared: 1_001, skipped: 200 })
})

t.test('a request that only one of the two can read in one way is a difference', t => {
  const routes = [routeFor('/a/**', PUBLIC)]
  const lenient = policyOf([appWith(routes)], { hash: 'next', allowInPath: ['encoded_slash', 'semicolon'] })
  const strict = policyOf([appWith(routes)])
  const target = '/a/x%2fy'
  const opening = shadowBench(strict, lenient)
  opening.send({ target }, { target: '/a/%00' }, { target: '//a' }, { target: '/a' }, { target: '/b;/..' })
  t.match(opening.observer.tally()?.report(), {
    compared: 5,
    different: 1,
    opened: 1,
    kinds: [
      {
        live: { outcome: 'refused', reason: 'encoded_slash', route: undefined },
        shadow: { outcome: 'allow', route: 'wiki /a/**' },
        example: { method: 'GET', host: 'gw.example', path: '/a/x%2Fy' },
      },
    ],
  })
  const closing = shadowBench(lenient, strict)
  closing.send({ target }, { target: '/a/b;c=1' }, { target: '/a/b' })
  t.match(closing.observer.tally()?.report(), {
    compared: 3,
    closed: 2,
    kinds: [
      { live: { outcome: 'allow' }, shadow: { outcome: 'refused', reason: 'encoded_slash' } },
      { live: { outcome: 'allow' }, shadow: { outcome: 'refused', reason: 'semicolon' } },
    ],
  })
  t.end()
})

t.test('a refused request with a login is decided by the shadow for whoever sent it', async t => {
  const shadow = policyOf([appWith([routeFor('/a/**', { groups: ['ops'] })])], {
    hash: 'next',
    allowInPath: ['semicolon'],
  })
  const bench = shadowBench(policyOf([appWith([])]), shadow)
  bench.send({ target: '/a/b;c', caller: alice(BOTH) })
  await bench.observer.settled()
  t.match(bench.observer.tally()?.report().kinds, [
    {
      live: { outcome: 'refused' },
      shadow: { outcome: 'deny', reason: 'not_in_group' },
      example: { subject: 'alice' },
    },
  ])
})

t.test('what the shadow takes for its own is a difference', t => {
  const bench = shadowBench(
    policyOf([appWith([])]),
    policyOf([appWith([])], { hash: 'next', authPath: '/login' }),
  )
  bench.send({ target: '/login/x' })
  t.match(bench.observer.tally()?.report(), { closed: 1, kinds: [{ shadow: { outcome: 'own' } }] })
  t.end()
})

t.test('the first of a kind is told at once, and then at most one a minute', t => {
  const bench = shadowBench(policyOf([appWith([])]), next(routeFor('/a', PUBLIC), routeFor('/b', PUBLIC)))
  const send = (after: number, target: string): void => {
    bench.time.now += after
    bench.send({ target })
  }
  for (const [after, target] of [
    [0, '/a?1'],
    [1, '/a?2'],
    [1, '/b'],
    [59_997, '/a?4'],
    [1, '/a?5'],
    [1, '/a?6'],
  ] as const)
    send(after, target)
  t.same(
    bench.told.map(({ count, shadow, lastAt }) => [count, shadow.route, lastAt - NOW]),
    [
      [1, 'wiki /a', 0],
      [1, 'wiki /b', 2],
      [4, 'wiki /a', 60_000],
    ],
  )
  t.end()
})

t.test('kinds are bounded in number and size, and the sums stay right', t => {
  const many = Array.from({ length: MOST_KINDS + 500 }, (_, index) => routeFor(`/${index}/**`, PUBLIC))
  const bench = shadowBench(policyOf([appWith([])]), next(...many))
  for (let index = 0; index < many.length; index++) bench.send({ target: `/${index}/${'x'.repeat(2_000)}` })
  bench.send({ target: '/0/a' }, { target: `/${MOST_KINDS + 1}/a` })
  const report = bench.observer.tally()?.report()
  t.match(report, { compared: 1_502, different: 1_502, opened: 1_502, further: 501 })
  t.equal(report?.kinds.length, MOST_KINDS)
  t.equal(
    report?.kinds.reduce((sum, { count }) => sum + count, 0),
    1_001,
  )
  t.ok(report?.kinds.every(({ example }) => example.path.length <= 501 && example.path.endsWith('…')))
  t.ok(JSON.stringify(report).length < 1_000_000)
  t.end()
})

t.test('an API token in a path is masked, and one that asks is told by its scopes', t => {
  const routes = [routeFor('/a/**', { tokens: ['read'] })]
  const bench = shadowBench(policyOf([appWith(routes)]), next(routeFor('/a/**')))
  const grant = { scopes: ['read'], apps: undefined, paths: undefined, owner: 'user' } as const
  const caller = { ...alice([]), apiToken: grant }
  bench.send({ target: '/a/gh_0123456789abcdef', caller })
  t.match(bench.observer.tally()?.report().kinds, [
    {
      live: { reason: 'api_token' },
      example: { path: '/a/********', subject: 'alice', token: { scopes: ['read'], owner: 'user' } },
    },
  ])
  t.end()
})

t.test('another text of either policy begins a new count, and the same text goes on', t => {
  const bench = shadowBench(policyOf([appWith([])]), next(routeFor('/a', PUBLIC)))
  const old = bench.arrive({ target: '/a' })
  bench.send({ target: '/a' })
  bench.holds.live = policyOf([appWith([])])
  bench.send({ target: '/a' })
  t.equal(bench.observer.tally()?.report().different, 2, 'the file was read again and says the same')
  bench.observer.replace(next(routeFor('/a', PUBLIC)))
  bench.send({ target: '/a' })
  t.equal(bench.observer.tally()?.report().different, 3, 'so was the shadow')
  bench.holds.live = policyOf([appWith([routeFor('/a', PUBLIC)])], { hash: 'changed' })
  bench.send({ target: '/a' })
  t.match(bench.observer.tally()?.report(), { live: 'changed', compared: 1, different: 0 })
  bench.pass(old)
  t.equal(bench.observer.tally()?.report().compared, 1, 'what was read by an old policy is not compared')
  bench.observer.replace(policyOf([appWith([])], { hash: 'another' }))
  t.equal(bench.observer.tally(), undefined)
  bench.observer.replace(undefined)
  bench.send({ target: '/a' })
  t.equal(bench.observer.tally(), undefined)
  t.same(
    bench.ended.map(tally => [tally.report().live, tally.report().different]),
    [
      ['live', 3],
      ['changed', 0],
    ],
  )
  t.same(
    bench.observer.counts(),
    [{ live: 'login', shadow: 'allow', count: 3 }],
    'counts for metrics never go back',
  )
  t.end()
})

t.test('a shadow that breaks breaks nothing', t => {
  const broken = {
    ...next(),
    upstreamOf: () => {
      throw new Error('a fault')
    },
  }
  const bench = shadowBench(policyOf([appWith([routeFor('/a', PUBLIC)])]), {
    ...broken,
    policy: next(routeFor('/a', PUBLIC)).policy,
  })
  t.doesNotThrow(() => bench.send({ target: '/a' }))
  t.match(bench.errors, [/a fault/])
  t.end()
})
