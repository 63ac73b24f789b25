import t, { type Test } from 'tap'
import { runCase } from '../../src/policy/cases/run-cases.js'
import { caseBench, usersOf } from './case-bench.js'

const POLICY = `public_url: https://auth.example.com
users: { file: users.yaml }
session: { domain: example.com }
apps:
  - name: wiki
    host: wiki.example.com
    upstream: http://127.0.0.1:3000
    preflight: pass
    routes:
      - { path: /assets/**, methods: [GET], access: public }
      - { path: /kiosk, access: bypassed, reason: no phone, until: 2027-03-31 }
      - { path: /profile, access: enrolled }
      - { path: /admin/**, access: required, groups: [ops], step_up: { max_age: 5m, methods: [webauthn, totp] } }
      - { path: /export/**, access: required, tokens: [export:read], users: [alice] }
      - { path: /office, networks: [10.2.0.0/16], access: public }
      - { path: /closed, access: denied }
  - name: empty
    host: empty.example.com
    routes: [{ path: /x, access: public }]
`
const SITE = 'https://wiki.example.com'

const USERS = usersOf(
  { subject: 'alice', groups: ['ops', 'staff'] },
  { subject: 'kiosk', mfa: 'disabled' },
  { subject: 'gone', disabled: true },
)

/** Shows that each case passes, and that it fails when anything else is expected of it. */
function holds(
  t: Test,
  cases: readonly (readonly [request: string, outcome: string])[],
  questionsCount = false,
): void {
  const outcomes = ['allow', 'login', 'mfa', 'step_up', 'deny', 'reject', 'not_found', 'own']
  const written = cases.flatMap(([request, expected]) => [
    `${request}, expect: ${expected}`,
    ...outcomes.filter(one => one !== /\w+/.exec(expected)?.[0]).map(one => `${request}, expect: ${one}`),
  ])
  const bench = caseBench(POLICY, written, { users: USERS, questionsCount })
  const results = bench.cases.map(one => runCase(one, bench.run))
  results.forEach(({ faults }, index) => {
    const isTrue = index % outcomes.length === 0
    t.equal(faults.length === 0, isTrue, `${written[index] ?? ''}: ${faults.join()}`)
  })
}

t.test('who asks: anonymous, by name, in a block', async t => {
  holds(t, [
    [`get: ${SITE}/x`, 'login'],
    [`get: ${SITE}/x, as: anonymous`, 'login'],
    [`get: ${SITE}/admin/x, as: alice`, 'allow'],
    [`get: ${SITE}/admin/x, as: ALICE`, 'allow'],
    [`get: ${SITE}/x, as: gone`, 'login'],
    [`get: ${SITE}/x, as: kiosk`, '{ deny: mfa_disabled }'],
    [`get: ${SITE}/kiosk, as: kiosk`, '{ allow: bypassed }'],
    [`get: ${SITE}/admin/x, as: { user: alice }`, 'allow'],
    [`get: ${SITE}/admin/x, as: { user: alice, groups: [staff] }`, '{ deny: not_in_group }'],
    [`get: ${SITE}/admin/x, as: { user: stranger }`, '{ deny: not_in_group }'],
    [`get: ${SITE}/admin/x, as: { groups: [ops] }`, 'allow'],
    [`get: ${SITE}/export/a, as: { user: bob, groups: [a] }`, '{ deny: not_this_user }'],
    [`get: ${SITE}/x, as: { user: anonymous, groups: [a] }`, 'allow'],
  ])
})

t.test('what they have shown, and when', async t => {
  const as = (what: string) => `as: { user: alice, groups: [ops], ${what} }`
  holds(t, [
    [`get: ${SITE}/admin/x, ${as('mfa_age: 5m')}`, 'allow'],
    [`get: ${SITE}/admin/x, ${as('mfa_age: 6m')}`, 'step_up'],
    [`get: ${SITE}/admin/x, ${as('mfa_age: 1m, password_age: 9h')}`, 'allow'],
    [`get: ${SITE}/admin/x, ${as('factors: [backup_code]')}`, 'step_up'],
    [`get: ${SITE}/admin/x, ${as('factors: [backup_code, webauthn]')}`, 'allow'],
    [`get: ${SITE}/admin/x, ${as('mfa: none')}`, 'mfa'],
    [`get: ${SITE}/admin/x, ${as('mfa: disabled')}`, '{ deny: mfa_disabled }'],
    [`get: ${SITE}/profile, ${as('mfa: none')}`, 'mfa'],
    [`get: ${SITE}/profile, ${as('mfa: not_enrolled')}`, '{ allow: enrolled }'],
    [`get: ${SITE}/profile, ${as('mfa: disabled')}`, '{ allow: enrolled }'],
    [`get: ${SITE}/x, ${as('password_age: none, factors: [webauthn]')}`, '{ allow: required }'],
    [`get: ${SITE}/x, ${as('password_age: none, factors: [email]')}`, 'mfa'],
    [`get: ${SITE}/x, ${as('factors: [knowledge_question]')}`, 'mfa'],
    [`get: ${SITE}/x, ${as('remembered: true')}`, '{ allow: remembered_device }'],
    [`get: ${SITE}/x, ${as('remembered: true, factors: [totp]')}`, '{ allow: required }'],
    [`get: ${SITE}/admin/x, ${as('remembered: true')}`, 'mfa'],
  ])
  holds(t, [[`get: ${SITE}/x, ${as('factors: [knowledge_question]')}`, 'allow']], true)
})

