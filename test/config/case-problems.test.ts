import t from 'tap'
import { caseFileBeside, readCaseFile } from '../../src/config/case-files.js'
import { formatProblem } from '../../src/documents/problem.js'
import { loadText, NOW, problemsOf, site } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

/** A sound file for one app with these cases, each one flow mapping without its braces. */
function withCases(...cases: readonly string[]): string {
  return site(`tests:\n${cases.map(one => `  - { ${one} }`).join('\n')}`)
}

expectProblems({
  'a case is one request': [
    ['none', site('tests:\n  - ▶{ as: anonymous, expect: login }'), /no request/, /add "get:"/],
    ['two', withCases('get: /a, ▶post: /a, expect: login'), /one request.*"get" and "post"/, /two cases/],
    [
      'another key',
      withCases('▶gett: /a, get: /a, expect: login'),
      /"gett" is not a setting of a case. Did you mean "get"/,
      /./,
    ],
    ['no URL', withCases('get: ▶wiki.example.com/a, expect: login'), /is not a URL/, /write https:/],
    ['no URL in request', withCases('request: ▶"FOO a", expect: login'), /is not a URL/, /write https:/],
    [
      'no method',
      withCases('request: ▶/a, expect: login'),
      /does not fit "request"/,
      /method, space and URL/,
    ],
    ['a blank URL', withCases('get: ▶"", expect: login'), /"get" is blank/, /./],
  ],
  'what must become of it': [
    ['nothing', site('tests:\n  - ▶{ get: /a }'), /a case needs "expect"/, /such as expect: allow/],
    [
      'another word',
      withCases('get: /a, expect: ▶denny'),
      /Did you mean "deny"/,
      /write one of allow, login/,
    ],
    [
      'another reason',
      withCases('get: /a, expect: { deny: ▶not_in_grop }'),
      /Did you mean "not_in_group"/,
      /./,
    ],
    [
      'two things',
      withCases('get: /a, expect: ▶{ deny: denied, allow: public }'),
      /one thing/,
      /deny: not_in_group/,
    ],
    [
      'headers of what is not allowed',
      withCases('get: /a, expect: deny, ▶headers: { a: b }'),
      /only what is allowed/,
      /expect: allow/,
    ],
    [
      'a header that is no name',
      withCases('get: /a, expect: allow, headers: { ▶"a b": c }'),
      /"a b" is no name/,
      /./,
    ],
    [
      'a header that is a list',
      withCases('get: /a, expect: allow, headers: { a: ▶[b] }'),
      /must be a text/,
      /./,
    ],
    [
      'headers that are a list',
      withCases('get: /a, expect: allow, headers: ▶[a]'),
      /"headers" must be a block/,
      /remote-user: alice/,
    ],
  ],
  'who asks, from where and when': [
    ['nothing said', withCases('get: /a, expect: deny, as: ▶{}'), /nothing of who asks/, /user: alice/],
    [
      'another key',
      withCases('get: /a, expect: deny, as: { ▶grops: [a] }'),
      /"grops" is not a setting of "as"/,
      /./,
    ],
    [
      'an age without a unit',
      withCases('get: /a, expect: deny, as: { user: a, mfa_age: ▶6 }'),
      /"mfa_age" must be a text/,
      /90s, 6m/,
    ],
    [
      'an age of a factor that was not shown',
      withCases('get: /a, expect: deny, as: { mfa: none, ▶mfa_age: 6m }'),
      /none was shown/,
      /./,
    ],
    [
      'a token that has logged in',
      withCases('get: /a, expect: deny, as: { token: { scopes: [a] }, ▶remembered: true }'),
      /has shown nothing/,
      /./,
    ],
    [
      'a token for no path',
      withCases('get: /a, expect: deny, as: { token: { scopes: [a], paths: [▶a] } }'),
      /"a":/,
      /./,
    ],
    [
      'a factor that is none',
      withCases('get: /a, expect: deny, as: { factors: [▶password] }'),
      /is not a value of .*"factors"/,
      /./,
    ],
    [
      'a name for an address',
      withCases('get: /a, expect: deny, from: ▶localhost'),
      /not an IP address/,
      /10\.2\.0\.7/,
    ],
    ['a day that is not', withCases('get: /a, expect: deny, at: ▶2027-02-30'), /there is no such time/, /./],
    [
      'a preflight that is a GET',
      withCases('get: /a, expect: allow, preflight: ▶true'),
      /OPTIONS/,
      /options:/,
    ],
  ],
})

