import t, { type Test } from 'tap'
import { run } from '../../src/cli/explain.js'
import type { Explanation } from '../../src/policy/explain/explanation.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
routes:
  - path: /healthz
    access: public
  - path: /reports/**
    methods: [POST]
    access: bypassed
    reason: the kiosk has no phone
  - path: /reports/**
    access: bypassed
    reason: the kiosk has no phone
    networks: [10.2.0.0/16]
  - path: /admin/**
    access: required
    groups: [ops]
    step_up: { max_age: 5m }
  - path: /profile/**
    access: enrolled
  - path: /closed/**
    access: denied
`
const SITE = 'https://wiki.example.com'

async function deployment(t: Test, gateway = GATEWAY) {
  const users = await usersYaml([
    { name: 'alice', displayname: 'Alice Ä', email: 'alice@example.com', groups: ['ops', 'staff'] },
    { name: 'bob' },
    { name: 'kiosk', mfa: 'disabled' },
    { name: 'gone', disabled: true },
  ])
  const cwd = t.testdir({ 'gateway.yaml': gateway, 'users.yaml': users })
  const say = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line.split(' '), io)
    return { code, ...io.written }
  }
  const read = async (line: string) => {
    const { code, out, err } = await say(`${line} --json`)
    if (out === '') throw new Error(err)
    return { code, ...(JSON.parse(out) as Explanation & { readonly allowed: boolean }) }
  }
  return { say, read }
}

t.test('nobody may open what is public, and the app learns of nobody', async t => {
  const { read } = await deployment(t)
  const found = await read(`GET ${SITE}/healthz?a=1`)
  t.match(found, { code: 0, allowed: true, outcome: 'allow' })
  t.equal(found.sentence, 'Allowed: no login (route wiki /healthz, gateway.yaml:5)')
  t.same(found.upstreamFields, [
    ...['Host', 'wiki.example.com', 'X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'https'],
    ...['X-Forwarded-Host', 'wiki.example.com', 'X-Forwarded-Port', '443'],
  ])
  t.equal(found.answers, undefined)
})

t.test('nobody is sent to the login, an API client told with 401', async t => {
  const { read } = await deployment(t)
  const found = await read(`POST ${SITE}/admin/x`)
  t.match(found, {
    code: 1,
    allowed: false,
    outcome: 'login',
    answers: {
      browser: {
        status: 303,
        headers: { location: `${SITE}/auth/login?return_to=%2Fadmin%2Fx&form_lost=1` },
      },
      client: { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: /"reason":"login_required"/ },
    },
  })
})

t.test('k16: each route is told with its place and why it is not the one', async t => {
  const { read } = await deployment(t)
  const routes = (await read(`GET ${SITE}/reports/q1 --from 192.0.2.9`)).routes
  t.same(
    routes.map(({ pattern, place, verdict }) => [pattern, place?.line, verdict]),
    [
      ['/healthz', 5, 'path'],
      ['/reports/**', 7, 'method'],
      ['/reports/**', 11, 'network'],
      ['/admin/**', 15, 'path'],
      ['/profile/**', 19, 'path'],
      ['/closed/**', 21, 'path'],
      ['(everything else)', undefined, 'decides'],
    ],
  )
  const inside = (await read(`POST ${SITE}/reports/q1 --from 10.2.3.4`)).routes
  t.same(inside.map(({ verdict }) => verdict).slice(0, 3), ['path', 'decides', 'not_reached'])
})

t.test('a user has just shown both proofs, unless --mfa-age says otherwise', async t => {
  const { read } = await deployment(t)
  t.match(await read(`GET ${SITE}/admin/x --as alice`), { code: 0, outcome: 'allow' })
  t.match(await read(`GET ${SITE}/admin/x --as alice --mfa-age 5m`), { code: 0, outcome: 'allow' })
  t.match(await read(`GET ${SITE}/admin/x --as ALICE --mfa-age 6m`), {
    code: 1,
    outcome: 'step_up',
    answers: {
      browser: { status: 302, headers: { location: /\/auth\/mfa\?return_to=/ } },
      client: {
        status: 401,
        headers: { 'www-authenticate': /insufficient_user_authentication.*max_age="300"/ },
      },
    },
  })
  t.match(await read(`GET ${SITE}/admin/x --as alice --mfa-age none`), { code: 1, outcome: 'mfa' })
  t.match(await read(`GET ${SITE}/profile/me --as alice --mfa-age none`), { code: 1, outcome: 'mfa' })
})

t.test('groups, disabled second factors and disabled users are taken from the users file', async t => {
  const { read } = await deployment(t)
  t.match(await read(`GET ${SITE}/admin/x --as bob`), {
    outcome: 'deny',
    sentence: /bob is not in the group ops/,
    answers: { browser: { status: 403, body: /<html/ }, client: { status: 403, body: /not_in_group/ } },
  })
  t.match(await read(`GET ${SITE}/x --as kiosk`), {
    code: 1,
    outcome: 'deny',
    sentence: /disabled for kiosk/,
  })
  t.match(await read(`GET ${SITE}/profile/me --as kiosk`), { code: 0, outcome: 'allow' })
  t.match(await read(`GET ${SITE}/x --as gone`), { code: 1, outcome: 'login' })
  t.match(await read(`GET ${SITE}/closed/x --as alice`), { code: 1, outcome: 'deny' })
})

t.test('the header fields are those that the app would get, but for the signature', async t => {
  const { read } = await deployment(t, `${GATEWAY}headers: x-forwarded\n`)
  const { upstreamFields = [] } = await read(`GET ${SITE}/admin/x --as alice`)
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < upstreamFields.length; i += 2)
    fields.set(upstreamFields[i] ?? '', upstreamFields[i + 1] ?? '')
  t.equal(fields.get('X-Forwarded-User'), 'alice')
  t.equal(fields.get('X-Forwarded-Groups'), 'ops,staff')
  t.match(fields.get('Gatehouse-Assertion'), /^\(a JWT/)
  t.match([...fields.values()].join(), "UTF-8''Alice%20%C3%84")
})

t.test('what cannot be read in one way is refused before any route', async t => {
  const { read } = await deployment(t)
  const urls = ['/a/../b', '/a//b', '/a%2fb', '/a%00', '/a\\b', '/a#b'].map(path => SITE + path)
  for (const url of [...urls, 'https://a@wiki.example.com/', 'https://wiki.example.com:99999/']) {
    const found = await read(`GET ${url}`)
    t.match(found, { code: 1, outcome: 'refused', routes: [], answers: { client: { status: 400 } } }, url)
  }
  t.match(await read(`TRACE ${SITE}/`), {
    code: 1,
    outcome: 'refused',
    answers: { browser: { status: 405 } },
  })
})

t.test('other hosts, own addresses and plain http are told as what they are', async t => {
  const { read } = await deployment(t)
  t.match(await read('GET https://other.example/'), {
    code: 1,
    outcome: 'not_found',
    answers: { client: { status: 404 } },
  })
  t.match(await read(`GET ${SITE}/auth/login`), {
    code: 1,
    outcome: 'own',
    sentence: /For the gateway itself/,
  })
  const plain = await read('GET http://wiki.example.com/x --as alice')
  t.match(plain, { code: 1, outcome: 'login', sentence: /over plain http no login is looked at/ })
  t.match(await read('GET /healthz'), {
    code: 0,
    canonical: { host: 'wiki.example.com', target: '/healthz' },
  })
  t.match(await read(`GET ${SITE}`), { canonical: { target: '/' } })
})

t.test('an app without an upstream is not found', async t => {
  const gateway = GATEWAY.replace(/^upstream.*\n/m, '')
  const { read } = await deployment(t, gateway)
  t.match(await read(`GET ${SITE}/healthz`), { code: 1, outcome: 'not_found', sentence: /no upstream/ })
})

t.test('the text fits one glance, and has colours on a terminal that wants them', async t => {
  const { say } = await deployment(t)
  const { out } = await say(`GET ${SITE}/admin/x --as alice`)
  t.matchOnly(out.split('\n').slice(0, 19), [
    `GET ${SITE}/admin/x`,
    'as alice (ops, staff), who showed password and totp just now, from 192.0.2.1',
    'is judged as GET wiki.example.com/admin/x',
    '',
    'Allowed: login and second factor (route wiki /admin/**, gateway.yaml:15)',
    '  ✓ login: alice, by password',
    '  ✓ second factor: totp just now',
    '  ✓ groups ops: alice has ops, staff',
    '  ✓ step_up, second factor within 5m: totp just now',
    '',
    'App wiki, http://127.0.0.1:3000, routes of gateway.yaml',
    '   5  /healthz     public    for another path',
    '   7  /reports/**  bypassed  for another path',
    '  11  /reports/**  bypassed  for another path',
    '> 15  /admin/**    required  decides: login and second factor',
    '  19  /profile/**  enrolled  for another path',
    '  21  /closed/**   denied    for another path',
    '',
    /^The app gets what the client sent/,
  ])
  t.match((await say(`GET ${SITE}/admin/x --as alice --mfa-age 6m`)).out, 'and totp 6m ago, from')
  t.match(out, /\n\nPolicy [0-9a-f]{16}\n$/, 'the last line names the policy')
  const own = out.split('\n').filter(line => !line.startsWith('GET'))
  t.ok(Math.max(...own.map(line => line.length)) <= 90, 'it fits an ordinary terminal')
  t.match(out, /\n {2}Remote-User: alice\n.*\n {2}Gatehouse-Assertion: \(a JWT/s)
  t.notMatch(out, '\u001b')
  t.match((await say(`GET ${SITE}/x`, { person: true })).out, '\u001b[33mNot yet')
  t.notMatch((await say(`GET ${SITE}/x`, { person: true, env: { NO_COLOR: '1' } })).out, '\u001b')
  t.notMatch((await say(`GET ${SITE}/x`, { person: true })).out, '<html', 'pages are not printed')
})

t.test('what a route asks is told one by one, with what there is', async t => {
  const { read } = await deployment(t)
  const { demands } = await read(`GET ${SITE}/admin/x --as bob --mfa-age 6m`)
  t.same(
    demands.map(({ kind, verdict, has }) => [kind, verdict, has]),
    [
      ['login', 'holds', 'bob, by password'],
      ['second_factor', 'holds', 'totp 6m ago'],
      ['groups', 'fails', 'bob has none'],
      ['step_up', 'fails', 'totp 6m ago'],
    ],
  )
  t.match((await read(`GET ${SITE}/admin/x`)).demands, [
    { kind: 'login', verdict: 'fails' },
    { kind: 'second_factor', verdict: 'open' },
  ])
})

t.test('somebody who is not in the users file has the groups that are given', async t => {
  const { read, say } = await deployment(t)
  t.match(await say(`GET ${SITE}/admin/x --as zoe`), { code: 1, err: /no user "zoe"/ })
  t.match(await read(`GET ${SITE}/admin/x --as zoe --groups guests,ops`), { code: 0, outcome: 'allow' })
  t.match(await read(`GET ${SITE}/admin/x --as alice --groups guests`), { outcome: 'deny' })
  t.match(await read(`GET ${SITE}/x --as kiosk --groups ops`), { outcome: 'deny' }, 'the rest is the file’s')
  t.match(await read(`GET ${SITE}/x --as gone --groups ops`), { outcome: 'login' }, 'disabled stays disabled')
})

t.test(
  'other factors, remembered browsers, API tokens, other times and preflights can be asked about',
  async t => {
    const route = (path: string, rest: string) => `  - { path: ${path}, access: required, ${rest} }\n`
    const gateway =
      GATEWAY.replace('upstream:', 'preflight: pass\nupstream:').replace(
        'reason: the kiosk has no phone\n    networks',
        'reason: the kiosk has no phone\n    until: 2027-03-31\n    networks',
      ) +
      route('/keys', 'step_up: { methods: [webauthn] }') +
      route('/feed', 'tokens: [feed], groups: [ops]')
    const { read } = await deployment(t, gateway)
    t.match(await read(`GET ${SITE}/keys --as alice`), { outcome: 'step_up' })
    t.match(await read(`GET ${SITE}/keys --as alice --factor totp,webauthn`), { outcome: 'allow' })
    t.match(await read(`GET ${SITE}/x --as alice --remembered`), {
      outcome: 'allow',
      demands: [{}, { has: 'a remembered browser spares it' }],
    })
    t.match(await read(`GET ${SITE}/keys --as alice --remembered`), { outcome: 'mfa' })
    t.match(await read(`GET ${SITE}/feed --token-scopes feed`), { outcome: 'allow' }, 'a machine')
    t.match(await read(`GET ${SITE}/feed --token-scopes other`), {
      outcome: 'deny',
      answers: { client: { headers: { 'www-authenticate': /insufficient_scope.*scope="feed"/ } } },
    })
    t.match(
      await read(`GET ${SITE}/feed --token-scopes feed --as bob`),
      { outcome: 'deny' },
      'not in the group',
    )
    t.match(await read(`GET ${SITE}/feed --token-scopes feed --as alice`), { outcome: 'allow' })
    const kiosk = `GET ${SITE}/reports/x --as kiosk --from 10.2.0.1`
    t.match(await read(`${kiosk} --at 2027-03-31T23:59:59Z`), { outcome: 'allow' })
    t.match(await read(`${kiosk} --at 2027-04-01T01:00+02:00`), { outcome: 'allow' })
    t.match(await read(`${kiosk} --at 2027-04-01`), {
      outcome: 'deny',
      asked: { at: '2027-04-01T00:00:00.000Z' },
    })
    t.match(await read(`OPTIONS ${SITE}/x --preflight`), { outcome: 'allow' })
    t.match(await read(`OPTIONS ${SITE}/x`), { outcome: 'login' })
  },
)

t.test('a refused request is told with a spelling that is accepted', async t => {
  const { read, say } = await deployment(t)
  const spellings = [
    ['/a//b/../c%2fd?x=1//..', '/a/c/d?x=1//..'],
    ['/a\\b', '/a/b'],
    ['/a;v=1/b', '/a/b'],
    ['/a#b', '/a'],
    ['/50%', '/50%25'],
    ['/ä', '/%C3%A4'],
    ['/a%00b', '/ab'],
    ['/a/%2e%2E', '/'],
    ['/%252e', '/.'],
  ] as const
  for (const [path, accepted] of spellings) {
    const { refusal } = await read(`GET ${SITE}${path}`)
    if (path === '/%252e') t.notMatch(refusal?.accepted?.url, /\.$/, path)
    else t.same(refusal?.accepted, { method: 'GET', url: SITE + accepted }, path)
    const again = refusal?.accepted
    if (again !== undefined) t.equal((await read(`${again.method} ${again.url}`)).refusal, undefined, path)
  }
  t.same((await read('get https://me@wiki.example.com/a')).refusal?.accepted, {
    method: 'GET',
    url: `${SITE}/a`,
  })
  t.equal((await read(`TRACE ${SITE}/`)).refusal?.accepted, undefined)
  const { out } = await say(`GET ${SITE}/a//b`)
  t.match(out, /two slashes in a row\n.*allow_in_path.*\n {2}Accepted instead: GET \S+\/a\/b\n/s)
})

t.test('a policy of 200 routes is still one glance', async t => {
  const other = Array.from({ length: 198 }, (_, i) => `  - { path: /p${i}/**, access: required }\n`).join('')
  const routes = `routes:\n${other}  - { path: /x, methods: [PUT], access: denied }\n  - { path: /x, access: public }\n`
  const { say } = await deployment(t, GATEWAY.replace(/routes:[^]*/, routes))
  const { out } = await say(`GET ${SITE}/x`)
  t.match(
    out,
    /\n +… 198 routes for other paths\n +203 {2}\/x +denied +only for PUT\n> 204 {2}\/x +public +decides: no login\n/,
  )
  t.ok(out.split('\n').length < 25)
})

