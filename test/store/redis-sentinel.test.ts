import { randomBytes } from 'node:crypto'
import t from 'tap'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import { noRedis, redisTarget, startSentinels } from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const { master, place } = await startSentinels(t)
  const open = (now: () => number) => {
    const prefix = `${randomBytes(6).toString('hex')}:`
    const connection = connectRedis({ ...redisTarget(place, prefix), timeout: 1_000 })
    return createRedisStore({ connection, name: 'by sentinels', prefix, now, random: randomBytes })
  }
  testStoreContract((_t, now) => open(now), { expiresByItself: true })

  void t.test('a replica that was promoted is found, and what it had is there', async t => {
    const store = open(() => 0)
    t.teardown(() => store.close())
    await store.put({ kind: 'session', id: 'a' }, 'kept', { expiresAt: undefined, owner: 'alice' })
    // The replica has it: a write that was not passed on would be lost with its master.
    await master.ask('wait', '1', '5000')
    const versions = (await store.get({ kind: 'session', id: 'a' }))?.version
    const died = performance.now()
    await master.kill()
    await t.rejects(store.put({ kind: 'session', id: 'b' }, 1, { expiresAt: undefined }), {
      name: 'StoreUnavailable',
    })
    t.ok(performance.now() - died < 1_000, 'told within a second')
    for (;;) {
      const back = await store.put({ kind: 'session', id: 'b' }, 1, { expiresAt: undefined }).then(
        () => true,
        () => false,
      )
      if (back) break
      if (performance.now() - died > 20_000) throw new Error('nobody took over')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    t.comment(`written again after ${Math.round(performance.now() - died)} ms`)
    const record = await store.get({ kind: 'session', id: 'a' })
    t.match(record, { value: 'kept', version: versions })
    t.equal((await store.listByOwner('session', 'alice')).length, 1)
  })
}