t.test('a case is read with everything that it says', async t => {
  const loaded = loadText(
    withCases(
      'post: "https://wiki.example.com:8443/a//b?c#d", as: anonymous, expect: reject',
      'request: "get /x", from: "::1", at: 2027-04-01, expect: { reject: method_not_allowed }, name: small letters',
      'get: http://WIKI.example.com, as: { user: alice, mfa_age: 6m, password_age: none }, expect: allow, headers: { X-User: alice, b: null }',
    ),
  )
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const [post, small, plain] = loaded.config.tests
  t.match(post, {
    place: { file: '/etc/gatehouse/gateway.yaml', line: 5, column: 5 },
    asked: {
      method: 'POST',
      secure: true,
      authority: 'wiki.example.com:8443',
      target: '/a//b?c#d',
      address: '192.0.2.1',
    },
    expect: { outcome: 'reject' },
  })
  t.equal(post?.caller, undefined)
  t.match(small, {
    name: 'small letters',
    asked: { method: 'get', secure: true, authority: 'wiki.example.com', target: '/x', address: '::1' },
    at: Date.UTC(2027, 3, 1),
    expect: { outcome: 'reject', reason: 'method_not_allowed' },
  })
  t.match(plain, {
    asked: { secure: false, authority: 'WIKI.example.com', target: '/' },
    caller: { user: 'alice', isNameOnly: false, factorAge: 360_000, passwordAge: 'none' },
  })
  t.same(
    [...(plain?.headers ?? [])],
    [
      ['x-user', 'alice'],
      ['b', null],
    ],
  )
})

t.test('a configuration without cases has none', async t => {
  const loaded = loadText(site(''))
  t.same(loaded.ok && loaded.config.tests, [])
})

t.test('what is wrong with public_url is not told again at each case', async t => {
  t.equal(problemsOf(site('public_url: nonsense\ntests:\n  - { get: /a, expect: allow }')).length, 1)
})

function read(text: string | undefined, absent?: 'a problem' | 'no cases') {
  const readFile = (): string => {
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  }
  return readCaseFile('/srv/more.yaml', { readFile, env: {}, now: NOW }, 'https://wiki.example.com', absent)
}

t.test('a file of cases is a list, or a list below "tests:"', async t => {
  const list = '- { get: /a, expect: allow }\n- get: /b\n  expect: deny\n'
  t.match(read(list), {
    ok: true,
    cases: [{ url: '/a' }, { url: '/b', place: { file: '/srv/more.yaml', line: 2, column: 3 } }],
  })
  t.match(read(`tests:\n${list}`), {
    ok: true,
    cases: [{ place: { line: 2, column: 3 } }, { place: { line: 3 } }],
  })
})

t.test('what is wrong with a file of cases has its place, caret and cure', async t => {
  const problems = (text: string | undefined) => {
    const found = read(text)
    return found.ok ? [] : found.problems.map(formatProblem)
  }
  t.match(problems('tests:\n  - { get: /a, expect: allow }\n  - { get: /b, expect: denny }\n'), [
    /^\/srv\/more\.yaml:3:24: error: "denny" is not a value of "expect"\. Did you mean "deny"\?\n +3 \|.*\n +\| {24}\^\n {2}Cure: write one of/,
  ])
  t.match(problems('- { get: /a, expct: allow }\n'), [
    /more\.yaml:1:3: error: a case needs "expect"/,
    /1:14.*not a setting of a case/,
  ])
  t.match(problems('- { get: /a, expect: allow\n'), [/not valid YAML/])
  t.match(problems('- { get: /a, expect: allow }\n-\n'), [/more\.yaml:2:\d+: error: .*"the file"/])
  t.match(problems('- { get: &a /a, expect: allow }\n'), [/YAML anchor/])
  t.match(problems('- { get: /a, get: /b, expect: allow }\n'), [/given twice/])
  t.match(problems('routes: []\n'), [/"routes" is not a setting of this file/, /needs "tests"/])
  t.match(problems('tests: []\n'), [/empty list/])
  t.match(problems('hello\n'), [/"the file" must be a list/])
  t.match(problems(''), [/the file is empty/])
  t.match(problems(undefined), [/cannot be read \(ENOENT\)/])
})

t.test(
  'a file that need not be there gives no cases, and is looked for beside the configuration',
  async t => {
    t.same(read(undefined, 'no cases'), { ok: true, cases: [] })
    t.equal(caseFileBeside('/srv/gateway.yaml'), '/srv/gateway.tests.yaml')
    t.equal(caseFileBeside('/srv/next.yml'), '/srv/next.tests.yaml')
  },
)
