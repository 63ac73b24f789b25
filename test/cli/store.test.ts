import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/store.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import type { Store } from '../../src/store/store.js'
import { noRedis, redisTarget, serverPlace, startRedis, type TestRedis } from '../harness/redis.js'
import { testIo } from './test-io.js'

const NOW = Date.UTC(2027, 0, 15, 8)
const GATEWAY = `public_url: http://localhost:8080
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
secret: { file: secret }
audit: { file: audit.jsonl }
`
const SECRET = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4'
const forever = { expiresAt: undefined }

/** A deployment with something in its embedded store. */
async function deployment(t: Test, redis: TestRedis, name: string) {
  const { secret, ...files } = { secret: SECRET, 'gateway.yaml': GATEWAY, 'users.yaml': 'users: {}\n' }
  const other = `${GATEWAY}store: { redis: { url: "${redis.url}", prefix: "${name}:" } }\n`
  const cwd = t.testdir({ ...files, secret, 'redis.yaml': other })
  const embedded = openLmdbStore({ directory: join(cwd, 'data'), now: () => NOW })
  t.teardown(() => embedded.close())
  const target = redisTarget(serverPlace(redis), `${name}:`)
  const moved = createRedisStore({
    connection: connectRedis(target),
    name: 'Redis',
    prefix: target.prefix,
    now: () => NOW,
    random: bytes => Buffer.alloc(bytes),
  })
  t.teardown(() => moved.close())
  await fill(embedded)
  const migrate = async (...args: readonly string[]) => {
    const io = testIo(cwd)
    return { code: await run(['migrate', ...args], io), ...io.written }
  }
  return { cwd, embedded, moved, migrate }
}

async function fill(store: Store): Promise<void> {
  for (const id of ['second', 'first', 'third'])
    await store.put({ kind: 'totp', id }, { sealed: id }, { ...forever, owner: 'alice' })
  await store.put({ kind: 'account', id: 'alice' }, { everEnrolled: true }, { ...forever, owner: 'alice' })
  await store.put(
    { kind: 'session', id: 's' },
    { subject: 'alice' },
    { expiresAt: NOW + 1000, owner: 'alice' },
  )
  await store.put({ kind: 'session', id: 'over' }, {}, { expiresAt: NOW })
  await store.increment({ kind: 'attempts', id: 'a' }, { expiresAt: NOW + 1000 })
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const redis = await startRedis(t)

  void t.test('everything that lives is copied, with its owner, order and end', async t => {
    const { cwd, moved, migrate } = await deployment(t, redis, 'all')
    const { code, out } = await migrate('--to', 'redis.yaml')
    t.equal(code, 0)
    t.match(out, /account +1\n/)
    t.match(out, /totp +3\n/)
    t.match(out, /6 records are copied\.\n$/)
    const apps = await moved.listByOwner('totp', 'alice')
    t.same(
      apps.map(({ key }) => key.id),
      ['second', 'first', 'third'],
    )
    t.match(await moved.get({ kind: 'session', id: 's' }), { expiresAt: NOW + 1000 })
    t.equal(await moved.increment({ kind: 'attempts', id: 'a' }, forever), 2)
    t.match(readFileSync(join(cwd, 'audit.jsonl'), 'utf8'), /"command":"store migrate"/)
  })

  void t.test('a store that is not empty is left alone, unless that is said', async t => {
    const { moved, migrate } = await deployment(t, redis, 'full')
    await moved.put({ kind: 'session', id: 'other' }, 1, forever)
    t.match(await migrate('--to', 'redis.yaml'), { code: 1, out: '', err: /not empty.*--force/ })
    t.equal(await moved.get({ kind: 'account', id: 'alice' }), undefined)
    const { code, out } = await migrate('--to', 'redis.yaml', '--force', '--json')
    t.equal(code, 0)
    t.same(JSON.parse(out), {
      records: 6,
      kinds: { account: 1, attempts: 1, session: 1, totp: 3 },
      differing: 0,
    })
  })

  void t.test('the way back is the same', async t => {
    const { cwd, migrate } = await deployment(t, redis, 'back')
    t.equal((await migrate('--to', 'redis.yaml')).code, 0)
    t.equal((await migrate('--from', 'redis.yaml', '--to', './again')).code, 0)
    const again = openLmdbStore({ directory: join(cwd, 'again'), now: () => NOW })
    t.teardown(() => again.close())
    t.equal((await again.listByOwner('totp', 'alice')).length, 3)
  })

  void t.test('what cannot be done is told', async t => {
    const { migrate } = await deployment(t, redis, 'wrong')
    t.match(await migrate(), { code: 2, err: /Migrate where\?/ })
    t.match(await migrate('--to', './data'), { code: 1, err: /the same store/ })
    t.match(await migrate('--from', './none', '--to', redis.url), { code: 1, err: /no store in/ })
    t.match(await migrate('--to', 'redis://127.0.0.1/x/y'), { code: 1, err: /more behind the host/ })
    const hidden = await migrate('--to', 'redis://:hidden@127.0.0.1')
    t.match(hidden, { code: 1, err: /can be read by everybody/ })
    t.notMatch(hidden.err, /hidden/)
    t.match(await migrate('--to', 'absent.yaml'), { code: 1, err: /absent\.yaml/ })
    const io = testIo('.')
    t.equal(await run(['compact'], io), 2)
    t.equal(await run(['--help'], io), 0)
  })
}
