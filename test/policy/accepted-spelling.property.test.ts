import fc from 'fast-check'
import t from 'tap'
import { canonicalise, type PathLeniency } from '../../src/access/canonicalise.js'
import type { Policy } from '../../src/access/policy.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import { acceptedSpelling } from '../../src/policy/explain/accepted-spelling.js'

function policyWith(leniencies: readonly PathLeniency[]): Policy {
  const routes = compileRouteTable([])
  return { routes, leniencies: () => leniencies, isOwn: () => false, secure: true, hash: '' }
}

const pieces = [
  '/',
  '//',
  '.',
  '..',
  '%',
  '%2f',
  '%5C',
  '%2e',
  '%252e',
  '%00',
  ';v',
  '\\',
  '#',
  'a',
  'ä',
  '／',
  '?',
]
const asked = fc.record({
  method: fc.constantFrom('GET', 'get', ' post', 'TRACE', 'G T', ''),
  secure: fc.boolean(),
  authority: fc.constantFrom('gw.example', 'me@gw.example', 'gw.example:99999', 'a b', '', '@', '[::1]'),
  target: fc
    .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 3 })), {
      maxLength: 8,
    })
    .map(list => `/${list.join('')}`),
  address: fc.constant('192.0.2.1'),
  asksPreflight: fc.constant(false),
})
const leniencies = fc.subarray<PathLeniency>([
  'empty_segment',
  'encoded_slash',
  'semicolon',
  'double_encoding',
])

t.test('a spelling that is proposed is accepted, and is proposed only for what is refused', t => {
  fc.assert(
    fc.property(asked, leniencies, (one, allowed) => {
      const policy = policyWith(allowed)
      const read = (method: string, target: string, host: string) =>
        canonicalise({ method, target, host, asksPreflight: false }, policy.leniencies)
      const spelling = acceptedSpelling(one, policy)
      if (read(one.method, one.target, one.authority).ok) return spelling === undefined
      if (spelling === undefined) return true
      const [, host = '', target = ''] = /^https?:\/\/([^/]*)(\/.*)$/s.exec(spelling.url) ?? []
      return read(spelling.method, target, host).ok
    }),
    { numRuns: 5_000 },
  )
  t.end()
})