t.test('what somebody else wrote does not steer the terminal', async t => {
  const { say } = await deployment(t)
  t.notMatch(
    (await say(`GET ${SITE}/\u001b[2J\u202ea --as zoe\u0007 --groups a\u001bb`)).out,
    /[\u001b\u0007\u202e]/,
  )
})

t.test('unknown users end with 1 and the name that is near; what is not understood ends with 2', async t => {
  const { say } = await deployment(t)
  t.match(await say(`GET ${SITE}/ --as alcie`), { code: 1, out: '', err: /Did you mean "alice"\?/ })
  for (const line of [
    'GET',
    'GET /a b',
    'GET foo',
    'GET ftp://x/',
    'GET / --mfa-age 6m',
    'GET / --from here',
    'GET / --groups ops',
    'GET / --factor totp',
    'GET / --remembered',
    'GET / --as alice --factor password',
    'GET / --as alice --factor totp --mfa-age none',
    'GET / --as kiosk --factor totp',
    'GET / --as alice --token-scopes a --mfa-age 5m',
    'GET / --at tomorrow',
    'GET / --at 2027-02-30',
  ]) {
    t.match(await say(line), { code: 2, out: '', err: /gatehouse explain METHOD URL/ }, line)
  }
  for (const age of ['6', '6 m', '-1m', '6M', ''])
    t.match(await say(`GET / --as alice --mfa-age=${age}`), { code: 2 }, age)
  t.match(await say('--help'), { code: 0, err: '', out: /gatehouse explain METHOD URL/ })
})

