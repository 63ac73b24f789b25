import t from 'tap'
import { parsePathPattern, type PathPattern } from '../../src/access/path-pattern.js'
import { coverIndex } from '../../src/config/pattern-cover.js'
import { problemsOf, withRoutes } from './broken-file.js'

/** The messages about routes that are never reached, as `line: message`. */
function unreachable(...routes: readonly string[]): readonly string[] {
  return problemsOf(withRoutes(...routes))
    .filter(({ severity }) => severity === 'error')
    .map(({ line, message }) => `${line}: ${message}`)
}

t.test('k3: a route that an earlier one covers is an error with both lines', async t => {
  const [problem, ...others] = problemsOf(
    withRoutes('path: /a/**, access: public', 'path: /b, access: denied', 'path: /a/b, access: required'),
  )
  t.same(others, [])
  t.match(problem, { severity: 'error', line: 7, column: 5, cure: /move this route above/ })
  t.match(problem?.message, /^the route on line 7 is never reached: \/a\/\*\* \(public\) on line 5 takes all/)
})

const covered: readonly (readonly [string, string, string])[] = [
  ['the same path', 'path: /a', 'path: /a'],
  ['the same path with a slash at its end', 'path: /a', 'path: /a/'],
  ['everything before', 'path: /**', 'path: /a/*'],
  ['everything before a regex', 'path: /**', 'path_regex: /a+'],
  ['a regex that is everything', 'path_regex: /.*', 'path: /a'],
  ['the same regex', 'path_regex: /a+', 'path_regex: /a+'],
  ['one segment before a text', 'path: /*/b', 'path: /a/b'],
  ['any before one', 'path: /a/**', 'path: /a/*/c'],
  ['any in the middle', 'path: /a/**/z', 'path: /a/b/c/z'],
  ['any that stands for nothing', 'path: /a/**', 'path: /a'],
  ['wildcards in another order', 'path: /**/*', 'path: /*/**'],
  ['more methods', 'path: /a, methods: [GET, POST]', 'path: /a, methods: [POST]'],
  ['GET for HEAD', 'path: /a, methods: [GET]', 'path: /a, methods: [HEAD]'],
]
t.test('a later route is covered by', async t => {
  for (const [name, earlier, later] of covered) {
    const found = unreachable(`${earlier}, access: public`, `${later}, access: denied`)
    t.match(found, [/^6: the route on line 6 is never reached.* on line 5/], name)
  }
})

const free: readonly (readonly [string, string, string])[] = [
  ['another path', 'path: /a', 'path: /b'],
  ['another case', 'path: /a', 'path: /A'],
  ['a longer path', 'path: /a', 'path: /a/b'],
  ['a name that only begins alike', 'path: /a/**', 'path: /ab'],
  ['one segment against any number', 'path: /*', 'path: /**'],
  ['a narrower one before', 'path: /a/b', 'path: /a/**'],
  ['fewer methods', 'path: /a, methods: [GET]', 'path: /a'],
  ['other methods', 'path: /a, methods: [GET]', 'path: /a, methods: [POST]'],
  ['only some networks', 'path: /a, networks: [10.0.0.0/8]', 'path: /a'],
  ['other networks', 'path: /a, networks: [10.0.0.0/8]', 'path: /a, networks: [192.0.2.1]'],
  ['another regex', 'path_regex: /a+', 'path_regex: /a*'],
]
t.test('a later route is not covered by', async t => {
  for (const [name, earlier, later] of free) {
    t.same(unreachable(`${earlier}, access: public`, `${later}, access: denied`), [], name)
  }
})

t.test('several routes can cover one together by their methods', async t => {
  const routes = ['path: /a, methods: [GET]', 'path: /**, methods: [POST]', 'path: /a, methods: [GET, POST]']
  const found = unreachable(...routes.map(route => `${route}, access: public`))
  t.match(found, [/^7: .*\/a \(public\) on line 5 and \/\*\* \(public\) on line 6/])
})

t.test('the same networks cover, fewer do not', async t => {
  const both = 'path: /a, access: enrolled, networks: [10.0.0.0/8, 192.0.2.1]'
  const one = 'path: /a, access: denied, networks: [192.0.2.1]'
  t.match(unreachable(both, one), [/^6: the route on line 6/])
  t.same(unreachable(one, both), [])
})

t.test('tokens take no part in matching: they neither narrow a route nor let one through', async t => {
  const found = unreachable('path: /a, access: required, tokens: [x]', 'path: /a, access: required')
  t.match(found, [/^6: the route on line 6/])
  const some = 'path: /b, access: required, networks: [10.0.0.0/8], tokens: [x]'
  t.match(unreachable(some), [/^5: outside these networks/])
})

t.test("a route below the gateway's own path is never reached", async t => {
  t.match(unreachable('path: /auth/login, access: public'), [/^5: .*own pages are at \/auth$/])
  t.same(unreachable('path: /authors, access: public'), [])
})

t.test('networks on a required route are sound with a denied route for the same path behind it', async t => {
  const required = 'path: /a/**, access: required, networks: [10.0.0.0/8]'
  t.same(unreachable(required, 'path: /b, access: public', 'path: /a/**, access: denied'), [])
  t.same(unreachable(required, 'path: /a/**/, access: denied', 'path: /**, access: public'), [])
})

t.test('a cover is never claimed where a path shows the opposite', async t => {
  const parts = ['', 'a', 'b', '*', '**']
  const texts = [
    ...new Set(parts.flatMap(one => parts.flatMap(two => parts.map(three => path(one, two, three))))),
  ]
  const patterns = texts.map(text => ({ text, pattern: parsed(text) }))
  const paths = texts.filter(text => !text.includes('*')).concat('/x', '/a/x', '/x/y/z', '/a/b/a/b', '/b/x/a')
  for (const wider of patterns) {
    const index = coverIndex<true>()
    index.add(wider.pattern, true)
    for (const narrower of patterns) {
      if (index.covering(narrower.pattern).length === 0) continue
      for (const one of paths) {
        const segments = one.split('/').filter(part => part !== '')
        if (!matches(narrower.pattern, segments) || matches(wider.pattern, segments)) continue
        t.fail(`${wider.text} does not cover ${narrower.text}: ${one}`)
      }
    }
  }
})

function path(...parts: readonly string[]): string {
  return `/${parts.filter(part => part !== '').join('/')}`
}

function parsed(text: string): PathPattern {
  const read = parsePathPattern(text)
  if (!read.ok) throw new Error(text)
  return read.pattern
}

/** The plainest reading of a pattern: a regular expression. */
function matches(pattern: PathPattern, segments: readonly string[]): boolean {
  const source = pattern.segments.map(segment =>
    segment.kind === 'any' ? '(?:/[^/]+)*' : segment.kind === 'one' ? '/[^/]+' : `/${segment.text}`,
  )
  return new RegExp(`^${source.join('')}$`).test(segments.map(segment => `/${segment}`).join(''))
}
