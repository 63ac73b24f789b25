import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createKnownBrowsers } from '../../src/login/known-browsers.js'
import type { Attempt } from '../../src/login/attempt.js'
import { createLockout, type Lockout } from '../../src/login/lockout.js'
import { createMemoryStore } from '../../src/store/memory-store.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const START = Date.UTC(2026, 10, 22)
const PASSWORD: Attempt = { method: 'password', account: 'alice', address: '192.0.2.1' }
const CODE: Attempt = { ...PASSWORD, method: 'totp' }

function bench() {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  // A new lockout on the same store is another process, or this one after a restart.
  const process = (): Lockout =>
    createLockout({ store, now, knownBrowsers: createKnownBrowsers({ store, now, random: randomBytes }) })
  return { time, process, lockout: process() }
}

/** Fails as often as that, each time as early as allowed and from another address. */
async function fail(lockout: Lockout, time: { now: number }, attempt: Attempt, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const address = `10.1.${String(done >> 8)}.${String(done & 255)}`
    const permission = await lockout.begin({ ...attempt, address })
    if (permission.outcome === 'allowed') done++
    else if (permission.outcome === 'throttled') time.now += permission.retryAfter * 1000
    else return
  }
}

t.test('five free tries, then a wait that doubles up to 15 minutes', async t => {
  const { time, lockout } = bench()
  await fail(lockout, time, CODE, 5)
  t.equal(time.now, START, 'five at once')
  const waits: number[] = []
  for (let round = 0; round < 12; round++) {
    const permission = await lockout.begin(CODE)
    if (permission.outcome !== 'throttled') throw new Error(permission.outcome)
    waits.push(permission.retryAfter)
    time.now += permission.retryAfter * 1000 - 1
    t.equal((await lockout.begin(CODE)).outcome, 'throttled', 'not a millisecond early')
    time.now += 1
    t.equal((await lockout.begin(CODE)).outcome, 'allowed')
  }
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
})

t.test('f4: of 210 parallel tries five are allowed', async t => {
  const { process } = bench()
  for (const attempt of [CODE, PASSWORD]) {
    const processes = [process(), process(), process()]
    const tries = processes.flatMap(lockout =>
      Array.from({ length: 70 }, (_, i) => lockout.begin({ ...attempt, address: `192.0.2.${String(i)}` })),
    )
    const permissions = await Promise.all(tries)
    t.equal(permissions.filter(permission => permission.outcome === 'allowed').length, 5)
  }
})

t.test('f5: a right password leaves the count of wrong codes as it is', async t => {
  const { time, process } = bench()
  await fail(process(), time, CODE, 5)
  await process().begin(PASSWORD)
  await process().succeeded(PASSWORD)
  t.same(await process().begin(CODE), { outcome: 'throttled', retryAfter: 1 })
})

t.test('f7: wrong passwords leave the count of wrong codes as it is', async t => {
  const { time, lockout } = bench()
  await fail(lockout, time, PASSWORD, 15)
  t.equal((await lockout.begin(CODE)).outcome, 'allowed')
})

t.test('f6, j9: the account counts, from however many addresses', async t => {
  const { lockout } = bench()
  let allowed = 0
  for (let i = 0; i < 1000; i++) {
    const address =
      i % 2 === 0 ? `2001:db8:${i.toString(16)}::1` : `10.0.${String(i >> 8)}.${String(i & 255)}`
    if ((await lockout.begin({ ...CODE, address })).outcome === 'allowed') allowed++
  }
  t.equal(allowed, 5)
})

t.test('one address cannot try 51 accounts', async t => {
  const { lockout } = bench()
  for (let i = 0; i < 50; i++)
    t.equal((await lockout.begin({ ...PASSWORD, account: `user${String(i)}` })).outcome, 'allowed')
  t.equal((await lockout.begin({ ...PASSWORD, account: 'user50' })).outcome, 'throttled')
  const elsewhere = { ...PASSWORD, account: 'user50', address: '192.0.2.2' }
  t.equal((await lockout.begin(elsewhere)).outcome, 'allowed')
})

t.test('an office behind one address may log in as often as it likes', async t => {
  const { lockout } = bench()
  for (let i = 0; i < 200; i++) {
    const attempt = { ...PASSWORD, account: `user${String(i)}` }
    t.equal((await lockout.begin(attempt)).outcome, 'allowed')
    await lockout.succeeded(attempt)
  }
})

t.test('a blocked account does not use up the tries of the address', async t => {
  const { lockout } = bench()
  for (let i = 0; i < 100; i++) await lockout.begin(PASSWORD)
  t.equal((await lockout.begin({ ...PASSWORD, account: 'bob' })).outcome, 'allowed')
})

