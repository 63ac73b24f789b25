import t from 'tap'
import fc from 'fast-check'
import { createHeaderRoles } from '../../src/http/header-roles.js'
import { readRequestHeaders } from '../../src/http/request-headers.js'

const IDENTITY = ['Remote-User', 'Remote-Groups', 'Gatehouse-Assertion', 'X-Who']
const roleOf = createHeaderRoles(IDENTITY, ['X-Internal', 'Authorization'])

function passed(...headers: readonly (readonly [string, string])[]): readonly string[] {
  return readRequestHeaders(headers.flat(), roleOf).passed
}

const odd = fc.constantFrom(
  ...IDENTITY,
  'X-Internal',
  'X-Forwarded-For',
  'X-Forwarded-User',
  'Cookie',
  'Host',
  'X-User',
)
const spelling = odd.chain(name =>
  fc
    .array(fc.tuple(fc.boolean(), fc.constantFrom('-', '_', '.')), {
      minLength: name.length,
      maxLength: name.length,
    })
    .map(choices =>
      [...name]
        .map((letter, index) => {
          const [upper, dash] = choices[index] ?? [false, '-']
          if (letter === '-') return dash
          return upper ? letter.toUpperCase() : letter.toLowerCase()
        })
        .join(''),
    ),
)
const ordinary = fc.stringMatching(/^(?:App|Sec|If|Accept|Content)-[A-Za-z_.-]{1,12}$/)
const value = fc.stringMatching(/^[\x20-\x7e]{0,20}$/)

t.test(
  'no spelling of a name that the gateway states reaches an upstream, and all else does in order',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ name: spelling, value, passes: fc.constant(false) }),
            fc.record({ name: ordinary, value, passes: fc.constant(true) }),
          ),
        ),
        headers => {
          const told = passed(...headers.map(header => [header.name, header.value] as const))
          const expected = headers
            .filter(header => header.passes)
            .flatMap(header => [header.name, header.value])
          return JSON.stringify(told) === JSON.stringify(expected)
        },
      ),
    )
  },
)

t.test('what is sent more than once is not taken for one', async t => {
  for (const name of ['Host', 'Content-Length', 'Origin']) {
    t.equal(readRequestHeaders([name, '1', name.toUpperCase(), '1'], roleOf).repeated, true, name)
    t.equal(readRequestHeaders([name, '1'], roleOf).repeated, false)
  }
  t.equal(readRequestHeaders(['Cookie', 'a=1', 'cookie', 'b=2'], roleOf).fields.cookie, 'a=1; b=2')
})

t.test('what the operator strips goes, also where the gateway reads it', async t => {
  const { passed, fields } = readRequestHeaders(['Authorization', 'Basic x', 'X_INTERNAL', '1'], roleOf)
  t.same(passed, [])
  t.equal(fields.authorization, 'Basic x')
})

t.test('Connection names away what is of one hop, and not what frames the message', async t => {
  t.same(
    passed(
      ['Connection', 'close, X-A'],
      ['X-A', '1'],
      ['Content-Length', '5'],
      ['connection', 'x-b ,Content-Length'],
      ['X-B', '2'],
      ['X-C', '3'],
    ),
    ['Content-Length', '5', 'X-C', '3'],
  )
})

t.test('names that many clients invent fill no memory, and keep their roles', async t => {
  for (let turn = 0; turn < 5_000; turn++) passed([`X-New-${turn}`, 'x'])
  t.same(passed(['rEMOTE_uSER', 'root'], ['X-New-9', 'x']), ['X-New-9', 'x'])
})
