import t from 'tap'
import { compileRouteRegex } from '../../src/access/route-regex.js'

function compiled(source: string): (path: string) => boolean {
  const result = compileRouteRegex(source)
  if (!result.ok) throw new Error(`${source}: ${result.fault.message}`)
  return path => result.regex.test(path)
}

t.test('k1: a regex matches the whole path or not at all', t => {
  for (const [source, matching, others] of [
    ['/public', ['/public'], ['/admin/public', '/publicX', '/public/', '/public\n', '\n/public']],
    ['/v[0-9]+/export', ['/v1/export', '/v22/export'], ['/v/export', '/v1/export/x', '/x/v1/export']],
    ['^/public$', ['/public'], ['/publicX', '/a/public']],
    ['/a|/b', ['/a', '/b'], ['/ax', '/x/b']],
    ['(?i)/admin', ['/admin', '/ADMIN'], ['/admins']],
    ['/price\\$', ['/price$'], ['/price']],
    ['/.*', ['/', '/a/b'], []],
    ['/caf\u0065\u0301', ['/caf\u00e9'], ['/cafe']],
  ] as const) {
    const matches = compiled(source)
    for (const path of matching) t.ok(matches(path), `${source} matches ${JSON.stringify(path)}`)
    for (const path of others) t.notOk(matches(path), `${source} does not match ${JSON.stringify(path)}`)
  }
  t.end()
})

t.test('k2: what cannot be meant, or not be matched in linear time, is a fault with a cure', t => {
  for (const [source, word] of [
    ['/(a+)+$', 'repeats'],
    ['/(?:a*)*', 'repeats'],
    ['/([a-z]+)*', 'repeats'],
    ['/(a{2,}){2,}', 'repeats'],
    ['/(a|b+)+', 'repeats'],
    ['/(?=a)b', 'linear time'],
    ['/(?!admin).*', 'linear time'],
    ['/(?<!x)a', 'linear time'],
    ['/(a)\\1', 'linear time'],
    ['/admin/', 'trailing slash'],
    ['/admin/$', 'trailing slash'],
    ['admin', 'begins with'],
    ['', 'begins with'],
    ['/(', 'not a regular expression'],
    ['/[', 'not a regular expression'],
    ['/a)|(?:/.*', 'not a regular expression'],
    ['/a\\', 'not a regular expression'],
    ['/a\\Qb', 'not a regular expression'],
  ] as const) {
    const result = compileRouteRegex(source)
    t.notOk(result.ok, source)
    if (result.ok) continue
    t.match(result.fault.message, word, source)
    t.not(result.fault.cure, '')
  }
  t.end()
})

t.test('l6: a regex takes time in proportion to the path', t => {
  // Written so that the check for nested repetition does not see it.
  const matches = compiled('/((a+))+')
  const time = (length: number): number => {
    const path = `/${'a'.repeat(length)}!`
    const times = [0, 1, 2, 3, 4].map(() => {
      const start = process.hrtime.bigint()
      matches(path)
      return Number(process.hrtime.bigint() - start) / 1e6
    })
    return Math.min(...times)
  }
  const [short, long] = [time(3_000), time(30_000)]
  t.comment(`3 kB: ${short.toFixed(2)} ms, 30 kB: ${long.toFixed(2)} ms`)
  t.ok(long < 200)
  t.end()
})
