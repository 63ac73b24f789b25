import t from 'tap'
import fc from 'fast-check'
import { matchesPattern, parsePathPattern, type PathPattern } from '../../src/access/path-pattern.js'
import { mismatchOf } from '../../src/access/route-table.js'
import { createAllowance } from '../../src/config/lint/allowance.js'
import { comparePatterns } from '../../src/config/lint/compare-patterns.js'
import { crossingIndex } from '../../src/config/lint/crossing-index.js'
import { findWeakenings } from '../../src/config/lint/find-weakenings.js'
import type { PlacedRoute } from '../../src/config/reachability.js'
import { compilePolicy } from '../../src/config/compile-policy.js'
import { judge } from '../../src/access/judge.js'
import { loosenessOf } from '../../src/config/lint/route-demands.js'
import { regexSamples } from '../../src/config/lint/regex-samples.js'
import { compileRouteRegex } from '../../src/access/route-regex.js'
import { NOW, appWith, requestFor } from '../access/sample-policy.js'
import { routes } from '../access/raw-policies.js'

const segments = fc.array(fc.constantFrom('a', 'b', '*', '**'), { maxLength: 4 })
const patterns = segments.map(parts => parsed(`/${parts.join('/')}`))

/** Every path of up to six segments, of which two have names and the third stands for all others. */
const UNIVERSE: readonly (readonly string[])[] = [0, 1, 2, 3, 4, 5, 6].flatMap(pathsOf)

t.test('two patterns are compared as every path says', async t => {
  fc.assert(
    fc.property(patterns, patterns, (first, second) => {
      const inFirst = UNIVERSE.map(path => matchesPattern(first, path))
      const inSecond = UNIVERSE.map(path => matchesPattern(second, path))
      const { shared, firstHasMore, secondHasMore } = comparePatterns(first, second, 'x')
      t.equal(
        shared.length > 0,
        inFirst.some((one, i) => one && inSecond[i] === true),
      )
      t.equal(
        firstHasMore,
        inFirst.some((one, i) => one && inSecond[i] === false),
      )
      t.equal(
        secondHasMore,
        inSecond.some((one, i) => one && inFirst[i] === false),
      )
      t.ok(shared.every(path => matchesPattern(first, path) && matchesPattern(second, path)))
    }),
    { numRuns: 300 },
  )
})

t.test('the index leaves out only what shares no path or is an exception', async t => {
  fc.assert(
    fc.property(fc.array(patterns, { maxLength: 12 }), patterns, (known, asked) => {
      const index = crossingIndex<PathPattern>()
      for (const one of known) index.add(one, one)
      const found = index.crossing(asked, createAllowance(100_000))
      for (const one of known) {
        const { shared, firstHasMore } = comparePatterns(one, asked, 'x')
        if (shared.length > 0 && firstHasMore) t.ok(found.has(one), show(one, asked))
        if (found.has(one)) t.ok(shared.length > 0, show(one, asked))
      }
    }),
    { numRuns: 300 },
  )
})

t.test(
  'whatever is told is so: the gateway lets the weaker route decide a request of the stricter',
  async t => {
    let told = 0
    fc.assert(
      fc.property(fc.array(routes, { maxLength: 8 }), policyRoutes => {
        const app = appWith(policyRoutes)
        const policy = compilePolicy({
          apps: [
            { policy: app, upstream: undefined, allowInPath: [], stripHeaders: [], websocketOrigins: [] },
          ],
          publicUrl: { origin: 'https://gw.example', host: 'gw.example', secure: true },
          authPath: '/auth',
          hash: '',
        })
        const placed: readonly PlacedRoute[] = policyRoutes.map((route, index) => ({
          route,
          path: ['routes', index],
        }))
        const { found } = findWeakenings(
          { path: [], name: 'a', host: app.host, routes: placed },
          policy,
          NOW,
          3,
        )
        for (const [earlier, weakened] of found) {
          for (const { later, witness, looseness } of weakened) {
            told++
            const { method, path, address } = witness
            const asked = { method, authority: app.host, target: encodeURI(path), address, secure: true }
            const verdict = judge(policy, { ...asked, asksPreflight: false }, undefined, NOW)
            t.equal('match' in verdict ? verdict.match?.route : undefined, earlier.route)
            t.equal(mismatchOf(later.route, requestFor(path, { method }), address), undefined)
            t.ok(placed.indexOf(earlier) < placed.indexOf(later))
            t.equal(loosenessOf(earlier.route, later.route, NOW), looseness)
          }
        }
      }),
      { numRuns: 500 },
    )
    t.ok(told > 0)
  },
)

t.test('for each regex there is an example that it matches', async t => {
  const sources = [
    '/v[0-9]+/export',
    '/(admin|ops)/[^/]+',
    '/a/(?:b|c(?:d|e))?/f',
    '/[[:alpha:]]{2,4}\\.json',
    '/\\w+/\\d{3}/.*',
    '^/x(?P<id>[a-f0-9]{8})$',
    '/a\\.b/[-_]+/[^a-z/]',
    '/(a|)b',
  ]
  for (const source of sources) {
    const compiled = compileRouteRegex(source)
    t.ok(compiled.ok && regexSamples(source).some(sample => compiled.regex.test(sample)), source)
  }
})

function pathsOf(length: number): readonly (readonly string[])[] {
  if (length === 0) return [[]]
  return pathsOf(length - 1).flatMap(path => ['a', 'b', 'x'].map(segment => [...path, segment]))
}

function parsed(text: string): PathPattern {
  const read = parsePathPattern(text)
  if (!read.ok) throw new Error(text)
  return read.pattern
}

function show(...shown: readonly PathPattern[]): string {
  return shown
    .map(({ segments: parts }) => parts.map(part => (part.kind === 'text' ? part.text : part.kind)).join('/'))
    .join(' and ')
}
