import t from 'tap'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { coversPath, describePath, type PathSet } from '../../../src/policy/import/path-set.js'
import { pathsOfRegex } from '../../../src/policy/import/regex-paths.js'
import { regexes } from './agreement.js'

const STRICT = { withQuery: true, loose: false, ignoresCase: false }

function shown(source: string, reading: Partial<typeof STRICT> = {}): readonly [string, string] {
  const { sure, may } = pathsOfRegex(source, { ...STRICT, ...reading })
  return [sure.map(describePath).join(' '), may.map(describePath).join(' ')]
}

t.test('the usual regexes, read against path and query', async t => {
  t.same(shown('^/api/.*$'), ['/api/*/**', '/api/**'])
  t.same(shown('^/api/'), ['/api/*/**', '/api/**'])
  t.same(shown('^/api'), ['/api.*', '/api.*'])
  t.same(
    shown('^/api([/?].*)?$'),
    ['/api([/?].*)?', '/api([/?].*)?'],
    'the documented form is carried over exactly',
  )
  t.same(shown('^/api$'), ['', '/api'], 'with a query it does not match')
  t.same(shown('^/(a|b)/.*$'), ['/(a|b)/.*', '/(a|b)/.* /(a|b)'])
  t.same(shown('\\.css$'), ['', '/**'], 'a query can end like this')
  t.same(shown('^/.*$'), ['/**', '/**'])
  t.same(shown(''), ['/**', '/**'])
})

t.test('against the path alone', async t => {
  const path = { withQuery: false }
  t.same(shown('^/api$', path), ['', '/api'], 'with a slash it does not match')
  t.same(shown('^/api/?$', path), ['/api', '/api'])
  t.same(shown('^/api(/.*)?$', path), ['/api/**', '/api/**'])
  t.same(shown('^/$', path), ['/', '/'])
})

t.test('loosely: query and slash are not seen', async t => {
  const loose = { loose: true }
  t.same(shown('^/healthz$', loose), ['/healthz', '/healthz'])
  t.same(shown('\\.(css|js)$', loose), ['.*\\.(css|js)', '.*\\.(css|js)'])
})

t.test('what is not understood may be anything that begins alike', async t => {
  t.same(shown('^/admin/\\bx'), ['', '/admin/**'])
  t.same(shown('/x(?!y)'), ['', '/**'])
  t.same(shown('^/a)('), ['', '/**'])
})

t.test('never too much that is sure, never too little that may be: against the regex itself', async () => {
  const segment = fc.constantFrom('a', 'ab', 'b', 'api', 'v1', 'x.css', 'A', 'a?q')
  const paths = fc.array(segment, { maxLength: 3 }).map(parts => `/${parts.join('/')}`)
  const queries = ['', '?', '?q', '?/a/b', '?.css', '?x/', '?a']
  const has = (sets: readonly PathSet[], path: string): boolean =>
    sets.some(set => coversPath(set, { kind: 'exact', path }))
  fc.assert(
    fc.property(regexes, paths, fc.boolean(), fc.boolean(), (source, path, withQuery, loose) => {
      let regex: RE2JS
      try {
        regex = RE2JS.compile(source)
      } catch {
        return
      }
      const { sure, may } = pathsOfRegex(source, { withQuery, loose, ignoresCase: false })
      const forms = loose || path === '/' ? [path] : [path, `${path}/`]
      const texts = forms.flatMap(one => (withQuery && !loose ? queries.map(query => one + query) : [one]))
      const found = texts.map(text => regex.test(text))
      if (!found.every(Boolean) && has(sure, path)) throw new Error(`${source} ${path}: sure`)
      if (found.some(Boolean) && !has(may, path)) throw new Error(`${source} ${path}: may`)
    }),
    { numRuns: Number(process.env.IMPORT_RUNS ?? 2000) },
  )
})
