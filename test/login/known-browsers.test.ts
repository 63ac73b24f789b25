import t from 'tap'
import type { Attempt } from '../../src/login/attempt.js'
import { lockoutBench, wholeSession } from './lockout-bench.js'

const DAY = 24 * 60 * 60_000
const STRANGER: Attempt = {
  method: 'password',
  account: 'alice',
  subject: 'alice',
  address: '192.0.2.1',
}
const CODE: Attempt = { ...STRANGER, method: 'totp' }

t.test('f7: 10,000 wrong passwords of strangers do not keep the owner out of a known browser', async t => {
  const bench = lockoutBench()
  const browserToken = await bench.meet('alice')
  const { lockout, address } = bench
  for (let tried = 0; tried < 10_000; tried++) await lockout.begin({ ...STRANGER, address: address() })
  const owner: Attempt = { ...STRANGER, address: address(), browserToken }
  t.match(await lockout.begin({ ...STRANGER, address: address() }), { outcome: 'throttled' })
  t.same(await lockout.begin(owner), { outcome: 'allowed' })
  await lockout.succeeded(owner)
  t.match(
    await lockout.begin({ ...STRANGER, address: address() }),
    { outcome: 'throttled' },
    'and what the owner does there gives strangers no new tries',
  )
  t.same(
    await lockout.begin({ ...CODE, address: address() }),
    { outcome: 'allowed' },
    'nor are codes touched',
  )
})

t.test('the owner is not kept out by the address either, nor by the sum of all accounts', async t => {
  const bench = lockoutBench()
  const browserToken = await bench.meet('alice')
  for (let name = 0; name < 1500; name++) {
    const account = `user${name}`
    const address = name < 50 ? '192.0.2.1' : bench.address()
    await bench.lockout.begin({ ...STRANGER, account, subject: account, address })
  }
  t.match(await bench.lockout.begin(STRANGER), { outcome: 'throttled' })
  t.same(await bench.lockout.begin({ ...STRANGER, browserToken }), { outcome: 'allowed' })
})

t.test('whoever takes the cookie has five tries, then waits, and after 20 it is worth nothing', async t => {
  const bench = lockoutBench()
  const browserToken = await bench.meet('alice')
  const thief: Attempt = { ...STRANGER, browserToken }
  for (let tried = 0; tried < 5; tried++) t.same(await bench.lockout.begin(thief), { outcome: 'allowed' })
  t.same(await bench.lockout.begin(thief), { outcome: 'throttled', retryAfter: 1 })
  t.same(await bench.process().begin(thief), { outcome: 'throttled', retryAfter: 1 }, 'on another node too')
  t.equal(await bench.fail(thief, 15), 15)
  t.ok(await bench.knownBrowsers.isKnown(browserToken, 'alice'))
  bench.time.now += 15 * 60_000
  await bench.lockout.begin(thief)
  t.notOk(await bench.knownBrowsers.isKnown(browserToken, 'alice'), 'the 21st is a stranger')
})

t.test('a browser is known to its own user alone, and for 90 days', async t => {
  const bench = lockoutBench()
  const token = await bench.meet('alice')
  const { isKnown } = bench.knownBrowsers
  t.ok(await isKnown(token, 'alice'))
  t.notOk(await isKnown(token, 'bob'))
  t.notOk(await isKnown('x'.repeat(43), 'alice'))
  bench.time.now += 60 * DAY
  t.equal(await bench.meet('alice', token), token, 'the next login keeps it')
  bench.time.now += 60 * DAY
  t.ok(await isKnown(token, 'alice'), 'for 90 more days')
  bench.time.now += 31 * DAY
  t.notOk(await isKnown(token, 'alice'))
})

t.test('nobody can plant a token: only one that was of this user already is kept', async t => {
  const bench = lockoutBench()
  const planted = 'p'.repeat(43)
  t.not(await bench.meet('alice', planted), planted)
  const bobs = await bench.meet('bob')
  t.not(await bench.meet('alice', bobs), bobs)
})

t.test('a login that is not at its end makes no browser known', async t => {
  const { knownBrowsers } = lockoutBench()
  const client = { address: '192.0.2.1', userAgent: '', requestId: '' }
  const password = { proofs: [{ method: 'password', at: 0 }] } as const
  t.equal(await knownBrowsers.meet(wholeSession('alice', password), client), undefined)
  t.equal(await knownBrowsers.meet(wholeSession('alice', { carrier: 'tokens' }), client), undefined)
  t.ok(await knownBrowsers.meet(wholeSession('alice', { ...password, hasSecondFactor: false }), client))
})

t.test('a user has at most 20, and the store holds the hash of each', async t => {
  const bench = lockoutBench()
  const tokens: string[] = []
  for (let count = 0; count < 21; count++) tokens.push(await bench.meet('alice'))
  const [oldest = '', next = ''] = tokens
  t.notOk(await bench.knownBrowsers.isKnown(oldest, 'alice'))
  t.ok(await bench.knownBrowsers.isKnown(next, 'alice'))
  const records = await bench.store.listByOwner('known_browser', 'alice')
  t.equal(records.length, 20)
  for (const record of records) {
    t.notOk(tokens.some(token => JSON.stringify(record).includes(token)))
    t.type(record.expiresAt, 'number')
  }
})
