import t from 'tap'
import type { Attempt } from '../../src/login/attempt.js'
import { lockoutBench } from './lockout-bench.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const BASE = { account: 'alice', subject: 'alice', address: '192.0.2.1' } as const
const PASSWORD: Attempt = { ...BASE, method: 'password' }
const GUESS = { chance: 2, passwordVersion: 'v1' }
const CODE: Attempt = { ...BASE, method: 'totp', guess: GUESS }
const MAILED: Attempt = { ...BASE, method: 'email', isFirst: true, guess: { ...GUESS, chance: 1 } }

t.test('an owner who logs in daily gives whoever has the password no more than the year has', async t => {
  const bench = lockoutBench()
  let evaluated = 0
  for (let day = 0; day < 364; day++) {
    const until = bench.time.now + DAY
    evaluated += await bench.fail(CODE, 20)
    // The owner shows another factor that nobody can guess: every lock in a row is lifted.
    await bench.lockout.succeeded({ ...BASE, method: 'webauthn' })
    bench.time.now = Math.max(bench.time.now, until)
  }
  t.equal(evaluated, 400, '0.08 % at two in a million each')
  t.same(await bench.process().begin(CODE), { outcome: 'locked' })
  const key: Attempt = { ...BASE, method: 'webauthn' }
  t.same(await bench.lockout.begin(key), { outcome: 'allowed' }, 'what nobody can guess still opens')
  t.same(
    await bench.lockout.begin({ ...CODE, guess: { ...GUESS, passwordVersion: 'v2' } }),
    { outcome: 'allowed' },
    'another password begins anew',
  )
})

t.test('guesses count for a year, and an operator forgets them', async t => {
  const bench = lockoutBench()
  const many: Attempt = { ...CODE, guess: { ...GUESS, chance: 200 } }
  t.equal(await bench.fail(many, 10), 4)
  t.same(await bench.lockout.begin(many), { outcome: 'locked' })
  bench.time.now += 364 * DAY
  t.same(await bench.lockout.begin(many), { outcome: 'locked' })
  bench.time.now += 40 * DAY
  t.same(await bench.lockout.begin(many), { outcome: 'allowed' })
  await bench.fail(many, 10)
  bench.time.now += 15 * MINUTE
  t.same(await bench.lockout.begin(many), { outcome: 'locked' })
  await bench.lockout.unlock('alice')
  t.same(await bench.lockout.begin(many), { outcome: 'allowed' })
})

t.test('right codes and those that were not looked at use nothing up', async t => {
  const { lockout } = lockoutBench()
  const many: Attempt = { ...CODE, guess: { ...GUESS, chance: 300 } }
  for (let tried = 0; tried < 20; tried++) {
    t.same(await lockout.begin(many), { outcome: 'allowed' })
    await (tried % 2 === 0 ? lockout.succeeded(many) : lockout.notChecked(many))
  }
})

t.test('the hundredth wrong code that begins a login locks, unheard, whatever name was typed', async t => {
  const bench = lockoutBench()
  const names = ['alice', 'alice@example.com', '+491701234567']
  for (let tried = 0; tried < 100; tried++) {
    const named = { ...MAILED, account: names[tried % 3] ?? '' }
    t.equal(await bench.fail(named, 1), 1)
  }
  bench.time.now += 15 * MINUTE
  t.same(await bench.process().begin({ ...MAILED, address: bench.address() }), { outcome: 'unheard' })
  const nobody: Attempt = { ...MAILED, account: 'nobody', subject: undefined, guess: undefined }
  await bench.fail(nobody, 34)
  bench.time.now += 15 * MINUTE
  const waits: string[] = []
  for (const attempt of [MAILED, nobody]) {
    await bench.lockout.begin({ ...attempt, address: bench.address() })
    const next = await bench.lockout.begin({ ...attempt, address: bench.address() })
    waits.push(JSON.stringify(next))
  }
  t.equal(waits[0], waits[1], 'who waits, and how long, is the same for nobody')
  t.same(await bench.lockout.begin({ ...BASE, method: 'sms', isFirst: true }), { outcome: 'allowed' })
})

t.test('any other way in lifts it, and so does the operator', async t => {
  const lifts: readonly Attempt[] = [
    PASSWORD,
    { ...BASE, method: 'totp' },
    { ...BASE, method: 'webauthn', isFirst: true },
    { ...BASE, method: 'sms', isFirst: true },
  ]
  const quiet = { ...MAILED, guess: { ...GUESS, chance: 0.1 } }
  for (const other of [...lifts, undefined]) {
    const bench = lockoutBench()
    await bench.fail(quiet, 101)
    if (other === undefined) await bench.lockout.unlock('alice')
    else await bench.lockout.succeeded(other)
    bench.time.now += 15 * MINUTE
    t.same(await bench.lockout.begin({ ...quiet, address: bench.address() }), { outcome: 'allowed' })
  }
})

t.test('over all accounts, 1000 failures a minute make strangers wait for the next one', async t => {
  const bench = lockoutBench()
  const tryName = (name: string, method: 'password' | 'totp') => {
    const attempt = { method, account: name, subject: name, address: bench.address() } as const
    return bench.process().begin(attempt)
  }
  for (const [method, limit] of [
    ['password', 1000],
    ['totp', 200],
  ] as const) {
    const tries = Array.from({ length: limit + 100 }, (_, n) => tryName(`user${n}`, method))
    const allowed = (await Promise.all(tries)).filter(({ outcome }) => outcome === 'allowed')
    t.equal(allowed.length, limit, `${method}, in parallel`)
    t.same(await tryName('carol', method), { outcome: 'throttled', retryAfter: 50 })
  }
  const browserToken = await bench.meet('alice')
  const { lockout } = bench
  t.same(
    await lockout.begin({ ...PASSWORD, browserToken }),
    { outcome: 'allowed' },
    'a known browser goes on',
  )
  t.same(await lockout.begin({ ...BASE, method: 'totp', browserToken }), { outcome: 'allowed' })
  t.same(await lockout.begin({ ...MAILED, address: undefined }), { outcome: 'allowed' }, 'and a backend')
  bench.time.now += MINUTE
  t.same(await tryName('carol', 'password'), { outcome: 'allowed' })
})

t.test('those who log in rightly do not make others wait, however many they are', async t => {
  const { lockout, address } = lockoutBench()
  for (let name = 0; name < 2500; name++) {
    const attempt: Attempt = { method: 'password', account: `user${name}`, address: address() }
    const permission = await lockout.begin(attempt)
    if (permission.outcome !== 'allowed') t.fail(`user${name}: ${permission.outcome}`)
    await lockout.succeeded(attempt)
  }
  t.pass('2,500 within a minute')
})
