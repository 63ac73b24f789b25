import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import type { RedisPlace } from '../../src/store/redis-target.js'
import { type RecordKey, type Store, StoreUnavailable } from '../../src/store/store.js'
import {
  eventually,
  noRedis,
  redisTarget,
  serverPlace,
  startCluster,
  startRedis,
  startSentinels,
} from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

const forever = { expiresAt: undefined }
const session = (id: string): RecordKey => ({ kind: 'session', id })

/** A store whose writes one replica must have. */
function open(place: RedisPlace, now = () => 0, timeout = 1_000): Store {
  const prefix = `${randomBytes(6).toString('hex')}:`
  const connection = connectRedis({ ...redisTarget(place, prefix), timeout, replicas: 1 })
  return createRedisStore({ connection, name: 'Redis', prefix, now, random: randomBytes })
}

/** What became of a write: undefined where it counts, else why not. */
const outcomeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error
      return error.message
    },
  )

/** Writes the first record: a new replica says for the first time within a second what it has. */
async function untilWritten(store: Store): Promise<void> {
  await eventually(async () => (await outcomeOf(store.put(session('a'), 1, forever))) === undefined)
}

/** A master with one replica. */
async function startPair(t: Test) {
  const master = await startRedis(t)
  const replica = await startRedis(t, '--replicaof', '127.0.0.1', String(master.port))
  await eventually(async () => (await replica.ask('info', 'replication')).includes('master_link_status:up'))
  return { master, replica }
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const { master: shared } = await startPair(t)
  const first = open(serverPlace(shared))
  await untilWritten(first)
  await first.close()
  testStoreContract((_t, now) => open(serverPlace(shared), now, 3_000), { expiresByItself: true })

  void t.test('what no replica has in time is refused, at once while it lasts, and reads go on', async t => {
    const { master, replica } = await startPair(t)
    const store = open(serverPlace(master))
    t.teardown(() => store.close())
    await untilWritten(store)
    replica.signal('SIGSTOP')
    const begun = performance.now()
    const took = (): number => Math.round(performance.now() - begun)
    t.match(await outcomeOf(store.take(session('a'))), /0 of 1 replicas had what was written within 500 ms/)
    t.ok(took() < 1_500, `told after ${took()} ms`)
    const writes = Array.from({ length: 50 }, (_, n) => outcomeOf(store.put(session(String(n)), n, forever)))
    t.equal(await store.get(session('b')), undefined, 'a read is not held up')
    t.same(
      [...new Set((await Promise.all(writes)).map(why => why?.replace(/ within .*/, '')))],
      ['Redis failed: 0 of 1 replicas had what was written'],
    )
    t.ok(took() < 3_000, `all told after ${took()} ms`)
    replica.signal('SIGCONT')
    await eventually(async () => (await outcomeOf(store.put(session('c'), 1, forever))) === undefined)
    t.equal(await store.get(session('a')), undefined, 'what was taken stays so')
  })

  void t.test(
    'also a write that needs its script told again counts only when the replica has it',
    async t => {
      const { master, replica } = await startPair(t)
      const store = open(serverPlace(master))
      t.teardown(() => store.close())
      await untilWritten(store)
      await master.ask('script', 'flush')
      replica.signal('SIGSTOP')
      t.match(await outcomeOf(store.put(session('b'), 1, forever)), /0 of 1 replicas/)
      replica.signal('SIGCONT')
    },
  )

  void t.test('a server without a replica takes nothing where one is asked for', async t => {
    const store = open(serverPlace(await startRedis(t)))
    t.teardown(() => store.close())
    t.match(await outcomeOf(store.put(session('a'), 1, forever)), /0 of 1 replicas/)
    t.match(await outcomeOf(store.increment(session('b'), forever)), /0 of 1 replicas/)
  })

  void t.test(
    'a master dies amidst writes: each one that counted is there, each code that was used is gone',
    async t => {
      const { master, replica, place } = await startSentinels(t)
      const store = open(place)
      t.teardown(() => store.close())
      const codes = Array.from({ length: 200 }, (_, n) => String(n))
      await Promise.all(codes.map(id => store.put({ kind: 'one_time_code', id }, id, forever)))
      const written: string[] = []
      const used: string[] = []
      const life = { over: false }
      const writers = Array.from({ length: 10 }, async (_, writer) => {
        for (let turn = 0; !life.over; turn++) {
          // What is refused at once leaves no room for anything else.
          await new Promise(setImmediate)
          const id = `${writer}-${turn}`
          if ((await outcomeOf(store.put({ kind: 'totp', id }, id, { ...forever, owner: id }))) === undefined)
            written.push(id)
          const code = codes.pop()
          if (code === undefined) continue
          if ((await outcomeOf(store.take({ kind: 'one_time_code', id: code }))) === undefined)
            used.push(code)
        }
      })
      await eventually(() => Promise.resolve(used.length >= 50))
      // From here on the master's writes do not get through, and it goes on answering for a moment.
      replica.signal('SIGSTOP')
      await new Promise(resolve => setTimeout(resolve, 100))
      await master.kill()
      life.over = true
      replica.signal('SIGCONT')
      await Promise.all(writers)
      await eventually(async () => (await outcomeOf(store.get(session('a')))) === undefined)
      const found = await Promise.all(written.map(id => store.listByOwner('totp', id)))
      t.equal(found.filter(({ length }) => length === 0).length, 0, `of ${written.length} that counted`)
      const taken = await Promise.all(used.map(id => store.get({ kind: 'one_time_code', id })))
      t.equal(taken.filter(code => code !== undefined).length, 0, `of ${used.length} that were used`)
    },
  )

  void t.test('in a cluster the replica of the very server that has the record is asked', async t => {
    const { nodes, place } = await startCluster(t, true)
    const store = open(place)
    t.teardown(() => store.close())
    // In a key with braces only what stands in them tells the server.
    const ids = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? String(n) : `{${n}} of many`))
    const writeAll = () => Promise.all(ids.map(id => outcomeOf(store.put(session(id), id, forever))))
    // The replicas of a new cluster may be copying yet.
    await eventually(async () => (await writeAll()).every(why => why === undefined))
    const roles = await Promise.all(nodes.map(node => node.ask('role')))
    const replica = nodes[roles.findIndex(role => role.startsWith('slave'))]
    replica?.signal('SIGSTOP')
    const refused: string[] = []
    for (const id of ids)
      if ((await outcomeOf(store.put(session(id), id, forever))) !== undefined) refused.push(id)
    t.ok(refused.length > 0 && refused.length < ids.length, `${refused.length} of ${ids.length} are refused`)
    const again = await writeAll()
    t.same(
      ids.filter((_, n) => again[n] !== undefined),
      refused,
      'the others go on',
    )
    const fit = session(ids.find(id => !refused.includes(id)) ?? '')
    const owned = await Promise.all(ids.map(owner => outcomeOf(store.put(fit, 1, { ...forever, owner }))))
    t.ok(owned.includes(undefined), 'a record whose owner has their index elsewhere')
    t.ok(
      owned.some(why => why !== undefined),
      'the index of an owner must not be lost either',
    )
    replica?.signal('SIGCONT')
    await eventually(async () => (await writeAll()).every(why => why === undefined))
  })
}
