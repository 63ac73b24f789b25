import t from 'tap'
import { readFileSync } from 'node:fs'
import { formatProblem } from '../../src/documents/problem.js'
import { loadText, problemsOf, site, withRoutes, withSecondApp } from './broken-file.js'

/** What is said of routes that weaken others, as `line: message`. */
function weakenings(...routes: readonly string[]): readonly string[] {
  return weakeningsOf(withRoutes(...routes))
}

function weakeningsOf(text: string): readonly string[] {
  const problems = problemsOf(text)
  if (problems.some(({ severity }) => severity === 'error'))
    throw new Error(problems.map(formatProblem).join('\n'))
  return problems
    .filter(({ message }) => / comes first|only a part/.test(message))
    .map(({ line, message }) => `${line}: ${message}`)
}

t.test(
  'k7: a route that opens a part of a stricter one: both places, the consequence and the cure',
  async t => {
    const [problem, ...others] = problemsOf(
      withRoutes('path: /*/help, access: public', 'path: /admin/**, access: required, groups: [ops]'),
    )
    t.same(others, [])
    t.equal(
      problem && formatProblem(problem),
      [
        '/etc/gatehouse/gateway.yaml:5:5: warning: GET /admin/help needs no login, although /admin/** on line 6 asks for ' +
          'login and second factor, the group ops: this route comes first',
        '    5 |   - { path: /*/help, access: public }',
        '      |     ^',
        '  See /etc/gatehouse/gateway.yaml:6:5: /admin/** asks for login and second factor, the group ops',
        '    6 |   - { path: /admin/**, access: required, groups: [ops] }',
        '      |     ^',
        '  Cure: move line 6 above line 5; if GET /admin/help is meant so, give /admin/help a route of its own above both',
      ].join('\n'),
    )
  },
)

const REASON = 'reason: x, until: 2099-01-01'
const weaker: readonly (readonly [name: string, earlier: string, later: string, says: RegExp])[] = [
  ['a broader one for fewer methods', 'path: /**, methods: [GET], access: public', 'path: /a, access: required', /^5: GET \/a needs no login/],
  ['a broader one from fewer networks', 'path: /**, networks: [10.0.0.0/8], access: public', 'path: /a, access: required', /^5: GET \/a from 10\.0\.0\.0 needs no login/],
  ['the same path for a method that the later one names', 'path: /a, methods: [GET, POST], access: public', 'path: /a, methods: [POST, PUT], access: required', /^5: POST \/a needs no login/],
  ['the same path from more networks', 'path: /a, networks: [10.0.0.0/8], methods: [GET], access: public', 'path: /a, networks: [10.1.0.0/16], access: bypassed, reason: x, until: 2099-01-01', /^5: GET \/a from 10\.1\.0\.0 needs no login/],
  ['bypassed before required', `path: "/*/b", access: bypassed, ${REASON}`, 'path: "/a/*", access: required', /GET \/a\/b needs only a login without second factor, although .* asks for login and second factor/],
  ['enrolled before required', 'path: "/*/b", access: enrolled', 'path: "/a/*", access: required', /only a login, with a second factor only of users who have one/],
  ['bypassed before enrolled', `path: "/*/b", access: bypassed, ${REASON}`, 'path: "/a/*", access: enrolled', /needs only a login without/],
  ['required before denied', 'path: "/*/b", access: required', 'path: "/a/*", access: denied', /needs only login and second factor, although .* lets nobody pass/],
  ['no groups before groups', 'path: "/*/b", access: required', 'path: "/a/*", access: required, groups: [ops, dev]', /the groups ops or dev/],
  ['more groups before fewer', 'path: "/*/b", access: required, groups: [ops, dev]', 'path: "/a/*", access: required, groups: [ops]', /the groups ops or dev, although .*, the group ops/],
  ['no users before users', 'path: "/*/b", access: enrolled', 'path: "/a/*", access: enrolled, users: [alice]', /, the user alice/],
  ['no step_up before step_up', 'path: "/*/b", access: required', 'path: "/a/*", access: required, step_up: { max_age: 5m }', /a fresh proof \(step_up\)/],
  ['an older proof before a fresher one', 'path: "/*/b", access: required, step_up: { max_age: 1h }', 'path: "/a/*", access: required, step_up: { max_age: 5m }', /GET \/a\/b/],
  ['more factors before fewer', 'path: "/*/b", access: required, step_up: { methods: [totp, webauthn] }', 'path: "/a/*", access: required, step_up: { methods: [webauthn] }', /GET \/a\/b/],
  ['API tokens before none', 'path: "/*/b", access: required, tokens: [read, write]', 'path: "/a/*", access: required, tokens: [read]', /an API token with the scope write opens GET \/a\/b, although .* takes no such token/],
  ['any number of segments across one', 'path: "/**/b", methods: [GET], access: public', 'path: "/a/*/**", access: required', /GET \/a\/b needs no login/],
  ['a regex across a pattern', 'path_regex: "/[^/]+/help", access: public', 'path: /admin/**, access: required', /GET \/admin\/help needs no login/],
  ['a regex that goes on below', 'path_regex: "/v[0-9]+/.*", access: public, methods: [GET]', 'path: "/v1/*/secret", access: required', /GET \/v1\/xx?\/secret needs no login/],
  ['a pattern across a regex', 'path: "/*/help", access: public', 'path_regex: "/(admin|ops)/[a-z]+", access: required', /GET \/(admin|ops)\/help needs no login/],
  ['a regex before a narrower regex', 'path_regex: "/a.*", methods: [GET], access: public', 'path_regex: "/ab+", access: required', /GET \/abb? needs no login/],
] // prettier-ignore
t.test('a route that weakens a later one', async t => {
  for (const [name, earlier, later, says] of weaker) {
    const [found, ...others] = weakenings(earlier, later)
    t.match(found, says, name)
    t.same(others, [], name)
  }
})

