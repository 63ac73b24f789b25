import { randomBytes } from 'node:crypto'
import t from 'tap'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import { noRedis, redisTarget, startCluster } from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const { nodes, place } = await startCluster(t)
  const open = (now: () => number, prefix = `${randomBytes(6).toString('hex')}:`) => {
    const connection = connectRedis(redisTarget(place, prefix))
    return createRedisStore({ connection, name: 'the cluster', prefix, now, random: randomBytes })
  }
  testStoreContract((_t, now) => open(now), { expiresByItself: true })

  void t.test('records lie on every node', async t => {
    const store = open(() => 0, 'spread:')
    t.teardown(() => store.close())
    const ids = Array.from({ length: 60 }, (_, n) => String(n))
    const options = { expiresAt: undefined, owner: 'alice' }
    await Promise.all(ids.map(id => store.put({ kind: 'session', id }, id, options)))
    for (const node of nodes) t.not(await node.ask('keys', 'spread:r:*'), '')
    t.equal((await store.listByOwner('session', 'alice')).length, 60)
  })
}
