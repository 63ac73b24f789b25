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
  ]) {
    const shown = problemsOf(file).map(formatProblem).join('\n')
    t.not(shown, '', file)
    t.notMatch(shown, literal, file)
  }
  const weak = problemsOf(site('secret: ${S}'), { env: { S: 'hunter2' } })
    .map(formatProblem)
    .join('\n')
  t.match(weak, 'shorter than 32 bytes')
  t.notMatch(weak, 'hunter2')
})
