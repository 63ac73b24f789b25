import t from 'tap'
import { coverageOf } from '../../src/policy/cases/coverage.js'
import { runCase } from '../../src/policy/cases/run-cases.js'
import { caseBench, usersOf } from './case-bench.js'

const POLICY = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
routes:
`

/** The coverage of these routes by these cases: each route with its number of cases, then its sides as `+-`. */
function covered(routes: readonly string[], cases: readonly string[]): Readonly<Record<string, string>> {
  const {
    config,
    cases: read,
    run,
  } = caseBench(
    POLICY + routes.map(route => `  - { ${route} }\n`).join(''),
    cases.map(one => `${one}, expect: allow`),
    { users: usersOf({ subject: 'alice', groups: ['ops'] }, { subject: 'kiosk', mfa: 'disabled' }) },
  )
  const results = read.map(one => runCase(one, run))
  const coverage = coverageOf(
    config.apps.map(app => app.policy),
    results,
  )
  return Object.fromEntries(
    coverage.routes.map(({ pattern, cases, conditions }) => [
      pattern,
      [
        String(cases),
        ...conditions.map(
          ({ condition, passed, failed }) => `${condition}${passed ? '+' : ''}${failed ? '-' : ''}`,
        ),
      ].join(' '),
    ]),
  )
}

t.test('methods and networks: a request that fits, and one that goes on because of nothing else', async t => {
  const route = 'path: /a, methods: [GET], networks: [10.0.0.0/8], access: public'
  const rest = '(everything else)'
  t.same(covered([route], []), { '/a': '0 methods networks', [rest]: '0' })
  t.same(covered([route], ['get: /a, from: 10.1.1.1']), { '/a': '1 methods+ networks+', [rest]: '0' })
  t.same(covered([route], ['post: /a, from: 10.1.1.1']), { '/a': '0 methods- networks', [rest]: '1' })
  t.same(covered([route], ['head: /a']), { '/a': '0 methods networks-', [rest]: '1' })
  t.same(covered([route], ['post: /a']), { '/a': '0 methods networks', [rest]: '1' }, 'for two reasons')
  t.same(
    covered([route], ['post: /b, from: 10.1.1.1']),
    { '/a': '0 methods networks', [rest]: '1' },
    'for another path',
  )
  const earlier = 'path_regex: /a, methods: [POST], access: denied'
  t.equal(
    covered([earlier, route], ['post: /a, from: 10.1.1.1'])['/a'],
    '0 methods networks',
    'an earlier route decides',
  )
})

t.test(
  'users, groups and step_up: somebody whom they let in, and somebody whom nothing else stops',
  async t => {
    const route = 'path: /a, access: required, users: [alice, bob], groups: [ops], step_up: { max_age: 5m }'
    const sides = (...cases: readonly string[]) => covered([route], cases)['/a']
    t.equal(sides('get: /a'), '1 users groups step_up')
    t.equal(
      sides('get: /a, as: { user: alice, mfa: none }'),
      '1 users groups step_up',
      'no second factor stops first',
    )
    t.equal(sides('get: /a, as: alice'), '1 users+ groups+ step_up+')
    t.equal(sides('get: /a, as: { user: carol, groups: [staff] }'), '1 users- groups step_up')
    t.equal(sides('get: /a, as: { user: bob, groups: [staff] }'), '1 users groups- step_up')
    t.equal(sides('get: /a, as: { user: alice, mfa_age: 6m }'), '1 users groups step_up-')
  },
)

t.test('tokens and until', async t => {
  const tokens = 'path: /a, access: required, tokens: [read]'
  t.equal(covered([tokens], ['get: /a, as: alice'])['/a'], '1 tokens')
  t.equal(covered([tokens], ['get: /a, as: { token: { scopes: [read] } }'])['/a'], '1 tokens+')
  t.equal(covered([tokens], ['get: /a, as: { token: { scopes: [write] } }'])['/a'], '1 tokens-')
  t.equal(covered([tokens], ['get: /a, as: { token: { scopes: [read], apps: [other] } }'])['/a'], '1 tokens-')
  const until = 'path: /a, access: bypassed, reason: x, until: 2027-03-31'
  t.equal(covered([until], ['get: /a, at: 2027-04-01'])['/a'], '1 until', 'nobody is stopped by the login')
  t.equal(covered([until], ['get: /a, as: kiosk'])['/a'], '1 until+')
  t.equal(covered([until], ['get: /a, as: kiosk, at: 2027-04-01'])['/a'], '1 until-')
  t.equal(
    covered([until], ['get: /a, as: alice, at: 2027-04-01'])['/a'],
    '1 until',
    'with a second factor nothing changes',
  )
})

t.test('a default route that nothing can reach need not be tried', async t => {
  t.same(Object.keys(covered(['path: /a, access: public', 'path: /**, access: required'], [])), ['/a', '/**'])
  t.same(Object.keys(covered(['path: /**, methods: [GET], access: required'], [])), [
    '/**',
    '(everything else)',
  ])
})
