import t from 'tap'
import { formatProblem } from '../../src/documents/problem.js'
import { problemsOf, site, withRoutes } from './broken-file.js'

t.test('a problem is printed with file, line, column, the line, a caret and the cure', async t => {
  const [problem] = problemsOf(withRoutes('path: /a, access: public, acess: public'))
  t.equal(
    problem && formatProblem(problem),
    [
      '/etc/gatehouse/gateway.yaml:5:33: error: "acess" is not a setting of a route. Did you mean "access"?',
      '    5 |   - { path: /a, access: public, acess: public }',
      '      |                                 ^',
      '  Cure: write "access", or remove "acess"',
    ].join('\n'),
  )
})

t.test('all problems are told at once, in the order of the file', async t => {
  const file = site(
    'lisen: x\nsession: { idle: 2x }\nroutes:\n  - { path: a, access: bypassed }\n  - { path: /b, acces: no }\ntrusted_proxies: [0.0.0.0/0]',
  )
  const found = problemsOf(file).map(({ line, message }) => `${line} ${message}`)
  t.same(
    found.map(one => Number(one.split(' ', 1)[0])),
    [4, 5, 7, 7, 8, 8, 9],
  )
})

t.test('what only looks like a secret is shown', async t => {
  const shown = (file: string): string => problemsOf(file).map(formatProblem).join('\n')
  t.match(shown(site('tokens: { algorithm: HS256 }')), '4 | tokens: { algorithm: HS256 }')
  t.match(shown(withRoutes('path: /a, access: public, tokens: [a:b]')), /\| .*tokens: \[a:b\]/)
  t.match(shown(site('sms:\n  webhook:\n    secret: ${S}\n    url: ftp://a')), 'url: ftp://a')
})

t.test('a secret is never shown', async t => {
  const literal = 'Zq9-literal-secret-that-must-not-be-shown'
  for (const file of [
    site(`secret: ${literal}`),
    site(`secret: [ "${literal}" ]`),
    site(`secret:\n  - ${literal}\n  - ${literal}`),
    site(`secret: { value: ${literal} }`),
    site(`secret:\n  value: ${literal}`),
    site(`secrets: ${literal}`),
    site(`sercet: "${literal}"`),
    site(`{ secret: ${literal} `),
    site(`secret:\n  - ${literal}: x: y`),
    site(`secret: '${literal}`),
    site(`secret: { ${literal} }`),
    ...[
      literal,
      `{ ${literal} }`,
      `{ file: a, value: ${literal} }`,
      `[ ${literal} ]`,
      `\n      ${literal}`,
      `\n      value: ${literal}`,
      `\n      - ${literal}: x: y`,
      `\n    - ${literal}`,
    ].flatMap(written => [
      site(`mail:\n  from: a@b.example\n  smtp:\n    host: b\n    username: a\n    password: ${written}`),
      site(`sms:\n  webhook:\n    url: https://a.example\n    secret: ${written}`),
    ]),
    site(`mail: { from: a@b.example, smtp: { host: b, username: a, password:\n  ${literal} } }`),
    withRoutes(`path: /a, access: required, tokens: [gh_${literal}]`),
    withRoutes(`path: /a, access: required, tokens: [gh_${literal.repeat(3)}]`),
    withRoutes(`path: /a, access: denied, users: [gh_${literal}], users: [gh_${literal}]`),
  ]) {
    const shown = problemsOf(file).map(formatProblem).join('\n')
    t.not(shown, '', file)
    t.notMatch(shown, literal, file)
  }
  for (const key of ['password', 'username: a, password']) {
    const pin = problemsOf(site(`mail: { from: a@b.example, smtp: { host: b, ${key}: 73519 } }`))
    t.notMatch(pin.map(formatProblem).join('\n'), '73519', 'a number is hidden too')
  }
  const weak = problemsOf(site('secret: ${S}'), { env: { S: 'hunter2' } })
    .map(formatProblem)
    .join('\n')
  t.match(weak, 'shorter than 32 bytes')
  t.notMatch(weak, 'hunter2')
})
