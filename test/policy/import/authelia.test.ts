import t from 'tap'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { importAuthelia } from '../../../src/policy/import/authelia/import-authelia.js'
import { carried, disagreements, PLAIN, regexes, routesIn, soundly, trialsFor } from './agreement.js'

const HEAD = `session:
  cookies: [{ domain: example.com, authelia_url: 'https://auth.example.com' }]
authentication_backend: { file: { path: users.yaml } }
`
const UPSTREAMS = new Map([
  ['wiki.example.com', 'http://wiki:3000'],
  ['mail.example.com', 'http://mail:8000'],
  ['*.example.com', 'http://rest:8000'],
])
const OPTIONS = { ...PLAIN, upstreams: UPSTREAMS }

function imported(control: string, options = OPTIONS) {
  return soundly(importAuthelia('configuration.yml', `${HEAD}access_control:\n${control}`, options))
}

/** Routes, and what was lost. */
function routes(control: string, options = OPTIONS) {
  const result = carried(imported(control, options), options.loose)
  const lost = result.notes.filter(({ kind }) => kind === 'lost').map(({ problem }) => problem.message)
  return { routes: routesIn(result.gateway), lost }
}

t.test('policies by their other names, each with its line', async t => {
  const result = carried(
    imported(`  rules:
    - { domain: wiki.example.com, resources: '^/assets([/?].*)?$', policy: bypass }
    - { domain: wiki.example.com, resources: '^/kiosk', policy: one_factor }
    - { domain: wiki.example.com, resources: '^/old([/?].*)?$', policy: deny }
    - { domain: wiki.example.com, policy: two_factor }
`),
  )
  t.ok(result.gateway.includes("# line 6: rule 1 (bypass)\n      - path_regex: '/assets([/?].*)?'\n"))
  t.same(routesIn(result.gateway), [
    "path_regex: '/assets([/?].*)?' access: public",
    "path_regex: /kiosk.* access: bypassed reason: 'imported from Authelia: rule 2 (one_factor) asked for one factor'",
    "path_regex: '/old([/?].*)?' access: denied",
    'path: /** access: required',
  ])
  t.same(
    result.notes.filter(({ kind }) => kind === 'lost'),
    [],
    'all of it is carried over',
  )
  t.match(
    result.notes.map(({ problem }) => problem.message).join('\n'),
    /bypassed, which is login without second/,
  )
})

