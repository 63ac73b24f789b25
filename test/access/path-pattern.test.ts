import fc from 'fast-check'
import t from 'tap'
import { matchesPattern, parsePathPattern, splitPath } from '../../src/access/path-pattern.js'

function matches(pattern: string, path: string): boolean {
  const parsed = parsePathPattern(pattern)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return matchesPattern(parsed.pattern, splitPath(path))
}

t.test('patterns match whole segments', t => {
  for (const [pattern, matching, others] of [
    ['/', ['/'], ['/a']],
    ['/admin', ['/admin', '/admin/'], ['/', '/admin/x', '/adminX', '/Admin', '/admi', '/admin.', '/admin ']],
    ['/admin/', ['/admin', '/admin/'], ['/admin/x']],
    [
      '/assets/**',
      ['/assets', '/assets/', '/assets/a', '/assets/a/b'],
      ['/assetsX', '/assetsX/a', '/asset', '/'],
    ],
    ['/*', ['/a', '/a/'], ['/', '/a/b']],
    ['/*/edit', ['/a/edit'], ['/edit', '/a/b/edit', '/a/edit/b']],
    ['/**', ['/', '/a', '/a/b/c'], []],
    ['/**/edit', ['/edit', '/a/edit', '/a/b/edit'], ['/a', '/edit/a', '/aedit']],
    [
      '/a/**/b/**/c',
      ['/a/b/c', '/a/x/b/c', '/a/b/b/c/c', '/a/x/y/b/z/c'],
      ['/a/c', '/a/b', '/b/c', '/a/b/c/d'],
    ],
    ['/**/*', ['/a', '/a/b'], ['/']],
  ] as const) {
    for (const path of matching) t.ok(matches(pattern, path), `${pattern} matches ${path}`)
    for (const path of others) t.notOk(matches(pattern, path), `${pattern} does not match ${path}`)
  }
  t.end()
})

t.test('k6: a pattern that no request could match is a fault with a cure', t => {
  for (const [pattern, word] of [
    ['', 'begins with'],
    ['admin', 'begins with'],
    ['//admin', 'refused'],
    ['/a//b', 'refused'],
    ['/a/../b', '".."'],
    ['/a/.', '".."'],
    ['/a%20b', 'percent-decoding'],
    ['/a?x=1', 'query'],
    ['/a#b', 'fragment'],
    ['/a/...', '".."'],
    ['/a;b', '";"'],
    ['/a\\b', 'backslash'],
    ['/a\nb', 'control character'],
    ['/a*', 'whole segment'],
    ['/*.js', 'whole segment'],
    ['/***', 'whole segment'],
    ['/a/**b', 'whole segment'],
  ] as const) {
    const parsed = parsePathPattern(pattern)
    t.notOk(parsed.ok, JSON.stringify(pattern))
    if (parsed.ok) continue
    t.match(parsed.fault.message, word)
    t.not(parsed.fault.cure, '')
  }
  t.end()
})

t.test('a pattern means what its translation to a regular expression means', async () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '*', '**')
  const pathSegment = fc.constantFrom('a', 'b', 'ab', 'c')
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 6 }),
      fc.array(pathSegment, { maxLength: 7 }),
      (segments, path) => {
        const translated = segments.map(text =>
          text === '**' ? '(?:/[^/]+)*' : text === '*' ? '/[^/]+' : `/${text}`,
        )
        const expected = new RegExp(`^${translated.join('')}/?$`).test(`/${path.join('/')}`)
        return matches(`/${segments.join('/')}`, `/${path.join('/')}`) === expected
      },
    ),
    { numRuns: 3_000 },
  )
})