const sound: readonly (readonly [name: string, ...routes: readonly string[]])[] = [
  ['an exception before a tree', 'path: /admin/healthz, access: public', 'path: /admin/**, access: required, groups: [ops]'],
  ['an exception with a wildcard', 'path: "/admin/*/logo", access: public', 'path: /admin/**, access: denied'],
  ['an exception for every method before some', 'path: /healthz, access: public', 'path: /**, methods: [POST], access: required'],
  ['an exception that is a regex', 'path_regex: "/a/[a-z]+", access: public', 'path: /a/**, access: required'],
  ['an exception before a regex', 'path: /ab, access: public', 'path_regex: "/a.*", access: required'],
  ['the same path for fewer methods', 'path: /a/**, methods: [GET], access: public', 'path: /a/**, access: required'],
  ['the same regex for fewer methods', 'path_regex: "/a+", methods: [GET], access: public', 'path_regex: "/a+", access: required'],
  ['the same path from fewer networks', `path: /a, networks: [10.1.0.0/16], access: bypassed, ${REASON}`, 'path: /a, networks: [10.0.0.0/8], access: required', 'path: /a, access: denied'],
  ['the stricter one first', 'path: /admin/**, access: required, groups: [ops]', 'path: "/*/help", access: public'],
  ['other methods', 'path: "/*/b", methods: [GET], access: public', 'path: "/a/*", methods: [POST], access: required'],
  ['other networks', 'path: "/*/b", networks: [10.0.0.0/8], access: public', 'path: "/a/*", networks: [192.0.2.0/24], access: bypassed, reason: x, until: 2099-01-01'],
  ['other paths', 'path: "/*/b/c", access: public', 'path: "/a/*", access: required'],
  ['other regexes', 'path_regex: "/v[0-9]+", access: public', 'path: "/[a]/*", access: required'],
  ['other groups', 'path: "/*/b", access: required, groups: [ops]', 'path: "/a/*", access: required, groups: [dev]'],
  ['one user for a group', 'path: "/*/b", access: required, users: [alice]', 'path: "/a/*", access: required, groups: [dev]'],
  ['a crossing whose part has a route of its own above', 'path: /admin/help, access: public', 'path: "/*/help", access: public', 'path: /admin/**, access: required'],
  ['a crossing within the paths of the gateway itself', 'path: "/*/x", access: public', 'path: /auth/x/**, access: public', 'path: "/auth/*", access: required'],
] // prettier-ignore
t.test('no warning for', async t => {
  for (const [name, ...routes] of sound) {
    const found = problemsOf(withRoutes(...routes)).filter(({ message }) => message.includes('comes first'))
    t.same(found.map(formatProblem), [], name)
  }
})