t.test('the proxy that asked Authelia asks on, where nobody says that the gateway forwards', async t => {
  const rules = `  rules:
    - { domain: wiki.example.com, policy: two_factor }
    - { domain: mail.example.com, policy: one_factor }
`
  const upstreams = new Map([['mail.example.com', 'http://mail:8000']])
  const { gateway, notes } = carried(imported(rules, { ...OPTIONS, upstreams }))
  t.match(gateway, /host: wiki\.example\.com\n {4}# Another proxy.*\n {4}forward_auth: true\n/)
  t.match(gateway, /host: mail\.example\.com\n {4}upstream: http:\/\/mail:8000\n/)
  t.same(
    notes.filter(({ kind }) => kind === 'lost'),
    [],
  )
  t.match(
    notes.map(({ problem }) => problem.message).join('\n'),
    /wiki\.example\.com, and asks the gateway in/,
  )
})

t.test('an open rule never gets more than it had: query and slash', async t => {
  const { routes: all, lost } = routes(`  rules:
    - { domain: wiki.example.com, resources: ['^/healthz$', '^/pub/'], policy: bypass }
    - { domain: wiki.example.com, policy: two_factor }
`)
  t.same(all, ['path: /pub/*/** access: public', 'path: /** access: required'])
  t.match(lost, [/left out for \/healthz, \/pub, where the stricter rules behind it decide/])
  const loose = routes(
    `  rules:
    - { domain: wiki.example.com, resources: ['^/healthz$', '^/pub/'], policy: bypass }
    - { domain: wiki.example.com, policy: two_factor }
`,
    { ...OPTIONS, loose: true },
  )
  t.same(loose.routes, [
    'path: /healthz access: public',
    'path: /pub/*/** access: public',
    'path: /** access: required',
  ])
  t.same(loose.lost, [])
})

t.test('who is not meant goes on to the next rule there, and here the rules are joined', async t => {
  const { routes: all, lost } = routes(`  rules:
    - { domain: wiki.example.com, resources: '^/admin', subject: ['group:ops'], policy: two_factor }
    - { domain: wiki.example.com, resources: '^/admin', subject: ['group:dev'], policy: two_factor }
    - { domain: wiki.example.com, resources: '^/admin', policy: deny }
    - { domain: wiki.example.com, subject: 'user:bob', policy: deny }
    - { domain: wiki.example.com, policy: one_factor }
`)
  t.same(all, ['path_regex: /admin.* access: required groups: [ops, dev]', 'path: /** access: denied'])
  t.match(lost, [/rule 4 \(deny\): it passed on those whom it was not for/])
})

t.test('networks, with names and the default for all others', async t => {
  const { routes: all, lost } = routes(`  default_policy: two_factor
  networks: [{ name: internal, networks: [10.0.0.0/8, '2001:db8::/32'] }]
  rules:
    - { domain: wiki.example.com, networks: internal, policy: one_factor }
    - { domain: wiki.example.com, resources: '^/x', networks: [198.51.100.7], policy: two_factor }
    - { domain: wiki.example.com, networks: [0.0.0.0/0], resources: '^/all', policy: bypass }
`)
  t.match(all[0], /networks: \[10\.0\.0\.0\/8, 2001:db8::\/32\] access: bypassed/)
  t.match(all.join('\n'), /networks: \[0\.0\.0\.0\/1, 128\.0\.0\.0\/1\] access: public/)
  t.match(lost, [/default_policy two_factor is carried over for the hosts that rules name/])
})

t.test('what looks at the query opens nothing', async t => {
  const { routes: all, lost } = routes(`  rules:
    - { domain: wiki.example.com, query: [[{ key: token, value: x }]], policy: bypass }
    - { domain: wiki.example.com, policy: two_factor }
`)
  t.same(all, ['path: /** access: required'])
  t.match(lost.join('\n'), /rule 1 looks at the query/)
})

t.test('a misspelt rule takes the stricter side', async t => {
  const { routes: all, lost } = routes(`  rules:
    - { domain: wiki.example.com, resource: '^/admin', policy: deny }
    - { domain: wiki.example.com, policy: bypass }
`)
  t.same(all, ['path: /** access: denied'])
  t.match(lost.join('\n'), /"resource" is not known/)
})

t.test('an empty list is no criterion, and what is listed twice is written once', async t => {
  const { routes: all } = routes(`  rules:
    - { domain: wiki.example.com, resources: [], networks: [], subject: [], methods: [GET, HEAD, GET], policy: bypass }
    - { domain: wiki.example.com, networks: [10.0.0.0/8, 10.0.0.0/8], policy: two_factor }
`)
  t.same(all, [
    'path: /** methods: [GET] access: public',
    'path: /** networks: [10.0.0.0/8] access: required',
    'path: /** access: denied',
  ])
})

t.test('hosts: wildcards, regexes, the portal itself, and what no cookie reaches', async t => {
  const result = carried(
    imported(`  rules:
    - { domain: auth.example.com, policy: bypass }
    - { domain: other.org, policy: one_factor }
    - { domain_regex: '^(pub|img)\\.example\\.com$', policy: bypass }
    - { domain: ['*.example.com', wiki.example.com], policy: two_factor }
`),
  )
  t.match(result.gateway, /host: '\*\.example\.com'/)
  t.match(result.gateway, /host: wiki\.example\.com/)
  t.notMatch(result.gateway, /host: auth|other\.org/)
  const lost = result.notes.filter(({ kind }) => kind === 'lost').map(({ problem }) => problem.message)
  t.match(lost.join('\n'), /other\.org is no host within the cookie domain/)
  t.match(lost.join('\n'), /exactly one/)
  t.match(lost.join('\n'), /no regex names it/)
})

t.test('settings: those that are there too, and what becomes of the rest; no secret is shown', async t => {
  const text = `jwt_secret: hunter2hunter2
session: { secret: hunter2, domain: example.com, expiration: 1 hour, inactivity: 300 }
totp: { issuer: Example Ltd, period: 60 }
authentication_backend: { ldap: { password: hunter2 } }
storage: { encryption_key: hunter2, postgres: { password: hunter2 } }
something: new
access_control: { rules: [{ domain: wiki.example.com, policy: one_factor }] }
`
  const result = carried(soundly(importAuthelia('c.yml', text, OPTIONS)))
  t.match(result.gateway, 'session: { domain: example.com, idle: 300s, absolute: 1h }')
  t.match(result.gateway, "mfa: { issuer: 'Example Ltd' }")
  t.match(result.gateway, 'public_url: https://auth.example.com')
  const shown = JSON.stringify(result)
  t.notMatch(shown, /hunter2/)
  for (const told of [/second factors in the storage/, /no file with the users/, /"something" is not known/])
    t.match(result.notes.map(({ problem }) => problem.message).join('\n'), told)
})

t.test('what is not understood is told with its place', async t => {
  t.match(importAuthelia('c.yml', 'a: [', PLAIN), { ok: false, problems: [{ file: 'c.yml' }] })
  t.match(importAuthelia('c.yml', 'theme: dark\n', PLAIN), {
    ok: false,
    problems: [{ message: 'there is no "access_control" in this file' }],
  })
  t.match(importAuthelia('c.yml', `${HEAD}access_control: { rules: [] }\n`, PLAIN), { ok: false })
})

t.test('no request is more open than in Authelia, and none stricter without a note', async t => {
  const list = <T>(values: readonly T[], maxLength = 2) =>
    fc.subarray([...values], { minLength: 1, maxLength })
  const rule = fc.record(
    {
      domain: list(['wiki.example.com', 'mail.example.com', '*.example.com']),
      policy: fc.constantFrom('bypass', 'one_factor', 'two_factor', 'deny'),
      resources: fc.array(regexes, { minLength: 1, maxLength: 2 }),
      methods: list(['GET', 'HEAD', 'POST', 'OPTIONS'], 3),
      networks: list(['10.0.0.0/8', '10.1.0.0/16', 'office', '0.0.0.0/0', '2001:db8::/32']),
      subject: fc.array(
        fc.oneof(
          fc.constantFrom('user:ann', 'group:ops', 'group:dev'),
          list(['user:bob', 'group:ops', 'group:dev']),
        ),
        { minLength: 1, maxLength: 2 },
      ),
      query: fc.constant([[{ key: 'q', value: '1' }]]),
    },
    { requiredKeys: ['domain', 'policy'] },
  )
  const sound = rule
    .map(({ subject, ...rest }) =>
      rest.policy === 'bypass' || subject === undefined ? rest : { ...rest, subject },
    )
    .filter(({ resources }) => resources?.every(isRegex) !== false)
  const control = fc.record({
    default_policy: fc.constantFrom('deny', 'deny', 'one_factor', 'two_factor', 'bypass'),
    networks: fc.constant([{ name: 'office', networks: ['198.51.100.0/24'] }]),
    rules: fc.array(sound, { minLength: 1, maxLength: 5 }),
  })
  const trials = fc.array(trialsFor(['wiki.example.com', 'mail.example.com', 'x.example.com']), {
    minLength: 20,
    maxLength: 30,
  })
  let stricterCases = 0
  fc.assert(
    fc.property(control, trials, fc.boolean(), (written, asked, loose) => {
      const text = HEAD + stringify({ access_control: written }, { aliasDuplicateObjects: false })
      const read = soundly(importAuthelia('c.yml', text, { ...OPTIONS, loose }))
      const hosts = new Set(read.apps.map(({ host }) => host))
      const reached = asked.filter(({ request }) => hosts.has(request.host) || hosts.has('*.example.com'))
      const { opened, stricter, result } = disagreements(read, reached, loose)
      if (opened.length > 0) throw new Error(`${text}\n${result.gateway}\n${JSON.stringify(opened[0])}`)
      const notes = result.notes.filter(
        ({ kind, problem }) => kind === 'lost' && /\brule \d/.test(problem.message),
      )
      stricterCases += stricter.length
      if (stricter.length > 0 && notes.length === 0)
        throw new Error(`${text}\n${result.gateway}\n${JSON.stringify(stricter[0])}`)
    }),
    { numRuns: Number(process.env.IMPORT_RUNS ?? 60) },
  )
  t.ok(stricterCases > 0, 'there is something to note')
})

function isRegex(source: string): boolean {
  try {
    new RegExp(source.replace('(?i)', ''))
    return true
  } catch {
    return false
  }
}
