import t, { type Test } from 'tap'
import { run } from '../../src/cli/test.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
routes:
  - path: /assets/**
    methods: [GET]
    access: public
  - path: /reports/**
    networks: [10.2.0.0/16]
    access: bypassed
    reason: the kiosk has no phone
    until: 2027-03-31
  - path: /admin/**
    access: required
    groups: [ops]
    step_up: { max_age: 5m }
  - path: /export
    access: required
    tokens: [export:read]
`

async function deployment(t: Test, tests: string, files: Readonly<Record<string, string>> = {}) {
  const users = await usersYaml([
    { name: 'alice', email: 'alice@example.com', groups: ['ops', 'staff'] },
    { name: 'kiosk', mfa: 'disabled' },
    { name: 'gone', disabled: true },
  ])
  const cwd = t.testdir({ 'gateway.yaml': `${GATEWAY}${tests}`, 'users.yaml': users, ...files })
  return async (line = '', options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line === '' ? [] : line.split(' '), io)
    return { code, ...io.written }
  }
}

const SOUND = `tests:
  - { get: https://wiki.example.com/assets/a.js, as: anonymous, expect: allow }
  - { get: https://wiki.example.com/admin/x, as: { user: alice, groups: [ops], mfa_age: 6m }, expect: step_up }
  - { get: /admin/x, as: alice, expect: allow, headers: { remote-user: alice, Remote-Groups: "ops,staff", x-secret: null } }
  - { get: /admin/x, as: kiosk, expect: { deny: mfa_disabled } }
  - { get: /x, as: gone, expect: login }
  - { get: /a/../b, expect: { reject: dot_segment } }
  - { request: "TRACE /a", expect: reject }
  - { get: https://other.example/, expect: not_found }
  - { get: /auth/login, expect: own }
`

t.test('cases that hold are counted', async t => {
  const test = await deployment(t, SOUND)
  t.same(await test(), { code: 0, out: '9 passed, 0 failed\n', err: '' })
})

t.test('a failure shows its place, what was expected, what came, and the explanation', async t => {
  const test = await deployment(
    t,
    `tests:
  - { get: /admin/x, as: alice, expect: allow }
  - { get: /admin/x, as: { user: bob, groups: [staff] }, expect: allow, name: bob gets in }
`,
  )
  const { code, out, err } = await test()
  t.equal(code, 1)
  t.equal(err, '')
  t.match(
    out,
    'gateway.yaml:22:5: failed: bob gets in\n  expected allow, came deny (not_in_group)\n\n  GET /admin/x as bob of staff',
  )
  t.match(out, /\n {2}Refused: bob is not in the group ops \(route wiki \/admin\/\*\*, gateway\.yaml:13\)/)
  t.match(out, /\n1 passed, 1 failed\n$/)
})

t.test('a reason and header fields are compared where they are given', async t => {
  const test = await deployment(
    t,
    `tests:
  - { get: /assets/a, expect: { allow: required } }
  - { get: /x, as: alice, expect: allow, headers: { remote-user: bob, remote-email: null, x-a: b } }
`,
  )
  const { code, out } = await test()
  t.equal(code, 1)
  t.match(out, 'expected allow (required), came allow (public)')
  t.match(
    out,
    'expected remote-user: bob, came remote-user: alice\n  expected no remote-email, came remote-email: alice@example.com\n  expected x-a: b, came no x-a\n',
  )
})

t.test('cases beside the configuration and in further files are run too', async t => {
  const test = await deployment(t, SOUND, {
    'gateway.tests.yaml': 'tests:\n  - { get: /assets/b, expect: allow }\n',
    'more.yaml': '# more\n- { get: /assets/c, expect: deny }\n',
  })
  t.match(await test(), { code: 0, out: '10 passed, 0 failed\n' })
  t.match(await test('gateway.tests.yaml'), { code: 0, out: '10 passed, 0 failed\n' }, 'it is read once')
  t.match(await test('more.yaml'), {
    code: 1,
    out: /^more\.yaml:2:3: failed: GET \/assets\/c as nobody[^]*10 passed, 1 failed/,
  })
  t.match(await test('none.yaml'), {
    code: 1,
    out: '',
    err: /none\.yaml:1:1: error: the file cannot be read/,
  })
})

t.test('nothing is run while a file is wrong, and each problem has its place', async t => {
  const test = await deployment(t, SOUND, { 'gateway.tests.yaml': '- { get: /a, expect: alow }\n' })
  t.match(await test(), {
    code: 1,
    out: '',
    err: /^gateway\.tests\.yaml:1:22: error: "alow".*\n.*\n.*\n {2}Cure: /,
  })
  const inside = await deployment(t, 'tests: [{ get: /a }]\n')
  t.match(await inside(), { code: 1, out: '', err: /gateway\.yaml:20:9: error: a case needs "expect"/ })
})

t.test('a user whom the file does not know is an error by name, and a stranger in a block', async t => {
  const test = await deployment(t, 'tests:\n  - { get: /x, as: alcie, expect: allow }\n')
  t.match(await test(), {
    code: 1,
    out: '',
    err: /gateway\.yaml:21:5: error: there is no user "alcie".*Did you mean "alice"\?/,
  })
  const stranger = `tests:
  - { get: /admin/x, as: { user: bob }, expect: deny }
  - { get: /admin/y, as: { user: bob }, expect: deny }
`
  const { code, out, err } = await (await deployment(t, stranger))()
  t.same([code, out, err.match(/warning: there is no user "bob"/g)?.length], [0, '2 passed, 0 failed\n', 1])
})

t.test('a users file that cannot be read matters only to cases that need it', async t => {
  const gateway = GATEWAY.replace('users.yaml', 'none.yaml')
  const cwd = t.testdir({
    'gateway.yaml': `${gateway}tests:\n  - { get: /x, as: { user: alice, groups: [ops] }, expect: allow }\n`,
    'more.yaml': '- { get: /x, as: alice, expect: allow }\n',
  })
  const alone = testIo(cwd)
  t.equal(await run([], alone), 0)
  const more = testIo(cwd)
  t.equal(await run(['more.yaml'], more), 1)
  t.match(more.written.err, /none\.yaml:1:1: error: the file cannot be read/)
})

t.test('without a single case nothing fails, and it is said', async t => {
  const test = await deployment(t, '')
  t.match(await test(), { code: 0, out: '0 passed, 0 failed\n', err: /There are no cases/ })
})

t.test('--coverage tells the routes that no case touches and the sides that none tries', async t => {
  const test = await deployment(
    t,
    'tests:\n  - { get: /assets/a, expect: allow }\n  - { post: /assets/a, expect: login }\n',
  )
  const { code, out } = await test('--coverage')
  t.equal(code, 0)
  t.equal(
    out,
    `2 passed, 0 failed

Coverage: 23 % (4 of 17: each route, and both sides of each condition).
Not tried yet:
  wiki /reports/**  gateway.yaml:8
      no case touches it
      networks: a request from there
      networks: one from elsewhere
      until: the password alone before that time
      until: the password alone after it
  wiki /admin/**  gateway.yaml:13
      no case touches it
      groups: a member is let in
      groups: somebody in none of them is denied
      step_up: a proof that suffices
      step_up: one that is too old, or of another kind
  wiki /export  gateway.yaml:17
      no case touches it
      tokens: an API token with the scope
      tokens: an API token without it
`,
  )
  t.match(await test('--min 23'), { code: 0 })
  t.match(await test('--min 24'), { code: 1, out: /That is less than 24 %\./ })
  t.match(await test('--min all'), { code: 2, err: /--min is a whole number/ })
})

t.test('--json gives results and coverage to a program', async t => {
  const test = await deployment(
    t,
    `${SOUND}  - { get: /x, as: { user: a, groups: [b], mfa: none }, expect: allow }\n`,
  )
  const { code, out } = await test('--json --coverage')
  t.equal(code, 1)
  t.match(JSON.parse(out), {
    ok: false,
    passed: 9,
    failed: 1,
    failures: [
      {
        file: 'gateway.yaml',
        line: 30,
        column: 5,
        method: 'GET',
        url: '/x',
        expected: { outcome: 'allow' },
        outcome: 'mfa',
        faults: ['expected allow, came mfa'],
        explanation: { outcome: 'mfa', canonical: { host: 'wiki.example.com' } },
      },
    ],
    coverage: { points: 17, routes: [{ app: 'wiki', pattern: '/assets/**', place: { line: 5 }, cases: 1 }] },
  })
})

t.test('--format github gives one annotation for each failure', async t => {
  const test = await deployment(t, 'tests:\n  - { get: /x, as: alice, expect: deny, name: "a: b" }\n')
  const { code, out } = await test('--format github')
  t.equal(code, 1)
  t.match(
    out,
    /^::error file=gateway\.yaml,line=21,col=5,title=gatehouse test%3A error::a: b: GET \/x as alice.*expected deny, came allow.*\n0 passed, 1 failed\n$/,
  )
  t.match(await test('--format xml'), { code: 2, err: /--format is one of text, json, github/ })
  t.match(await test('--json --format github'), { code: 2 })
})

t.test('on a terminal it has colours and says how far it is', async t => {
  const test = await deployment(t, 'tests:\n  - { get: /x, expect: allow }\n')
  const person = await test('', { person: true })
  t.match(person.out, '\u001b[31mgateway.yaml:21:5: failed')
  t.match(person.err, /\r\u001b\[KReading gateway\.tests\.yaml …\r\u001b\[K$/)
  const plain = await test('', { person: true, env: { NO_COLOR: '1' } })
  t.notMatch(plain.out, '\u001b')
})

t.test('only the first failures are explained when there are many', async t => {
  const cases = Array.from({ length: 25 }, (_, i) => `- { get: /x${i}, expect: allow }\n`).join('')
  const test = await deployment(t, '', { 'more.yaml': cases })
  const { out } = await test('more.yaml')
  t.equal(out.match(/is judged as/g)?.length, 20)
  t.match(out, /Only the first 20 of 25 are explained\.\n0 passed, 25 failed\n$/)
})

t.test('help and what is not understood', async t => {
  const test = await deployment(t, '')
  t.match(await test('--help'), { code: 0, err: '', out: /gatehouse test \[FILE…\]/ })
  t.match(await test('--nonsense'), { code: 2, out: '', err: /gatehouse test \[FILE…\]/ })
})
