import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createLoginChallenges } from '../../src/credentials/login-challenges.js'
import { tokenSessionId } from '../../src/credentials/session-record.js'
import { createMemoryStore } from '../../src/store/memory-store.js'

const START = Date.UTC(2026, 10, 22)
const WAITING = { purpose: 'second_factor', returnTo: 'https://wiki.example.com/' } as const

function bench() {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  return { time, store, challenges: createLoginChallenges({ store, now, random: randomBytes }) }
}

t.test('a challenge is found by its own session only (e4)', async t => {
  const { challenges, store } = bench()
  const id = await challenges.create('session-a', 'alice', WAITING)
  t.same(await challenges.peek(id, 'session-a'), WAITING)
  t.equal(await challenges.peek(id, 'session-b'), undefined)
  t.same(await challenges.countTry(id, 'session-b'), { outcome: 'none' })
  t.notOk(
    JSON.stringify(await store.listByOwner('challenge', 'alice')).includes(id),
    'only its hash is stored',
  )
})

t.test('a challenge lives five minutes, also after a try', async t => {
  const { challenges, time } = bench()
  const id = await challenges.create('session', 'alice', WAITING)
  time.now += 299_000
  t.same(await challenges.countTry(id, 'session'), { outcome: 'open', challenge: WAITING })
  time.now += 1000
  t.same(await challenges.countTry(id, 'session'), { outcome: 'none' })
  t.notOk(await challenges.take(id))
})

t.test('a challenge takes five tries, however many come at once', async t => {
  const { challenges } = bench()
  const id = await challenges.create('session', 'alice', { purpose: 'enrol', returnTo: undefined })
  const tries = await Promise.all(Array.from({ length: 20 }, () => challenges.countTry(id, 'session')))
  t.equal(tries.filter(({ outcome }) => outcome === 'open').length, 5)
  t.equal(tries.filter(({ outcome }) => outcome === 'used_up').length, 15)
})

t.test('a challenge is used up once', async t => {
  const { challenges } = bench()
  const id = await challenges.create('session', 'alice', WAITING)
  const taken = await Promise.all(Array.from({ length: 20 }, () => challenges.take(id)))
  t.equal(taken.filter(Boolean).length, 1)
  t.equal(await challenges.peek(id, 'session'), undefined)
})

t.test('a challenge of tokens names its session, and one of a cookie does not', async t => {
  const { challenges } = bench()
  const carried = tokenSessionId('reference')
  const id = await challenges.create(carried, 'alice', WAITING)
  t.equal(await challenges.tokenSessionOf(id), carried)
  t.equal(await challenges.tokenSessionOf(await challenges.create('session', 'alice', WAITING)), undefined)
  t.equal(await challenges.tokenSessionOf('no challenge'), undefined)
})
