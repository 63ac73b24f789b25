import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { createCachedStore } from '../../src/store/cached-store.js'
import { followRedisChanges } from '../../src/store/redis-changes.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import type { RedisPlace } from '../../src/store/redis-target.js'
import type { RecordKey, Store } from '../../src/store/store.js'
import { eventually, noRedis, redisTarget, serverPlace, startCluster, startRedis } from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

const START = 1_700_000_000_000
const LIFE = 1_000
const session: RecordKey = { kind: 'session', id: 'a' }
const forever = { expiresAt: undefined }

/** A store with a cache, as one machine has it; `reads` counts what reaches Redis. */
async function machine(place: RedisPlace, prefix: string, now: () => number) {
  const connection = connectRedis(redisTarget(place, prefix))
  const home = createRedisStore({ connection, name: 'Redis', prefix, now, random: randomBytes })
  const count = { reads: 0 }
  const counted: Store = {
    ...home,
    get: key => {
      count.reads += 1
      return home.get(key)
    },
  }
  const changes = followRedisChanges({ connection, prefix, random: randomBytes })
  const store = createCachedStore({ store: counted, changes, prefix, life: LIFE, now })
  await eventually(() => Promise.resolve(changes.isHeard()))
  return { store, changes, count }
}

/** Two machines on one part of a Redis that no other test uses. */
async function machines(t: Test, place: RedisPlace) {
  const clock = { time: START }
  const prefix = `${randomBytes(6).toString('hex')}:`
  const here = await machine(place, prefix, () => clock.time)
  const there = await machine(place, prefix, () => clock.time)
  t.teardown(async () => {
    await here.store.close()
    await there.store.close()
  })
  return { clock, here, there, prefix }
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const redis = await startRedis(t)
  const place = serverPlace(redis)

  testStoreContract(
    async (_t, now) => (await machine(place, `${randomBytes(6).toString('hex')}:`, now)).store,
    { expiresByItself: true },
  )

  for (const [name, where] of [
    ['one server', () => Promise.resolve(place)],
    ['a cluster', async (t: Test) => (await startCluster(t)).place],
  ] as const) {
    void t.test(`an end on one machine holds on the other: ${name}`, async t => {
      const { here, there } = await machines(t, await where(t))
      for (let round = 0; round < 20; round++) {
        const key: RecordKey = { kind: 'session', id: String(round) }
        await here.store.put(key, round, forever)
        // The message about the write may come after the first read.
        await eventually(async () => {
          const { reads } = there.count
          await there.store.get(key)
          return there.count.reads === reads
        })
        await (round % 2 === 0 ? here.store.take(key) : here.store.put(key, 'new', forever))
        const ended = performance.now()
        await eventually(async () => (await there.store.get(key))?.value !== round)
        t.ok(performance.now() - ended < 1_000, `${Math.round(performance.now() - ended)} ms`)
      }
    })
  }

  void t.test('what was read is read again when its time is over, and other kinds always', async t => {
    const { clock, here } = await machines(t, place)
    await here.store.put(session, 1, { expiresAt: START + LIFE + 500 })
    await eventually(async () => {
      const { reads } = here.count
      await here.store.get(session)
      return here.count.reads === reads
    })
    const { reads } = here.count
    clock.time += LIFE - 1
    t.equal((await here.store.get(session))?.value, 1)
    t.equal(here.count.reads, reads)
    clock.time += 1
    await here.store.get(session)
    t.equal(here.count.reads, reads + 1)
    clock.time += 500
    t.equal(await here.store.get(session), undefined, 'it has expired')
    await here.store.put({ kind: 'totp', id: 'a' }, 1, forever)
    const before = here.count.reads
    for (let count = 0; count < 3; count++) await here.store.get({ kind: 'totp', id: 'a' })
    t.equal(here.count.reads, before + 3)
  })

  void t.test('what is not there is not remembered', async t => {
    const { here, there } = await machines(t, place)
    t.equal(await there.store.get(session), undefined)
    await here.store.put(session, 1, forever)
    t.equal((await there.store.get(session))?.value, 1)
  })

  void t.test('nothing is believed while the channel is silent', async t => {
    const { here, there, prefix } = await machines(t, place)
    let silent = false
    there.changes.onSilence(() => (silent = true))
    await here.store.put(session, 1, forever)
    await eventually(async () => {
      const { reads } = there.count
      await there.store.get(session)
      return there.count.reads === reads
    })
    await redis.ask('client', 'kill', 'type', 'pubsub')
    await eventually(() => Promise.resolve(silent))
    await redis.ask('hset', `${prefix}r:session:=a`, 'v', '2')
    t.equal((await there.store.get(session))?.value, 2, 'it is read')
    await eventually(() => Promise.resolve(there.changes.isHeard()))
    t.equal((await there.store.get(session))?.value, 2, 'and what was read before the silence is forgotten')
  })

  void t.test('however short a silence is, it is told', async t => {
    const { here } = await machines(t, place)
    let silences = 0
    here.changes.onSilence(() => silences++)
    for (let count = 1; count <= 15; count++) {
      await eventually(() => Promise.resolve(here.changes.isHeard()))
      await redis.ask('client', 'kill', 'type', 'pubsub')
      await eventually(() => Promise.resolve(silences >= count))
    }
  })

  void t.test('a Redis that hangs makes the channel silent within half a second', async t => {
    const frozen = await startRedis(t)
    const { here } = await machines(t, serverPlace(frozen))
    await here.store.put(session, 1, forever)
    await here.store.get(session)
    frozen.signal('SIGSTOP')
    const begun = performance.now()
    await eventually(() => Promise.resolve(!here.changes.isHeard()))
    t.ok(performance.now() - begun < 1_000, `${Math.round(performance.now() - begun)} ms`)
    frozen.signal('SIGCONT')
    await eventually(() => Promise.resolve(here.changes.isHeard()))
  })
}
