import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import { describeRedis, type RedisPlace } from '../../src/store/redis-target.js'
import type { RecordKey, Store } from '../../src/store/store.js'
import { eventually, noRedis, redisTarget, startRedis, type TestRedis } from '../harness/redis.js'
import { startRedisLink } from '../harness/redis-link.js'

const forever = { expiresAt: undefined }
const code: RecordKey = { kind: 'one_time_code', id: 'a' }
const failures: RecordKey = { kind: 'attempts', id: 'a' }

/** A Redis behind a way on which answers can be lost, and how many replicas a write needs. */
interface House {
  readonly redis: (t: Test) => Promise<TestRedis>
  readonly place: (redis: TestRedis, port: number) => Promise<RedisPlace>
  readonly replicas: number
}

const oneServer = (_: TestRedis, port: number): Promise<RedisPlace> =>
  Promise.resolve({ kind: 'server', address: { host: '127.0.0.1', port } })

async function startPair(t: Test): Promise<TestRedis> {
  const master = await startRedis(t)
  const replica = await startRedis(t, '--replicaof', '127.0.0.1', String(master.port))
  await eventually(async () => (await replica.ask('info', 'replication')).includes('master_link_status:up'))
  return master
}

function startClusterNode(t: Test): Promise<TestRedis> {
  const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  // Half of what a client would go on trying for, if it did: so soon is a cluster up again.
  return startRedis(t, ...options, '--cluster-node-timeout', '500')
}

/** Makes one server a cluster, whose map names the way and not the server. */
async function clusterOfOne(redis: TestRedis, port: number): Promise<RedisPlace> {
  await redis.ask('config', 'set', 'cluster-announce-port', String(port))
  await redis.ask('cluster', 'addslotsrange', '0', '16383')
  await eventually(async () => (await redis.ask('cluster', 'info')).includes('cluster_state:ok'))
  return { kind: 'cluster', nodes: [{ host: '127.0.0.1', port }] }
}

function openStore(t: Test, place: RedisPlace, replicas = 0): Store {
  const target = { ...redisTarget(place, 'a:'), replicas }
  const connection = connectRedis(target)
  const name = describeRedis(target)
  const store = createRedisStore({ connection, name, prefix: 'a:', now: () => 0, random: randomBytes })
  t.teardown(() => store.close())
  return store
}

const houses: Readonly<Record<string, House>> = {
  'one server': { redis: t => startRedis(t), place: oneServer, replicas: 0 },
  'a server with a replica that must have it': { redis: startPair, place: oneServer, replicas: 1 },
  'a cluster': {
    redis: startClusterNode,
    place: clusterOfOne,
    replicas: 0,
  },
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  for (const [name, house] of Object.entries(houses)) {
    void t.test(`what was done and whose answer was lost is not done again: ${name}`, async t => {
      const redis = await house.redis(t)
      const loss = { of: undefined as string | undefined, count: 0 }
      const { port } = await startRedisLink(t, redis, answer => {
        if (loss.of === undefined || !answer.includes(loss.of)) return answer
        loss.of = undefined
        loss.count += 1
        return undefined
      })
      const store = openStore(t, await house.place(redis, port), house.replicas)
      const isBack = () => store.get(failures).then(() => true)
      await eventually(() => store.put(code, 'once', forever).then(() => true))
      t.equal(await store.increment(failures, forever), 1)

      loss.of = 'done'
      await t.rejects(store.increment(failures, forever), { name: 'StoreUnavailable' })
      await eventually(isBack)
      t.equal((await store.get(failures))?.value, 2, 'a failure is counted once')

      loss.of = 'live'
      await t.rejects(store.take(code), { name: 'StoreUnavailable' }, 'nobody is told that there was no code')
      await eventually(isBack)
      t.equal(await store.take(code), undefined, 'and it cannot be used any more')
      t.equal(loss.count, 2)
    })
  }

  void t.test('what a cluster that is down has refused is not done when it is back', async t => {
    const redis = await startClusterNode(t)
    let refused = (): void => undefined
    const refusal = new Promise<void>(resolve => (refused = resolve))
    const { port } = await startRedisLink(t, redis, answer => {
      if (answer.includes('CLUSTERDOWN')) refused()
      return answer
    })
    const place = await clusterOfOne(redis, port)
    const store = openStore(t, place)
    await eventually(() => store.put(code, 'once', forever).then(() => true))
    await redis.ask('cluster', 'delslotsrange', '0', '16383')
    await eventually(async () => (await redis.ask('cluster', 'info')).includes('cluster_state:fail'))
    const taking = t.rejects(store.take(code), { name: 'StoreUnavailable', message: /CLUSTERDOWN/ })
    await refusal
    await clusterOfOne(redis, port)
    await taking
    await eventually(async () => (await store.get(code))?.value === 'once')
  })
}
