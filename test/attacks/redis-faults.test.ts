import t, { type Test } from 'tap'
import type { Reply } from '../harness/person.js'
import { noRedis, serverPlace, startRedis, startSentinels } from '../harness/redis.js'
import { KNOWN, logInBySms, type RedisGateway, startOnRedis } from './gateways-on-redis.js'

/** What the contract allows, in milliseconds. */
const TOLD_WITHIN = 1_000
const BACK_WITHIN = 5_000
/** Longer than the usual one: a test shares its loop with the gateway, on a busy machine. */
const TIMEOUT = 700

type Cookies = Readonly<Record<string, string>>

/** Asks until the cache of sessions no longer knows, and gives the answer with how long it took. */
async function timed(work: () => Promise<Reply>) {
  const begun = performance.now()
  const reply = await work()
  return { reply, took: performance.now() - begun }
}

/** Protected pages are not there, in time; public ones are. */
async function expectDown(t: Test, { ask, gateway }: RedisGateway, cookies: Cookies): Promise<void> {
  // What was read before is believed for a moment.
  gateway.clock.advance(2_000)
  for (const [what, send] of [
    ['a page', () => ask('/full/x', { cookies })],
    ['a login', () => ask('/auth/login', { json: KNOWN })],
  ] as const) {
    const { reply, took } = await timed(send)
    t.equal(reply.status, 503, what)
    t.match(reply.header('retry-after'), [/^\d+$/], what)
    t.ok(took < TOLD_WITHIN, `${what}: ${Math.round(took)} ms`)
  }
  t.equal((await ask('/public/x')).status, 200, 'public pages are there')
  t.equal((await ask('/full/x')).status, 401, 'nobody is nobody')
}

/** Waits until a page is answered so, and gives how long that took. */
async function until(status: number, { ask }: RedisGateway, cookies: Cookies): Promise<number> {
  const begun = performance.now()
  for (;;) {
    if ((await ask('/full/x', { cookies })).status === status) return performance.now() - begun
    if (performance.now() - begun > 20_000) throw new Error(`it was not answered ${status} again`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  await t.test('Redis is stopped, and goes on', async t => {
    const redis = await startRedis(t)
    const { here } = await startOnRedis(t, serverPlace(redis), { count: 1, timeout: TIMEOUT })
    const cookies = await logInBySms(here)
    redis.signal('SIGSTOP')
    await expectDown(t, here, cookies)
    redis.signal('SIGCONT')
    const took = await until(200, here, cookies)
    t.ok(took < BACK_WITHIN, `back after ${Math.round(took)} ms`)
  })

  await t.test('Redis is killed, and comes back with what it knew', async t => {
    const redis = await startRedis(t, '--appendonly', 'yes', '--appendfsync', 'always')
    const { here } = await startOnRedis(t, serverPlace(redis), { count: 1, timeout: TIMEOUT })
    const cookies = await logInBySms(here)
    await redis.kill()
    await expectDown(t, here, cookies)
    await redis.start()
    const took = await until(200, here, cookies)
    t.ok(took < BACK_WITHIN, `back after ${Math.round(took)} ms`)
  })

  await t.test('Redis is full', async t => {
    const redis = await startRedis(t)
    const { here } = await startOnRedis(t, serverPlace(redis), { count: 1 })
    const cookies = await logInBySms(here)
    await redis.ask('config', 'set', 'maxmemory', '1')
    here.gateway.clock.advance(1_000)
    t.equal((await here.ask('/full/x', { cookies })).status, 200, 'who is logged in stays so')
    t.equal((await here.ask('/auth/login', { json: KNOWN })).status, 503, 'nobody logs in')
    t.equal((await here.ask('/public/x')).status, 200)
    t.equal((await here.ask('/auth/logout', { json: {}, cookies })).status, 200, 'who leaves is gone')
    await redis.ask('config', 'set', 'maxmemory', '0')
    t.ok(await logInBySms(here), 'and goes on by itself')
  })

  await t.test('Redis takes no writes', async t => {
    const redis = await startRedis(t)
    const { here } = await startOnRedis(t, serverPlace(redis), { count: 1 })
    const cookies = await logInBySms(here)
    await redis.ask('config', 'set', 'min-replicas-to-write', '1')
    here.gateway.clock.advance(1_000)
    t.equal((await here.ask('/full/x', { cookies })).status, 200)
    t.equal((await here.ask('/auth/login', { json: KNOWN })).status, 503)
    await redis.ask('config', 'set', 'min-replicas-to-write', '0')
    t.ok(await logInBySms(here))
  })

  await t.test('Redis is emptied: nobody is somebody without a second factor', async t => {
    const redis = await startRedis(t)
    const { here, secrets } = await startOnRedis(t, serverPlace(redis), { count: 1 })
    const cookies = await logInBySms(here)
    await redis.ask('flushall')
    here.gateway.clock.advance(2_000)
    t.equal((await here.ask('/full/x', { cookies })).status, 401, 'sessions are gone')
    t.equal((await here.ask('/auth/login', { json: KNOWN })).status, 503, 'nobody logs in')
    const left = await here.ask('/auth/logout', { json: {}, cookies })
    t.equal(left.status, 503, 'whether a session has ended is not known: a backup may bring it back')
    t.match(here.gateway.logLines.join('\n'), /The store was emptied while the gateway ran/)
    t.equal((await here.ask('/public/x')).status, 200)
    await here.gateway.close()
    const again = await startOnRedis(t, serverPlace(redis), { count: 1, secrets })
    again.here.later()
    t.ok(await logInBySms(again.here), 'after a restart it begins anew')
  })

  await t.test('a replica takes over', async t => {
    const { master, place } = await startSentinels(t)
    const { here } = await startOnRedis(t, place, { count: 1, timeout: TIMEOUT })
    const cookies = await logInBySms(here)
    await master.ask('wait', '1', '5000')
    await master.kill()
    await expectDown(t, here, cookies)
    const took = await until(200, here, cookies)
    // A second until the sentinels are sure, and their vote.
    t.ok(took < BACK_WITHIN, `back after ${Math.round(took)} ms`)
  })
}
