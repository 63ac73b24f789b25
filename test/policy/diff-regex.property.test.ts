import t from 'tap'
import fc from 'fast-check'
import { judge } from '../../src/access/judge.js'
import { compileRouteRegex } from '../../src/access/route-regex.js'
import { compilePolicy } from '../../src/config/compile-policy.js'
import { diffPolicies } from '../../src/policy/diff/diff-policies.js'
import { NOW, regexRouteFor } from '../access/sample-policy.js'
import { configOf } from './diff-universe.js'

/** Small expressions with everything that RE2 and the comparison both read exactly. */
const { regex: regexes } = fc.letrec<{ regex: string; one: string }>(tie => ({
  one: fc.oneof(
    { maxDepth: 3 },
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'B', '0', '/', '-', '\\.', '.', '\\d', '\\w', '\\W') },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        '[ab]',
        '[^a]',
        '[a-c0-]',
        '[^/]',
        '[[:alpha:]]',
        '[^\\d/]',
        '\\x61',
        '\\Qa.\\E',
        '[.a]',
      ),
    },
    { weight: 2, arbitrary: tie('regex').map(inside => `(?:${inside})`) },
    { weight: 1, arbitrary: tie('regex').map(inside => `(?i:${inside})`) },
    { weight: 1, arbitrary: tie('regex').map(inside => `(?P<n>${inside})`) },
  ),
  regex: fc
    .array(
      fc
        .tuple(tie('one'), fc.constantFrom('', '', '', '', '?', '*', '+', '{2}', '{1,2}', '{2,}', '+?'))
        .map(pair => pair.join('')),
      { minLength: 1, maxLength: 4 },
    )
    .chain(parts => fc.constantFrom(parts.join(''), `${parts.join('')}|${parts[0] ?? ''}`)),
}))

const routes = regexes
  .map(source => `/${source}`)
  .filter(source => compileRouteRegex(source).ok)
  .map(source => regexRouteFor(source, { access: 'public' }))

const TARGETS = pathsOf(['a', 'b', 'B', '0', '/', '-', '.', 'x'], 4)

function pathsOf(characters: readonly string[], length: number): readonly string[] {
  if (length === 0) return ['/']
  const shorter = pathsOf(characters, length - 1)
  const longest = shorter.filter(path => path.length === length)
  return [...shorter, ...longest.flatMap(path => characters.map(character => path + character))]
}

t.test('a path that only one of two regexes matches is found, if there is one', { timeout: 3_600_000 }, t => {
  fc.assert(
    fc.property(routes, routes, (one, other) => {
      const configs = [configOf([one]), configOf([other])] as const
      const { differences, doubts } = diffPolicies(...configs, NOW, 300_000)
      if (doubts.some(doubt => doubt.includes('approximated'))) throw new Error(doubts.join())
      // Too many kinds of paths, and it says so.
      fc.pre(doubts.length === 0)
      const told = new Set(differences.map(({ direction }) => direction))
      const [before, after] = configs.map(compilePolicy)
      if (before === undefined || after === undefined) return
      for (const target of TARGETS) {
        const asked = {
          method: 'GET',
          authority: 'gw.example',
          target,
          address: '192.0.2.1',
          secure: true,
          asksPreflight: false,
        }
        const outcomes = [before, after].map(policy => judge(policy, asked, undefined, NOW).outcome).join()
        if (outcomes === 'login,allow' && !told.has('opened'))
          throw new Error(`missed: ${target} is open now`)
        if (outcomes === 'allow,login' && !told.has('closed'))
          throw new Error(`missed: ${target} is closed now`)
      }
    }),
    { numRuns: Number(process.env.GATEHOUSE_DIFF_RUNS ?? 200) },
  )
  t.end()
})
