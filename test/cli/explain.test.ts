import t, { type Test } from 'tap'
import { run } from '../../src/cli/explain.js'
import type { Explanation } from '../../src/cli/explain/explanation.js'
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

t.test('each route is told with its place and why it is not the one', async t => {
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
  t.matchOnly(out.split('\n').slice(0, 14), [
    `GET ${SITE}/admin/x by alice, who showed password and second factor just now, from 192.0.2.1`,
    'is judged as GET wiki.example.com/admin/x',
    '',
    'App wiki, http://127.0.0.1:3000',
    '    /healthz     public    gateway.yaml:5   for another path',
    '    /reports/**  bypassed  gateway.yaml:7   for another path',
    '    /reports/**  bypassed  gateway.yaml:11  for another path',
    '  > /admin/**    required  gateway.yaml:15  decides: login and second factor',
    '    /profile/**  enrolled  gateway.yaml:19  for another path',
    '    /closed/**   denied    gateway.yaml:21  for another path',
    '',
    'Allowed: login and second factor (route wiki /admin/**, gateway.yaml:15)',
    '',
    /^The app gets what the client sent/,
  ])
  t.match((await say(`GET ${SITE}/admin/x --as alice --mfa-age 6m`)).out, 'second factor 6m ago, from')
  t.match(out, /\n {2}Remote-User: alice\n.*\n {2}Gatehouse-Assertion: \(a JWT/s)
  t.notMatch(out, '\u001b')
  t.match((await say(`GET ${SITE}/x`, { person: true })).out, '\u001b[33mNot yet')
  t.notMatch((await say(`GET ${SITE}/x`, { person: true, env: { NO_COLOR: '1' } })).out, '\u001b')
  t.notMatch((await say(`GET ${SITE}/x`, { person: true })).out, '<html', 'pages are not printed')
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
  ]) {
    t.match(await say(line), { code: 2, out: '', err: /gatehouse explain METHOD URL/ }, line)
  }
  for (const age of ['6', '6 m', '-1m', '6M', ''])
    t.match(await say(`GET / --as alice --mfa-age=${age}`), { code: 2 }, age)
  t.match(await say('--help'), { code: 0, err: '', out: /gatehouse explain METHOD URL/ })
})
