import t from 'tap'
import fc from 'fast-check'
import type { ImportOptions } from '../../../src/policy/import/imported.js'
import { importOauth2Proxy } from '../../../src/policy/import/oauth2-proxy/import-oauth2-proxy.js'
import { carried, disagreements, PLAIN, regexes, routesIn, soundly, trialsFor } from './agreement.js'

const URL_FLAG = '--redirect-url=https://wiki.example.com/oauth2/callback'
const UP = '--upstream=http://127.0.0.1:3000'

function fromFlags(flags: readonly string[], options: ImportOptions = PLAIN) {
  return soundly(importOauth2Proxy('(flags)', '', flags, options))
}

function routes(flags: readonly string[], loose = false) {
  const result = carried(fromFlags([URL_FLAG, UP, ...flags], { ...PLAIN, loose }), loose)
  const lost = result.notes.filter(({ kind }) => kind === 'lost').map(({ problem }) => problem.message)
  return { routes: routesIn(result.gateway), lost, gateway: result.gateway }
}

t.test('routes without login, by method, and the login of all others', async t => {
  const { routes: all, gateway } = routes([
    '--skip-auth-route=GET=^/pub',
    '--skip-auth-route',
    '^/open(/.*)?$',
    '--skip-auth-regex=^/old',
    '--skip-auth-preflight',
  ])
  t.same(all, [
    'path: /** methods: [OPTIONS] access: public',
    'path_regex: /pub.* methods: [GET] access: public',
    'path: /open/** access: public',
    'path_regex: /old.* access: public',
    'path: /** access: required',
  ])
  t.match(gateway, 'public_url: https://wiki.example.com\n')
  t.match(gateway, 'headers: x-forwarded')
})

t.test('groups, trusted addresses, and a negated route', async t => {
  t.same(
    routes(['--allowed-group=ops,dev', '--trusted-ip=10.0.0.0/8', '--trusted-ip', '2001:db8::1']).routes,
    [
      'path: /** networks: [10.0.0.0/8, 2001:db8::1] access: public',
      'path: /** access: required groups: [ops, dev]',
    ],
  )
  t.same(routes(['--skip-auth-route=GET!=^/admin']).routes.slice(0, 2), [
    'path_regex: /admin.* methods: [GET] access: required',
    'path: /** methods: [GET] access: public',
  ])
})

t.test('upstreams: the one of everything is the app, the paths of others are denied', async t => {
  const { routes: all, lost } = routes([
    '--upstream=http://127.0.0.1:4000/api/',
    '--upstream=file:///srv/x#/files/',
  ])
  t.same(all, [
    'path: /files/** access: denied',
    'path: /api/** access: denied',
    'path: /** access: required',
  ])
  t.match(lost.join('\n'), /the upstream of \/api\/ leads elsewhere: its paths are denied/)
  const alone = carried(
    fromFlags([URL_FLAG, '--upstream=http://127.0.0.1:3000/app/', '--skip-auth-regex=^/app/x']),
  )
  t.same(routesIn(alone.gateway), [
    'path_regex: /app/x.* access: public',
    'path: /app/*/** access: required',
    'path: /** access: denied',
  ])
})

t.test('a file: name = value, lists, comments, and no secret shown', async t => {
  const text = `# where
redirect_url = "https://wiki.example.com/oauth2/callback"
http_address = "127.0.0.1:4180" # here
upstreams = [
  "http://127.0.0.1:3000/", # the app
]
email_domains = ["example.com"]
client_secret = "hunter2hunter2"
cookie_secret = 'hunter2'
skip_auth_routes = [
  "GET=^/pub",
  '^/open\\.txt',
]
trusted_ips = [ "10.0.0.0/8" ]
cookie_domains = [".example.com"]
set_xauthrequest = true
pass_access_token = true
what_is_this = 7
}{
`
  const result = carried(soundly(importOauth2Proxy('o.cfg', text, [], PLAIN)))
  t.same(routesIn(result.gateway), [
    'path: /** networks: [10.0.0.0/8] access: public',
    'path_regex: /pub.* methods: [GET] access: public',
    "path_regex: '/open\\.txt.*' access: public",
    'path: /** access: required',
  ])
  for (const line of [
    'listen: 127.0.0.1:4180',
    'session: { domain: example.com }',
    'headers: x-auth-request',
  ])
    t.match(result.gateway, line)
  const told = result.notes.map(({ problem }) => `${problem.line}: ${problem.message}`).join('\n')
  for (const one of [
    /identity provider is not carried over/,
    /7: --email-domain: who may log in is said by the users file/,
    /17: --pass-access-token/,
    /18: --what-is-this is not known here/,
    /19: this is no option/,
  ])
    t.match(told, one)
  t.notMatch(JSON.stringify(result), /hunter2/)
})

t.test('a file of flags, and an alpha configuration', async t => {
  const flags = `command:
  - oauth2-proxy
  - ${URL_FLAG}
  - "--upstream=http://127.0.0.1:3000"
  - --skip-auth-route='^/pub'
`
  t.match(
    routesIn(
      carried(soundly(importOauth2Proxy('c', flags.split('\n').slice(1).join('\n'), [], PLAIN))).gateway,
    ),
    ['path_regex: /pub.* access: public', 'path: /** access: required'],
  )
  const alpha = `upstreamConfig:
  upstreams:
    - { id: app, path: /, uri: 'http://127.0.0.1:3000' }
    - { id: old, path: '^/old/(.*)$', rewriteTarget: /new/$1, uri: 'http://127.0.0.1:3000' }
    - { id: ok, path: /ok, static: true }
providers: [{ id: x, clientSecret: hunter2 }]
`
  const result = carried(
    soundly(importOauth2Proxy('a.yaml', alpha, [URL_FLAG, '--skip-auth-route=^/pub'], PLAIN)),
  )
  t.match(routesIn(result.gateway)[0], /denied/)
  t.notMatch(JSON.stringify(result), /hunter2/)
  t.match(importOauth2Proxy('a', 'upstreamConfig: [', [], PLAIN), { ok: false })
})