t.test('a bypass that is over counts as what it is now', async t => {
  const over = 'path: "/*/b", access: bypassed, reason: x, until: 2020-01-01'
  t.same(weakenings(over, 'path: "/a/*", access: required'), [])
  t.match(weakenings('path: "/*/b", access: enrolled', over.replace('/*/b', '/a/*')), [/^5: GET \/a\/b/])
})

t.test('one route that opens many is told once, with the first three', async t => {
  const later = Array.from({ length: 9 }, (_, i) => `path: /a${i}/**, access: required`)
  const [problem, ...others] = problemsOf(withRoutes('path: /**, methods: [GET], access: public', ...later))
  t.same(others, [])
  t.match(problem, {
    message: /^GET \/a0 .*, and so it is with other routes below$/,
    cure: /^move lines 6, 7 and 8 above line 5; /,
    related: [
      { line: 6 },
      { line: 7, says: '/a1/** asks for login and second factor, but GET /a1 needs no login' },
      { line: 8 },
    ],
  })
})

t.test('each app is looked at by itself, a wildcard host too', async t => {
  const routes = ['routes:', '  - { path: "/*/b", access: public }', '  - { path: "/a/*", access: required }']
  const wild = withSecondApp(
    ['name: b', 'host: "*.example.com"', 'upstream: "http://b:1"', ...routes],
    'session: { domain: example.com }',
  )
  t.match(weakeningsOf(wild), [/^10: GET \/a\/b needs no login/])
})

t.test('nothing is said of a policy while its file has errors', async t => {
  const problems = problemsOf(withRoutes('path: "/*/b", access: public', 'path: "/a/*", acces: required'))
  t.notOk(problems.some(({ severity }) => severity === 'warning'))
})

t.test('the examples have nothing to warn of', async t => {
  for (const name of ['single-app', 'several-apps', 'kiosk-bypass', 'every-way-in']) {
    const text = readFileSync(new URL(`../../config/examples/${name}.yaml`, import.meta.url), 'utf8')
    const loaded = loadText(text, { env: { SMTP_PASSWORD: 'x' } })
    t.same(loaded.ok ? loaded.warnings.map(formatProblem) : loaded.problems, [], name)
  }
})

/** Loads a text, and gives the CPU seconds that it took, so that a busy machine does not matter. */
function timed(text: string): { readonly seconds: number; readonly messages: readonly string[] } {
  const before = process.cpuUsage()
  const loaded = loadText(text)
  const { user, system } = process.cpuUsage(before)
  const problems = loaded.ok ? loaded.warnings : loaded.problems
  return { seconds: (user + system) / 1_000_000, messages: problems.map(({ message }) => message) }
}

const many = (count: number, route: (index: number) => string): string =>
  site(`routes:\n${Array.from({ length: count }, (_, i) => `  - { ${route(i)} }`).join('\n')}`)
const access = (index: number): string => (index % 2 === 0 ? 'access: required' : 'access: public')
const large: readonly (readonly [string, (index: number) => string, number, boolean])[] = [
  ['paths that begin with other texts', i => `path: /a${i}/**, access: required`, 10_000, false],
  ['wildcards at the beginning', i => `path: "/*/b${i}/*", ${access(i)}`, 10_000, false],
  ['all of which cross', i => (i % 2 === 0 ? `path: "/a${i}/*", access: required` : `path: "/*/b${i}", access: public`), 10_000, false],
  ['any number of segments first', i => `path: "/**/*/*/*/*/b${i}", ${access(i)}`, 8_000, true],
  ['regexes that begin with other texts', i => `path_regex: "/b${i}/[a-z]+", ${access(i)}`, 8_000, false],
  ['regexes that begin alike', i => `path_regex: "/[a-z]+/b${i}", ${access(i)}`, 8_000, true],
] // prettier-ignore
for (const [name, route, count, isPartial] of large) {
  t.test(`${count} routes, ${name}, take a few seconds and say when they were not all compared`, async t => {
    const { seconds, messages } = timed(many(count, route))
    t.ok(seconds < 6)
    t.equal(messages.filter(message => message.startsWith('only a part of these')).length, isPartial ? 1 : 0)
  })
}
