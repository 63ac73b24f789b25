import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { awaitRedis } from '../../src/cli/await-redis.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import type { RedisPlace } from '../../src/store/redis-target.js'
import {
  noRedis,
  redisTarget,
  serverPlace,
  startCluster,
  startRedis,
  type TestRedis,
} from '../harness/redis.js'
import { startRedisLink } from '../harness/redis-link.js'

/** Awaits a Redis as `serve` does, and gives what came of it and what was said. */
async function awaited(
  redis: Pick<TestRedis, 'port'> | RedisPlace,
  meanwhile?: (told: () => string) => Promise<void>,
) {
  const place = 'kind' in redis ? redis : serverPlace(redis)
  const connection = connectRedis(redisTarget(place, 'a:'))
  let told = ''
  const waiting = awaitRedis(connection, { stderr: text => (told += text), now: systemClock })
  await meanwhile?.(() => told)
  const fit = await waiting
  connection.close()
  return { fit, told }
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  void t.test('a Redis that keeps what it is given is taken without a word', async t => {
    const redis = await startRedis(t, '--appendonly', 'yes')
    t.same(await awaited(redis), { fit: true, told: '' })
  })

  void t.test('a Redis that keeps nothing on a disk is told of, and taken', async t => {
    const { fit, told } = await awaited(await startRedis(t))
    t.equal(fit, true)
    t.match(told, /keeps nothing on a disk: .* Set in redis\.conf: appendonly yes/)
  })

  void t.test('a Redis that throws things away is refused, with the cure', async t => {
    const { fit, told } = await awaited(await startRedis(t, '--maxmemory-policy', 'allkeys-lru'))
    t.equal(fit, false)
    t.match(told, /maxmemory-policy allkeys-lru\).* Set it in redis\.conf: maxmemory-policy noeviction/)
  })

  void t.test('a Redis that is too old is refused, and told', async t => {
    const redis = await startRedis(t, '--appendonly', 'yes')
    const version = { told: '' }
    const link = await startRedisLink(t, redis, answer =>
      answer.replace(/(?<=redis_version:)\d+\.\d+/, real => version.told.padStart(real.length, '0')),
    )
    for (version.told of ['5.9', '6.1']) {
      const { fit, told } = await awaited(link)
      t.equal(fit, false, version.told)
      t.match(told, /^Redis 0*[56]\.\d is too old\. Install 6\.2 or later, or Valkey\.\n$/)
    }
    for (version.told of ['6.2', '7.0']) t.same(await awaited(link), { fit: true, told: '' }, version.told)
  })

  void t.test('a cluster is refused when any one of its servers throws things away', async t => {
    const { nodes, place } = await startCluster(t)
    t.equal((await awaited(place)).fit, true)
    for (const node of nodes) {
      await node.ask('config', 'set', 'maxmemory-policy', 'volatile-ttl')
      t.equal((await awaited(place)).fit, false)
      await node.ask('config', 'set', 'maxmemory-policy', 'noeviction')
    }
  })

  void t.test('where CONFIG is forbidden, that is said', async t => {
    const redis = await startRedis(t, '--rename-command', 'CONFIG', '')
    const { fit, told } = await awaited(redis)
    t.equal(fit, true)
    t.match(told, /cannot be checked that Redis evicts nothing/)
  })

  void t.test('where INFO is forbidden, that is said, and nobody waits for it', async t => {
    const rules = ['on', 'nopass', '~*', '&*', '+@all', '-info']
    const redis = await startRedis(t, '--appendonly', 'yes', '--user', 'default', ...rules)
    const { fit, told } = await awaited(redis)
    t.equal(fit, true)
    t.match(told, /^Redis does not tell its version, which must be 6\.2 or later\.\n$/)
  })

  void t.test('without Redis it waits and says so once, until Redis is there', async t => {
    const redis = await startRedis(t, '--appendonly', 'yes')
    await redis.kill()
    const { fit, told } = await awaited(redis, async told => {
      while (!told().includes('waits')) await new Promise(resolve => setTimeout(resolve, 50))
      await new Promise(resolve => setTimeout(resolve, 1_000))
      await redis.start()
    })
    t.equal(fit, true)
    t.match(told, /^The gateway waits for Redis, and does not listen until it is there: .*ECONNREFUSED/)
    t.equal(told.split('\n').length, 2, 'one line')
  })
}
