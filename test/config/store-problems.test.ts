import t from 'tap'
import { formatProblem } from '../../src/documents/problem.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { loadText, SECRET, site, type Surroundings } from './broken-file.js'
import { expectProblems } from './expect-problem.js'

const env = { S: SECRET, P: 'pa:ss@word', URL: 'rediss://joe:pa%3Ass@redis.example.com:6380/3' }
const store = (written: string): string => site(`secret: "\${S}"\nstore: { ${written} }`)
const redis = (written: string): string => store(`redis: { ${written} }`)
const at = (more = ''): string => redis(`url: "redis://127.0.0.1"${more}`)
const files = {
  '/etc/gatehouse/ca.pem': TEST_CERTIFICATE,
  '/etc/gatehouse/key.pem': TEST_KEY,
  '/etc/gatehouse/bad.pem': 'hello',
}
const around: Surroundings = { env, files }

// prettier-ignore
expectProblems({
  'store': [
    ['no secret', site('store: { ▶redis: redis://127.0.0.1 }'), /with Redis, "secret" is needed/, /gatehouse secret/],
    ['both', store('redis: redis://127.0.0.1, ▶embedded: ./data'), /either embedded or in redis/, /keep one/, around],
  ],
  'store.redis': [
    ['another scheme', store('redis: ▶http://127.0.0.1'), /not the address of a Redis/, /redis:\/\/127/, around],
    ['no scheme', store('redis: ▶127.0.0.1:6379'), /not the address of a Redis/, /redis:\/\//, around],
    ['a path', store('redis: ▶redis://127.0.0.1/one'), /more behind the host/, /redis:\/\//, around],
    ['a query', store('redis: ▶redis://127.0.0.1/0?a=b'), /more behind the host/, /redis:\/\//, around],
    ['a password in the file', store('redis: ▶redis://:hidden@127.0.0.1'), /holds a password/, /password: \$\{REDIS_PASSWORD\}/, around],
    ['a variable that is not set', store('redis: ▶"${GONE}"'), /GONE is not set/, /set GONE/, around],
    ['a variable with something else', store('redis: ▶"${P}"'), /what is in \$\{P\} is not the address/, /redis:\/\//, around],
    ['plain to another machine', store('redis: ▶redis://redis.example.com'), /without TLS everybody between here and redis\.example\.com/, /rediss:\/\//, around],
    ['plain to sentinels', redis('▶sentinels: [10.0.0.5], name: main').replace('▶', '').replace('redis: {', 'redis: ▶{'), /between here and 10\.0\.0\.5/, /tls: true/, around],
    ['nowhere', store('redis: ▶{ db: 1 }'), /does not say where Redis is/, /url, sentinels, cluster/, around],
    ['two places', at(', ▶cluster: [127.0.0.1]'), /"url" is there already/, /keep one/, around],
    ['sentinels without a name', redis('▶sentinels: [127.0.0.1]'), /needs "name"/, /name: main/, around],
    ['a name without sentinels', at(', ▶name: main'), /no use without "sentinels"/, /leave it out/, around],
    ['an address that is none', redis('cluster: [▶"http://a"]'), /not a host and a port/, /10\.0\.0\.5/, around],
    ['a database in a cluster', redis('cluster: [127.0.0.1], db: ▶2'), /only the database 0/, /leave "db" out/, around],
    ['a user without a password', at(', ▶username: joe'), /no use without "password"/, /add "password"/, around],
    ['a password that stands there', at(', password: ▶hidden'), /must not be written into/, /REDIS_PASSWORD/, around],
    ['TLS without it', at(', ▶tls: {}'), /begins with redis:/, /rediss:/, around],
    ['a CA that is none', redis('url: "rediss://a", tls: { ca: ▶bad.pem }'), /not a PEM file/, /CA/, around],
    ['half a pair', redis('url: "rediss://a", tls: ▶{ cert: ca.pem }'), /belong together/, /both/, around],
    ['no pair', redis('url: "rediss://a", tls: ▶{ cert: bad.pem, key: key.pem }'), /not a pair/, /PEM/, around],
    ['a prefix with a star', at(', prefix: ▶"a*"'), /does not fit "prefix"/, /letters/, around],
    ['no time', at(', timeout: ▶10ms'), /between 50ms and 5s/, /50ms to 5s/, around],
    ['a long cache', at(', cache: ▶3s'), /"cache" is between 100ms and 2s/, /100ms to 2s/, around],
    ['too many replicas', at(', replicas: ▶6'), /"replicas"/, /for example 1/, around],
    ['a time without a unit', at(', timeout: ▶"300"'), /does not fit "timeout"/, /300ms/, around],
  ],
})

void t.test('what is written is what is used, with its defaults', t => {
  const target = (text: string) => {
    const loaded = loadText(text, around)
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
    return loaded.config.store.redis
  }
  const place = { kind: 'server', address: { host: '127.0.0.1', port: 6379 } }
  const usual = {
    place,
    username: undefined,
    password: undefined,
    tls: undefined,
    db: 0,
    timeout: 300,
    replicas: 0,
    cacheFor: 1_000,
  }
  t.same(target(at()), { ...usual, prefix: 'gatehouse:' })
  t.same(
    target(
      at(', password: "${P}", username: joe, db: 2, prefix: "a:", timeout: 1s, replicas: 2, cache: none'),
    ),
    {
      ...usual,
      username: 'joe',
      password: 'pa:ss@word',
      db: 2,
      prefix: 'a:',
      timeout: 1000,
      replicas: 2,
      cacheFor: 0,
    },
  )
  t.match(target(store('redis: "${URL}"')), {
    place: { kind: 'server', address: { host: 'redis.example.com', port: 6380 } },
    username: 'joe',
    password: 'pa:ss',
    tls: { ca: undefined, identity: undefined, serverName: undefined },
    db: 3,
  })
  t.match(target(store('redis: "rediss://[::1]:443"'))?.place, { address: { host: '::1', port: 443 } })
  const sentinels = 'sentinels: [10.0.0.5, "10.0.0.6:1"], name: main, sentinel_password: "${P}", tls: true'
  t.match(target(redis(sentinels)), {
    place: {
      kind: 'sentinel',
      name: 'main',
      password: 'pa:ss@word',
      sentinels: [
        { host: '10.0.0.5', port: 26379 },
        { host: '10.0.0.6', port: 1 },
      ],
    },
    tls: { serverName: undefined },
  })
  t.match(target(redis('cluster: ["[::1]:7000"], tls: { ca: ca.pem, server_name: r }')), {
    place: { kind: 'cluster', nodes: [{ host: '::1', port: 7000 }] },
    tls: { ca: TEST_CERTIFICATE, serverName: 'r' },
  })
  t.end()
})

void t.test('no message shows a password of Redis, wherever it was written', t => {
  for (const text of [
    store('redis: redis://joe:hidden@127.0.0.1, embedded: x'),
    redis('url: "redis://joe:hidden@127.0.0.1", db: x'),
    at(', password: hidden'),
    store('redis: redis://joe:hidden@127.0.0.1/x/y'),
    store('redis: [redis://joe:hidden@127.0.0.1]'),
  ]) {
    const loaded = loadText(text, around)
    t.equal(loaded.ok, false)
    const told = loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n')
    t.notMatch(told, /hidden/, text)
  }
  t.end()
})
