import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Clock } from '../../src/clock.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import { describeRedis, type RedisTarget } from '../../src/store/redis-target.js'
import type { RecordKey, Store } from '../../src/store/store.js'
import { noRedis, redisTarget, serverPlace, startRedis, type TestRedis } from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

const START = 1_700_000_000_000
const forever = { expiresAt: undefined }
const key = (id: string): RecordKey => ({ kind: 'session', id })

function openStore(target: RedisTarget, now: Clock): Store {
  const connection = connectRedis(target)
  return createRedisStore({
    connection,
    name: describeRedis(target),
    prefix: target.prefix,
    now,
    random: randomBytes,
  })
}

/** A store in a part of a Redis that no other test uses. */
function storeIn(t: Test, redis: TestRedis, prefix = `${randomBytes(6).toString('hex')}:`) {
  const clock = { time: START }
  const store = openStore(redisTarget(serverPlace(redis), prefix), () => clock.time)
  t.teardown(() => store.close())
  return { store, clock, prefix }
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const redis = await startRedis(t)
  testStoreContract(
    (_t, now) => openStore(redisTarget(serverPlace(redis), `${randomBytes(6).toString('hex')}:`), now),
    { expiresByItself: true },
  )

  void t.test('two gateways with prefixes of their own share one Redis and nothing in it', async t => {
    const one = storeIn(t, redis, 'one*:')
    const other = storeIn(t, redis, 'one*:other:')
    await one.store.put(key('a'), 1, { ...forever, owner: 'alice' })
    await other.store.put(key('b'), 2, { ...forever, owner: 'alice' })
    t.equal(await other.store.get(key('a')), undefined)
    t.equal((await other.store.listByOwner('session', 'alice')).length, 1)
    const ids: string[] = []
    for await (const record of one.store.each('session')) ids.push(record.key.id)
    t.same(ids, ['a'])
  })

  void t.test('what has an end is deleted by Redis itself, also the index of its owner', async t => {
    const { store, prefix } = storeIn(t, redis)
    await store.put(key('a'), 1, { expiresAt: START + 5_000, owner: 'alice' })
    const record = Number(await redis.ask('pttl', `${prefix}r:session:=a`))
    t.ok(record > 5_000 && record <= 65_000, `${record} ms`)
    const index = Number(await redis.ask('pttl', `${prefix}o:session:=alice`))
    t.ok(index > 5_000 && index <= 65_000, `${index} ms`)
    await store.put(key('b'), 1, { expiresAt: START + 3_600_000, owner: 'alice' })
    t.ok(Number(await redis.ask('pttl', `${prefix}o:session:=alice`)) > 3_500_000, 'kept for the longest')
    await store.put(key('c'), 1, { expiresAt: START + 1_000, owner: 'alice' })
    t.ok(Number(await redis.ask('pttl', `${prefix}o:session:=alice`)) > 3_500_000)
    await store.put(key('d'), 1, { ...forever, owner: 'alice' })
    t.equal(await redis.ask('pttl', `${prefix}o:session:=alice`), '-1')
  })

  void t.test('a record that is prolonged without naming its owner stays in the index', async t => {
    const { store, prefix } = storeIn(t, redis)
    await store.put(key('a'), 1, { expiresAt: START + 1_000, owner: 'alice' })
    const version = (await store.get(key('a')))?.version ?? ''
    t.equal(await store.compareAndSet(key('a'), version, 2, { expiresAt: START + 3_600_000 }), true)
    t.ok(Number(await redis.ask('pttl', `${prefix}o:session:=alice`)) > 3_500_000)
    t.equal((await store.listByOwner('session', 'alice')).length, 1)
  })

  void t.test('a putIfAbsent that is refused takes nothing from the index', async t => {
    const { store } = storeIn(t, redis)
    await store.put(key('a'), 1, { ...forever, owner: 'alice' })
    t.equal(await store.putIfAbsent(key('a'), 2, { ...forever, owner: 'alice' }), false)
    t.equal((await store.listByOwner('session', 'alice')).length, 1)
  })

  void t.test(
    'an entry of the index without a record is nothing, and is swept away when it is old',
    async t => {
      const { store, prefix } = storeIn(t, redis)
      const index = `${prefix}o:session:=alice`
      await store.put(key('a'), 1, { ...forever, owner: 'alice' })
      const [seconds] = (await redis.ask('time')).split('\n')
      await redis.ask(
        'zadd',
        index,
        `${Number(seconds) - 7200}000000`,
        'long gone',
        `${seconds}000000`,
        'begun',
      )
      t.equal((await store.listByOwner('session', 'alice')).length, 1)
      t.equal(await store.sweep(10), 1)
      t.same((await redis.ask('zrange', index, '0', '-1')).split('\n').sort(), ['a', 'begun'])
      await store.delete(key('a'))
      t.equal(await store.sweep(10), 0)
    },
  )

  void t.test('a full Redis refuses what is new, and what it held is as it was', async t => {
    const full = await startRedis(t, '--maxmemory', '3mb')
    const { store } = storeIn(t, full)
    await store.put(key('a'), 'before', { ...forever, owner: 'alice' })
    const big = 'x'.repeat(100_000)
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) await store.put(key(`big ${n}`), big, forever)
    }
    await t.rejects(fill(), { name: 'StoreUnavailable', message: /OOM/ })
    await t.rejects(store.put(key('a'), big, { ...forever, owner: 'bob' }), { name: 'StoreUnavailable' })
    t.equal((await store.get(key('a')))?.value, 'before')
    t.equal((await store.listByOwner('session', 'alice')).length, 1)
    t.equal(await store.take(key('a')), 'before', 'what exists can be taken still')
  })

  void t.test('a killed Redis is told within a second, and found again when it is back', async t => {
    const mortal = await startRedis(t)
    const { store } = storeIn(t, mortal)
    await store.put(key('a'), 1, forever)
    await mortal.kill()
    const begun = performance.now()
    await t.rejects(store.get(key('a')), { name: 'StoreUnavailable' })
    t.ok(performance.now() - begun < 1_000, 'within a second')
    await mortal.start()
    const back = performance.now()
    for (;;) {
      const found = await store.get(key('a')).then(
        () => true,
        () => false,
      )
      if (found) break
      if (performance.now() - back > 5_000) throw new Error('it was not found again')
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    t.equal(await store.get(key('a')), undefined)
  })

  void t.test('a stopped Redis is told within the timeout, and nothing is done twice', async t => {
    const frozen = await startRedis(t)
    const target = { ...redisTarget(serverPlace(frozen), 'frozen:'), timeout: 300 }
    const store = openStore(target, () => START)
    t.teardown(() => store.close())
    await store.put(key('code'), 'once', forever)
    await store.increment(key('count'), forever)
    frozen.signal('SIGSTOP')
    const begun = performance.now()
    const taking = store.take(key('code'))
    const counting = store.increment(key('count'), forever)
    await t.rejects(taking, { name: 'StoreUnavailable' })
    await t.rejects(counting, { name: 'StoreUnavailable' })
    t.ok(performance.now() - begun < 1_000, 'within a second')
    frozen.signal('SIGCONT')
    for (;;) {
      const count = await store.get<number>(key('count')).catch(() => undefined)
      if (count !== undefined) {
        t.ok(count.value === 1 || count.value === 2, `counted ${count.value}`)
        break
      }
    }
    const again = await Promise.all([store.take(key('code')), store.take(key('code'))])
    t.ok(again.filter(value => value !== undefined).length <= 1)
  })

  void t.test('a Redis that has forgotten the scripts is told them again', async t => {
    const forgetful = await startRedis(t)
    const { store } = storeIn(t, forgetful)
    const useAll = async (): Promise<void> => {
      await store.put(key('a'), 'once', { ...forever, owner: 'alice' })
      t.equal((await store.listByOwner('session', 'alice')).length, 1)
      const taken = await Promise.all([store.take(key('a')), store.take(key('a'))])
      t.same(
        taken.filter(value => value !== undefined),
        ['once'],
      )
    }
    await useAll()
    for (let count = 1; count <= 3; count++) {
      await forgetful.ask('script', 'flush')
      t.equal(await store.increment(key('count'), forever), count)
      await useAll()
    }
  })

  void t.test('a count that goes on ends when it began to', async t => {
    const { store, clock, prefix } = storeIn(t, redis)
    await store.increment(key('a'), { expiresAt: START + 5_000 })
    clock.time += 4_000
    t.equal(await store.increment(key('a'), { expiresAt: START + 3_600_000 }), 2)
    const left = Number(await redis.ask('pttl', `${prefix}r:session:=a`))
    t.ok(left > 0 && left <= 65_000, `${left} ms`)
  })

  void t.test('an error of Redis tells nothing of what was sent', async t => {
    const { store, prefix } = storeIn(t, redis)
    await redis.ask('set', `${prefix}r:session:=a`, 'not a record')
    const failed = await store.put(key('a'), 'a secret value', forever).then(
      () => undefined,
      (error: unknown) => error as Error,
    )
    t.match(failed?.message, /WRONGTYPE/)
    t.notMatch(JSON.stringify(failed), /secret/)
    t.equal(failed?.cause, undefined)
  })

  void t.test('where there is no Redis, the first command waits for it, and not for ever', async t => {
    const late = await startRedis(t)
    await late.kill()
    const { store } = storeIn(t, late)
    const writing = store.put(key('a'), 1, forever)
    await late.start()
    await writing
    t.equal((await store.get(key('a')))?.value, 1)
  })
}
