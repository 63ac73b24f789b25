import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { refuseWhenEmptied } from '../../src/store/emptied-store.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import type { RedisPlace } from '../../src/store/redis-target.js'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import { startGateway, type TestGateway } from '../harness/gateway.js'
import { createPerson, type Reply } from '../harness/person.js'
import { eventually, noRedis, redisTarget, startSentinels } from '../harness/redis.js'

/** A gateway whose writes a replica must have before they count. */
function start(t: Test, place: RedisPlace): Promise<TestGateway> {
  return startGateway(t, {
    store: now => {
      const target = { ...redisTarget(place, 'gatehouse:'), timeout: 1_000, replicas: 1 }
      const records = { connection: connectRedis(target), name: 'Redis', prefix: target.prefix, now }
      const store = createRedisStore({ ...records, random: randomBytes })
      return refuseWhenEmptied({ store, random: randomBytes })
    },
  })
}

/** Longer than anybody has to wait after wrong passwords, in milliseconds. */
const A_LOCK = 16 * 60_000

const keyIn = (reply: Reply): string => (reply.json.enrolment as { readonly secret: string }).secret

t.test(
  'an enrolment that was confirmed is there after a fail-over',
  { skip: noRedis || noAuthenticator },
  async t => {
    const { master, replica, place } = await startSentinels(t)
    const gateway = await start(t, place)
    const carol = createPerson(gateway)
    const offered = await carol.giveUserName('carol')
    t.equal(offered.status, 202)
    const key = keyIn(offered)
    const code = totpCode(key, gateway.clock.now())

    replica.signal('SIGSTOP')
    t.equal((await carol.giveCode(code)).status, 503, 'what only the master has is not confirmed')
    replica.signal('SIGCONT')

    const dave = createPerson(gateway)
    let begun: Reply | undefined
    await eventually(async () => (begun = await dave.giveUserName('dave')).status === 202)
    const hers = begun === undefined ? '' : keyIn(begun)
    const used = totpCode(hers, gateway.clock.now())
    const done = await dave.giveCode(used)
    t.equal(done.status, 200)
    const died = master.kill()
    const [backup = ''] = done.json.backup_codes as readonly string[]
    await died
    t.equal((await dave.giveUserName('dave')).status, 503, 'nobody is asked meanwhile')
    // The new master has no replica until the old one is back.
    await eventually(async () => (await replica.ask('role')).startsWith('master'))
    await master.start()
    await eventually(async () => /^slave0:.*state=online/m.test(await replica.ask('info', 'replication')))
    let again: Reply | undefined
    const later = createPerson(gateway)
    await eventually(async () => {
      again = await later.giveUserName('dave')
      // What the new master could not confirm yet was counted there all the same.
      if (again.status === 429) gateway.clock.advance(A_LOCK)
      return again.status === 202
    })
    t.equal(again?.json.enrolment, undefined, 'the second factor is there')
    t.equal((await later.giveCode(used)).status, 401, 'its code was used')
    t.equal((await later.giveCode(backup, 'backup_code')).status, 200, 'and the backup codes are')
  },
)
