import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually, noRedis, serverPlace, startRedis } from '../harness/redis.js'
import { LONG_PASSWORD, SESSION_COOKIE } from './all-ways-gateway.js'
import { beginBySms, KNOWN, logInBySms, startOnRedis } from './gateways-on-redis.js'
import { findIn } from './planted-secrets.js'

/** What the contract allows, in milliseconds. */
const REVOKED_WITHIN = 1_000

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const redis = await startRedis(t)
  const { here, there, secrets } = await startOnRedis(t, serverPlace(redis))

  await t.test('who is logged in on one machine is on the other, and an end holds there too', async t => {
    const cookies = await logInBySms(here)
    t.equal((await here.ask('/full/x', { cookies })).status, 200)
    t.equal((await there.ask('/full/x', { cookies })).status, 200)
    t.equal((await here.ask('/auth/logout', { json: {}, cookies })).status, 200)
    const ended = performance.now()
    // What a machine remembers of a session by itself goes by its clock, and ends with half a second.
    there.gateway.clock.advance(REVOKED_WITHIN / 2)
    await eventually(async () => (await there.ask('/full/x', { cookies })).status === 401)
    t.ok(performance.now() - ended < REVOKED_WITHIN / 2, `${Math.round(performance.now() - ended)} ms`)
    there.gateway.clock.advance(REVOKED_WITHIN / 2)
    there.gateway.clock.advance(-REVOKED_WITHIN)
  })

  await t.test('a code that was sent is taken once, on whatever machine', async t => {
    const answer = await beginBySms(here)
    const machines = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there))
    const replies = await Promise.all(machines.map(({ ask }) => ask('/auth/mfa/verify', answer)))
    t.equal(replies.filter(({ status }) => status === 200).length, 1)
  })

  await t.test('a refresh token is taken once, on whatever machine', async t => {
    const answer = await beginBySms(here, 'token')
    const { refresh_token } = (await here.ask('/auth/mfa/verify', answer)).json
    const machines = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there))
    const replies = await Promise.all(
      machines.map(({ ask }) => ask('/auth/token/refresh', { json: { refresh_token } })),
    )
    t.ok(replies.filter(({ status }) => status === 200).length <= 1)
  })

  await t.test('failures are counted together', async t => {
    const wrong = { username: 'bob', password: 'not it' }
    const statuses: number[] = []
    for (let count = 0; count < 12; count++) {
      const { ask } = count % 2 === 0 ? here : there
      statuses.push((await ask('/auth/login', { json: wrong })).status)
    }
    t.equal(statuses.at(-1), 429)
    for (const { ask } of [here, there])
      t.equal((await ask('/auth/login', { json: { ...KNOWN, username: 'bob' } })).status, 429)
  })

  await t.test('whoever steals a dump of Redis has no secret', async t => {
    const partial = await beginBySms(there)
    const tokens = (await here.ask('/auth/mfa/verify', await beginBySms(here, 'token'))).json
    const cookies = await logInBySms(here)
    const app = await here.ask('/auth/mfa/enrol/totp', { json: {}, cookies })
    const file = join(t.testdir({}), 'dump.rdb')
    await redis.ask('config', 'set', 'rdbcompression', 'no')
    await redis.ask('--rdb', file)
    const loot = [{ name: 'dump.rdb', bytes: readFileSync(file) }]
    const planted = {
      'the secret of the gateway': secrets[0],
      'a session': cookies[SESSION_COOKIE],
      'a partial session': partial.cookies[SESSION_COOKIE],
      'a challenge': String(partial.json.challenge),
      'a code': partial.json.code,
      'a password': LONG_PASSWORD,
      'an access token': String(tokens.access_token),
      'a refresh token': String(tokens.refresh_token),
      'an authenticator that is offered': String(app.json.secret),
    }
    for (const [what, secret = ''] of Object.entries(planted)) {
      t.ok(secret.length > 5, what)
      t.same(findIn(loot, secret), [], what)
    }
    t.ok(loot[0]?.bytes.includes('alice'), 'the dump is read')
    const marker = randomBytes(12).toString('hex')
    await redis.ask('set', 'marker', marker)
    await redis.ask('--rdb', file)
    t.equal(findIn([{ name: 'dump.rdb', bytes: readFileSync(file) }], marker).length > 0, true)
  })
}