t.test('the path that the app is asked for is told where it is another one', async t => {
  const changed = GATEWAY.replace(
    'upstream: http://127.0.0.1:3000',
    `upstream: { urls: [http://a:1, http://b:2], pass_host: false }
strip_prefix: /wiki
add_prefix: /app
request_headers: { set: { X-Team: ops } }`,
  ).replace(/^routes:[^]*/m, 'routes: [{ path: /**, access: public }]\n')
  const { say, read } = await deployment(t, changed)
  const found = await read(`GET ${SITE}/wiki/healthz?a=1`)
  t.match(found, { app: { upstream: 'http://a:1, http://b:2' }, upstreamTarget: '/app/healthz?a=1' })
  t.same(found.upstreamFields?.slice(0, 4), ['Host', 'a:1 or b:2', 'X-Team', 'ops'])
  t.match((await say(`GET ${SITE}/wiki/healthz?a=1`)).out, 'The app is asked for /app/healthz?a=1')
  t.equal((await read(`GET ${SITE}/other`)).upstreamTarget, undefined)
  t.match((await say(`GET ${SITE}/other`)).out, 'the answer is 404, and the app is not asked')
  const plain = await (await deployment(t)).say(`GET ${SITE}/healthz`)
  t.notMatch(plain.out, 'is asked for')
})
