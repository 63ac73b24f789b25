import t from 'tap'
import { formatProblem } from '../../src/documents/problem.js'
import { readUsersFile } from '../../src/users/users-file.js'
import { loadText, problemsOf, site, withRoutes, withSecondApp } from './broken-file.js'

function found(...routes: readonly string[]): readonly string[] {
  return problemsOf(withRoutes(...routes)).map(({ line, column, message }) => `${line}:${column} ${message}`)
}

t.test('public routes by which anybody may change things are told', async t => {
  t.match(found('path: /x/**, methods: [GET, DELETE, POST], access: public'), [
    /^5:29 anybody may send DELETE and POST to whatever \/x\/\*\* stands for, without a login$/,
  ])
  t.match(found('path_regex: "/x/.*", methods: [PUT], access: public'), [/anybody may send PUT/])
  for (const everything of ['path: /**', 'path: "/*/**"', 'path_regex: "/.*"'])
    t.match(found(`${everything}, access: public`), [/^5:5 anybody may also POST, PUT and DELETE without/])
  const guards = ['required, groups: [ops]', 'required, users: [a]', 'required, step_up: { max_age: 5m }']
  for (const guard of [...guards, 'denied']) {
    const [told, ...others] = problemsOf(
      withRoutes('path: /admin/docs/**, access: public', `path: /admin/**, access: ${guard}`),
    )
    t.match(told, {
      message:
        /^anybody may also POST, PUT and DELETE below \/admin\/docs\/\*\* .* \/admin\/\*\* around it on line 6/,
      cure: /^add "methods: \[GET\]"/,
      related: [{ line: 6 }],
    })
    t.same(others, [])
  }
})

t.test('public routes of the usual kind are not', async t => {
  for (const route of [
    'path: /healthz',
    'path: /assets/**',
    'path: "/hooks/*", methods: [POST]',
    'path: /**, methods: [GET, HEAD, OPTIONS]',
    'path_regex: "/v[0-9]+/feed"',
    'path: /dav/**, methods: [GET, PROPFIND, REPORT]',
  ])
    t.same(found(`${route}, access: public`), [], route)
  t.same(found('path: /assets/**, access: public', 'path: /**, access: required, groups: [staff]'), [])
  t.same(found('path: /assets/**, access: public', 'path: /**, access: denied'), [])
  t.same(found('path: /a/docs/**, access: public', 'path: /a/**, access: required'), [])
})

t.test('a bypass without end, and one that ends soon, are told', async t => {
  const bypass = (until: string) => found(`path: /a, access: bypassed, reason: x${until}`)
  t.match(bypass(''), [/^5:25 \/a goes on without a second factor .* has no end$/])
  t.match(problemsOf(withRoutes('path: /a, access: bypassed, reason: x')), [
    { cure: /^add "until: 2027-02-20"/ },
  ])
  // It is noon of the 22nd of November.
  t.match(bypass(', until: 2026-11-22'), [
    /^5:53 less than a day is left: from 2026-11-23T00:00Z on \/a needs login and/,
  ])
  t.match(bypass(', until: 2026-11-23'), [/ 1 day is left: /])
  t.match(bypass(', until: "2026-12-06T12:00:00Z"'), [/ 14 days are left: from 2026-12-06T12:00Z on/])
  t.same(bypass(', until: "2026-12-06T12:01:00Z"'), [])
  t.match(bypass(', until: 2026-11-21'), [/has passed/])
})

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
const USERS = `users:
  alice: { groups: [ops, staff], password: '${HASH}' }
  kiosk: { disabled: true, groups: [hall], password: '${HASH}' }
`

function beside(text: string, caseHosts: readonly string[] = [], users: string | undefined = USERS) {
  const loaded = loadText(text)
  const read = readUsersFile(users, 'users.yaml')
  if (!loaded.ok || !read.ok) throw new Error('the files are not sound')
  return loaded.warningsBeside({ users: read.users, caseHosts: new Set(caseHosts) })
}

t.test('a user or group that nobody has is told once, with what was probably meant', async t => {
  const text = withRoutes(
    'path: /a, access: required, users: [alice, kisok]',
    'path: /b, access: required, groups: [hall, opps]',
    'path: /c, access: required, groups: [opps]',
    'path: /d, access: required, users: [Alice], groups: [zzzzzz]',
  )
  t.match(beside(text), [
    { line: 5, column: 50, message: /^no user of the users file has the name "kisok": .*nobody in$/, cure: 'write kiosk' },
    { line: 6, message: /is in the group "opps"/, cure: /^write ops, or give/, related: [{ line: 7, says: 'the same name' }] },
    { line: 8, message: /"Alice"/, cure: 'write alice' },
    { line: 8, message: /"zzzzzz"/, cure: /^give a user this group in the users file, or remove the name$/ },
  ]) // prettier-ignore
  t.same(beside(withRoutes('path: /a, access: required, users: [alice, kiosk], groups: [hall]')), [])
})

t.test('where nothing is known of the users, nothing is said of them', async t => {
  const loaded = loadText(withRoutes('path: /a, access: required, users: [nobody]'))
  t.same(loaded.ok && loaded.warningsBeside({ users: undefined, caseHosts: new Set() }), [])
})

t.test('an app without cases is told once others have some', async t => {
  const two = withSecondApp(
    ['name: files', 'host: "*.example.com"', 'upstream: "http://b:1"'],
    'session: { domain: example.com }',
  )
  t.same(beside(two), [])
  t.match(beside(two, ['wiki.example.com']), [
    { line: 6, message: /^no case of "tests" asks the app files: /, cure: /https:\/\/any\.example\.com\// },
  ])
  t.same(beside(two, ['wiki.example.com', 'b.example.com']), [])
  t.match(beside(two, ['b.example.com', 'a.b.example.com']), [{ message: /asks the app wiki/ }])
  t.match(beside(site(''), ['elsewhere.example']), [{ line: 1, message: /asks the app wiki/ }])
})

t.test('names and hosts that are given twice point at both places', async t => {
  const [problem] = problemsOf(withSecondApp(['name: wiki', 'host: b.example.com', 'upstream: "http://b:1"']))
  t.match(
    problem && formatProblem(problem),
    /already that of the app on line 5[^]*\n {2}See .*:5:13: the app that had/,
  )
})