t.test('a file that nobody can read does not tell its secrets, in whatever form they stand', async t => {
  const secret = 'hunter2-hunter2'
  for (const text of [
    `upstreamConfig:\n  upstreams" ]\ncookie_secret = "${secret}"\nepath`,
    `upstreamConfig: [\n${secret}`,
    `upstreamConfig: &a\n  x: *${secret}`,
  ]) {
    const result = importOauth2Proxy('a.yaml', text, [URL_FLAG], PLAIN)
    t.equal(result.ok, false, text)
    t.notMatch(JSON.stringify(result), secret)
  }
})

t.test('a flag that is glued to the one before it ends the import, and is not told', async t => {
  for (const before of ['--skip-auth-regex=^/old', '--allowed-group ops', '--allowed-group=ops\u0002']) {
    const text = `${URL_FLAG}\n${UP}\n${before}--cookie-secret=zq7`
    const result = importOauth2Proxy('flags', text, [], PLAIN)
    t.match(result, { ok: false, problems: [{ message: 'two flags stand together here', line: 3 }] })
    t.notMatch(JSON.stringify(result), /zq7/)
  }
})

t.test('what is missing is told', async t => {
  t.match(importOauth2Proxy('x', '', [], PLAIN), {
    ok: false,
    problems: [{ message: 'there are no options of oauth2-proxy' }],
  })
  t.match(importOauth2Proxy('x', '', [UP], PLAIN), {
    ok: false,
    problems: [{ cure: 'give --public-url https://…' }],
  })
  const result = carried(fromFlags([URL_FLAG, '--provider=oidc']))
  t.match(result.gateway, 'upstream: http://write-the-upstream.invalid')
})

t.test('where another proxy forwarded and asked, it goes on doing so', async t => {
  const STATIC = '--upstream=static://202'
  for (const flags of [[STATIC, '--reverse-proxy'], ['--reverse-proxy']]) {
    const result = carried(fromFlags([URL_FLAG, ...flags, '--skip-auth-route=^/pub/']))
    t.match(result.gateway, /forward_auth: true/)
    t.notMatch(result.gateway, /upstream:/)
    t.match(routesIn(result.gateway), ['path: /pub/*/** access: public'])
    t.match(result.notes.map(({ problem }) => problem.message).join('\n'), /asks the gateway in place of/)
  }
  const deaf = carried(fromFlags([URL_FLAG, STATIC, '--skip-auth-route=^/pub/']))
  t.match(deaf.gateway, /forward_auth: true/)
  t.notMatch(deaf.gateway, /access: public/, 'it was never told of a path')
  t.match(
    deaf.notes.map(({ problem }) => problem.message).join('\n'),
    /without reverse_proxy this route opened/,
  )
  const upstreams = new Map([['wiki.example.com', 'http://wiki:3000']])
  const own = carried(fromFlags([URL_FLAG, STATIC], { ...PLAIN, upstreams }))
  t.match(own.gateway, /upstream: http:\/\/wiki:3000/)
  t.notMatch(own.gateway, /forward_auth/)
})

t.test('no request is more open than behind oauth2-proxy, and none stricter without a note', async () => {
  const method = fc.constantFrom('', 'GET=', 'POST=', '!=', 'GET!=', 'OPTIONS=')
  const skip = fc.tuple(method, regexes).map(([sign, regex]) => `--skip-auth-route=${sign}${regex}`)
  const flag = fc.oneof(
    { weight: 4, arbitrary: skip },
    regexes.map(regex => `--skip-auth-regex=${regex}`),
    fc.constantFrom(
      '--skip-auth-preflight',
      '--trusted-ip=10.0.0.0/8',
      '--trusted-ip=0.0.0.0/0',
      '--allowed-group=ops',
      '--allowed-group=dev',
      '--upstream=http://127.0.0.1:4000/api/',
      '--upstream=http://127.0.0.1:4000/a',
      '--upstream=static://200',
      '--reverse-proxy',
    ),
  )
  const upstream = fc.constantFrom(
    UP,
    UP,
    '--upstream=static://202',
    '--upstream=http://127.0.0.1:3000/a/',
    '--upstream=http://127.0.0.1:3000/api',
  )
  const trials = fc.array(trialsFor(['wiki.example.com']), { minLength: 20, maxLength: 40 })
  fc.assert(
    fc.property(
      fc.array(flag, { maxLength: 5 }),
      upstream,
      trials,
      fc.boolean(),
      (flags, up, asked, loose) => {
        const read = fromFlags([URL_FLAG, up, ...flags], { ...PLAIN, loose })
        const { opened, stricter, result } = disagreements(read, asked, loose)
        const tell = (one: unknown): Error =>
          new Error(`${flags.join('\n')} ${up}\n${result.gateway}\n${JSON.stringify(one)}`)
        if (opened.length > 0) throw tell(opened[0])
        const notes = result.notes.filter(
          ({ kind, problem }) => kind === 'lost' && !problem.message.includes('identity provider'),
        )
        if (stricter.length > 0 && notes.length === 0) throw tell(stricter[0])
      },
    ),
    { numRuns: Number(process.env.IMPORT_RUNS ?? 60) },
  )
})