t.test('API tokens', async t => {
  const token = (what: string, user = '') => `as: { ${user}token: { scopes: [${what} } }`
  holds(t, [
    [`get: ${SITE}/export/a, ${token('export:read]')}`, '{ allow: api_token }'],
    [`get: ${SITE}/export/a, ${token('other]')}`, '{ deny: token_scope }'],
    [`get: ${SITE}/x, ${token('export:read]')}`, '{ deny: token_scope }'],
    [`get: ${SITE}/export/a, ${token('export:read], apps: [wiki]')}`, 'allow'],
    [`get: ${SITE}/export/a, ${token('export:read], apps: [other]')}`, 'deny'],
    [`get: ${SITE}/export/a, ${token('export:read], paths: [/export/b]')}`, 'deny'],
    [`get: ${SITE}/export/b, ${token('export:read], paths: [/export/b]')}`, 'allow'],
    [`get: ${SITE}/export/a, ${token('export:read]', 'user: bob, ')}`, '{ deny: not_this_user }'],
    [`get: ${SITE}/export/a, ${token('export:read]', 'user: alice, ')}`, 'allow'],
    [`get: ${SITE}/export/a, ${token('export:read], owner: machine', 'user: bob, ')}`, 'allow'],
  ])
})

t.test('methods, addresses, times, hosts and what is refused', async t => {
  holds(t, [
    [`get: ${SITE}/assets/a`, '{ allow: public }'],
    [`head: ${SITE}/assets/a`, 'allow'],
    [`post: ${SITE}/assets/a`, 'login'],
    [`propfind: ${SITE}/assets/a`, 'login'],
    [`request: "REPORT ${SITE}/assets/a"`, 'login'],
    [`request: "report ${SITE}/assets/a"`, '{ reject: method_not_allowed }'],
    [`options: ${SITE}/x, preflight: true`, '{ allow: preflight }'],
    [`options: ${SITE}/x`, 'login'],
    [`get: ${SITE}/office, from: 10.2.0.7`, 'allow'],
    [`get: ${SITE}/office, from: "::ffff:10.2.0.7"`, 'allow'],
    [`get: ${SITE}/office`, 'login'],
    [`get: ${SITE}/kiosk, as: kiosk, at: 2027-03-31`, 'allow'],
    [`get: ${SITE}/kiosk, as: kiosk, at: 2027-04-01`, '{ deny: mfa_disabled }'],
    [`get: ${SITE}/kiosk, as: kiosk, at: 2027-04-01T01:59:59+02:00`, 'allow'],
    [`get: ${SITE}/closed, as: alice`, '{ deny: denied }'],
    [`get: https://WIKI.example.com.:8443/assets/a?b`, 'allow'],
    [`get: https://other.example.com/`, 'not_found'],
    [`get: https://empty.example.com/x`, 'not_found'],
    [`get: /auth/login`, 'own'],
    [`get: /x`, 'not_found'],
    [`get: http://wiki.example.com/admin/x, as: alice`, 'login'],
    [`get: "${SITE}/a/../b"`, '{ reject: dot_segment }'],
    [`get: "${SITE}/a//b"`, '{ reject: empty_segment }'],
    [`get: "${SITE}/a%2fb"`, 'reject'],
    [`get: "${SITE}/a#b"`, 'reject'],
    [`get: "https://a@wiki.example.com/"`, 'reject'],
  ])
})

t.test('header fields are those that the app would get', async t => {
  const expected = [
    [
      'as: alice',
      '{ Remote-User: alice, remote-groups: "ops,staff", remote-assurance: multi, x-secret: null }',
      true,
    ],
    ['as: alice', '{ host: wiki.example.com, x-forwarded-for: 192.0.2.1, x-forwarded-proto: https }', true],
    ['as: alice, from: 10.9.9.9', '{ x-forwarded-for: 10.9.9.9 }', true],
    ['as: alice', '{ remote-user: ALICE }', false],
    ['as: alice', '{ remote-user: null }', false],
    ['as: alice', '{ x-secret: a }', false],
  ] as const
  const bench = caseBench(
    POLICY,
    expected.map(([as, headers]) => `get: ${SITE}/x, ${as}, expect: allow, headers: ${headers}`),
    { users: USERS },
  )
  t.same(
    bench.cases.map(one => runCase(one, bench.run).faults.length === 0),
    expected.map(([, , passes]) => passes),
  )
  const open = caseBench(
    POLICY,
    [`get: ${SITE}/assets/a, as: alice, expect: allow, headers: { remote-user: null }`],
    { users: USERS },
  )
  t.same(
    open.cases.flatMap(one => runCase(one, open.run).faults),
    [],
    'nobody is named where the route is public',
  )
})