t.test('what was not looked at does not count', async t => {
  const { lockout } = bench()
  for (let i = 0; i < 100; i++) {
    t.equal((await lockout.begin(PASSWORD)).outcome, 'allowed')
    await lockout.notChecked(PASSWORD)
  }
})

t.test('the hundredth wrong code in a row locks, for good, until an operator lifts it', async t => {
  const { time, process } = bench()
  await fail(process(), time, CODE, 99)
  time.now += 30 * DAY
  t.equal((await process().begin(CODE)).outcome, 'allowed', 'time alone forgets no wrong code')
  time.now += 365 * DAY
  t.same(await process().begin(CODE), { outcome: 'locked' })
  t.same(await process().begin({ ...CODE, address: '198.51.100.7' }), { outcome: 'locked' })
  t.equal((await process().begin(PASSWORD)).outcome, 'allowed')
  await process().unlock('alice')
  t.equal((await process().begin(CODE)).outcome, 'allowed')
})

t.test('another factor of the user lifts the lock', async t => {
  const { time, lockout } = bench()
  await fail(lockout, time, CODE, 100)
  t.same(await lockout.begin(CODE), { outcome: 'locked' })
  const paper: Attempt = { ...CODE, method: 'backup_code' }
  t.equal((await lockout.begin(paper)).outcome, 'allowed')
  await lockout.succeeded(paper)
  t.equal((await lockout.begin(CODE)).outcome, 'allowed')
})

t.test('wrong passwords never lock, and are forgotten a day after the last', async t => {
  const { time, lockout } = bench()
  await fail(lockout, time, PASSWORD, 150)
  t.same(await lockout.begin(PASSWORD), { outcome: 'throttled', retryAfter: 900 })
  time.now += DAY
  await fail(lockout, time, PASSWORD, 5)
  t.equal(time.now - START > DAY, true)
  t.same(await lockout.begin(PASSWORD), { outcome: 'throttled', retryAfter: 1 })
})

t.test('what begins a login is counted apart: strangers neither slow nor lock a second factor', async t => {
  const { time, process, lockout } = bench()
  const first: Attempt = { ...CODE, method: 'email', isFirst: true }
  const second: Attempt = { ...CODE, method: 'email' }
  await fail(lockout, time, first, 150)
  t.same(await process().begin(first), { outcome: 'throttled', retryAfter: 900 }, 'it waits, and never locks')
  t.same(await process().begin(second), { outcome: 'allowed' })
  await lockout.succeeded(second)
  t.match(await process().begin(first), { outcome: 'throttled' }, 'nor does the second factor clear it')
  time.now += DAY
  t.equal((await process().begin(first)).outcome, 'allowed', 'and it is forgotten after a day')
})

t.test(
  'being right at the first step clears no count of wrong second factors, and lifts no lock',
  async t => {
    const { time, lockout } = bench()
    const second: Attempt = { ...CODE, method: 'email' }
    await fail(lockout, time, second, 100)
    const first: Attempt = { ...second, isFirst: true }
    await lockout.begin(first)
    await lockout.succeeded(first)
    t.same(await lockout.begin(second), { outcome: 'locked' })
    t.equal((await lockout.begin(CODE)).outcome, 'allowed')
  },
)

t.test('a passkey that was right clears the count of wrong keys and of nothing else', async t => {
  const { time, lockout } = bench()
  const key: Attempt = { ...CODE, method: 'webauthn' }
  await fail(lockout, time, key, 100)
  await fail(lockout, time, CODE, 100)
  await lockout.succeeded({ ...key, isFirst: true })
  t.equal((await lockout.begin(key)).outcome, 'allowed')
  t.same(await lockout.begin(CODE), { outcome: 'locked' })
})

t.test('l8: no name that nobody has leaves a count for ever', async t => {
  const time = { now: START }
  const store = createMemoryStore({ now: () => time.now })
  const now = (): number => time.now
  const knownBrowsers = createKnownBrowsers({ store, now, random: randomBytes })
  const lockout = createLockout({ store, now, knownBrowsers })
  for (let n = 0; n < 40; n++)
    for (const method of ['password', 'email', 'sms'] as const)
      await lockout.begin({ method, account: `nobody${n}`, address: `10.0.0.${n}`, isFirst: true })
  time.now += DAY
  // By account and by address, and the sum of all.
  t.equal(await store.sweep(1000), 40 * 3 * 2 + 1)
})
