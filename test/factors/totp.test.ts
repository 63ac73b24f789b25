import { randomBytes } from 'node:crypto'
import t from 'tap'
import { encodeTotpSecret, matchTotpCode, normaliseTotpCode, totpUri } from '../../src/factors/totp-code.js'
import { createTotp, type Totp } from '../../src/factors/totp.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 15)
const STEP = 30_000
const seal = createSeal(['a secret of the tests, long enough for a key'])
const SECRET = encodeTotpSecret(Buffer.from('12345678901234567890'))

/** RFC 6238, appendix B, SHA-1; its codes have eight digits, of which ours are the last six. */
const RFC_VECTORS: readonly (readonly [seconds: number, code: string])[] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
]

t.test('the vectors of RFC 6238 are right', async t => {
  t.equal(SECRET, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  for (const [seconds, code] of RFC_VECTORS)
    t.equal(matchTotpCode(SECRET, code.slice(2), seconds * 1000), Math.floor(seconds / 30), code)
})

t.test('codes agree with oathtool', { skip: noAuthenticator }, async t => {
  for (let round = 0; round < 5; round++) {
    const secret = encodeTotpSecret(randomBytes(20))
    const at = NOW + round * 12_345_678
    t.equal(matchTotpCode(secret, totpCode(secret, at), at), Math.floor(at / STEP))
  }
})

t.test('f2: what is typed has one form for checking and consuming', async t => {
  for (const typed of ['123456', '123456 ', ' 123456', '123 456', '123-456', '1 2 3 4 5 6'])
    t.equal(normaliseTotpCode(typed), '123456', JSON.stringify(typed))
  t.equal(normaliseTotpCode('000000'), '000000')
  const malformed = [
    '',
    '12345',
    '1234567',
    '0123456',
    '+123456',
    '12345a',
    '1e5000',
    '١٢٣٤٥٦',
    '\uff11\uff12\uff13\uff14\uff15\uff16',
    '123\u00a0456',
    '123456\n',
    '123456\0',
    ' '.repeat(1_000_000),
  ]
  for (const typed of malformed)
    t.equal(normaliseTotpCode(typed), undefined, JSON.stringify(typed.slice(0, 20)))
})

t.test('the address for authenticator apps carries secret, issuer and user', async t => {
  const uri = new URL(totpUri(SECRET, 'auth.example.com', 'alice@example.com'))
  t.equal(uri.protocol, 'otpauth:')
  t.equal(uri.host, 'totp')
  t.equal(decodeURIComponent(uri.pathname), '/auth.example.com:alice@example.com')
  t.equal(uri.searchParams.get('secret'), SECRET)
  t.equal(uri.searchParams.get('issuer'), 'auth.example.com')
})

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly totp: Totp
  /** A second process on the same store. */
  readonly elsewhere: Totp
}

async function bench(): Promise<Bench> {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const totp = createTotp({ store, seal, now })
  const usedStep = Math.floor(NOW / STEP) - 10
  await totp.enrolFirst('alice', { name: 'Phone', secret: SECRET, usedStep })
  return { time, store, totp, elsewhere: createTotp({ store, seal, now }) }
}

t.test('with codes of oathtool', { skip: noAuthenticator }, async t => {
  const code = (steps: number): string => totpCode(SECRET, NOW + steps * STEP)

  t.test('f3: this step and the one before are good, others are not', async t => {
    for (const [steps, outcome] of [
      [-2, 'wrong'],
      [-1, 'right'],
      [0, 'right'],
      [1, 'wrong'],
    ] as const)
      t.equal(await (await bench()).totp.verify('alice', code(steps)), outcome, String(steps))
  })

  t.test('f3: steps only go forward', async t => {
    const { totp } = await bench()
    t.equal(await totp.verify('alice', code(-1)), 'right')
    t.equal(await totp.verify('alice', code(0)), 'right')
    t.equal(await totp.verify('alice', code(-1)), 'used')
    const other = await bench()
    t.equal(await other.totp.verify('alice', code(0)), 'right')
    t.equal(await other.totp.verify('alice', code(-1)), 'used', 'also when it was never used itself')
  })

  t.test('f1: a code is good once, everywhere', async t => {
    const { totp, elsewhere, time } = await bench()
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? totp : elsewhere).verify('alice', code(0))),
    )
    t.equal(outcomes.filter(outcome => outcome === 'right').length, 1)
    t.equal(outcomes.filter(outcome => outcome === 'used').length, 49)
    time.now += STEP
    t.equal(await elsewhere.verify('alice', code(0)), 'used', 'nor a step later')
    time.now -= 10 * STEP
    t.equal(await elsewhere.verify('alice', code(0)), 'wrong', 'nor after the clock was set back')
  })

  t.test('a code is nothing for another user, or for one without a factor (j8)', async t => {
    const { totp } = await bench()
    t.equal(await totp.verify('bob', code(0)), 'wrong')
    t.notOk(await totp.enrolled('bob'))
    t.same(await totp.list('bob'), [])
  })

  t.test('a removed authenticator is dead, also for a check under way', async t => {
    const { totp } = await bench()
    const checking = totp.verify('alice', code(0))
    t.ok(await totp.remove('alice'))
    await checking
    t.notOk(await totp.enrolled('alice'), 'a late write does not bring it back')
    t.equal(await totp.verify('alice', code(0)), 'wrong')
    t.notOk(await totp.remove('alice'))
  })

  t.test('a user sees when an authenticator was last used', async t => {
    const { totp } = await bench()
    t.match(await totp.list('alice'), [{ name: 'Phone', createdAt: NOW, lastUsedAt: undefined }])
    await totp.verify('alice', code(0))
    t.match(await totp.list('alice'), [{ lastUsedAt: NOW }])
  })
})

t.test('of several first enrolments at once exactly one is kept', async t => {
  const { totp } = await bench()
  const enrol = (subject: string): Promise<boolean> =>
    totp.enrolFirst(subject, { name: 'Phone', secret: encodeTotpSecret(randomBytes(20)), usedStep: 0 })
  t.notOk(await enrol('alice'))
  const kept = await Promise.all(Array.from({ length: 20 }, () => enrol('bob')))
  t.equal(kept.filter(Boolean).length, 1)
  t.equal((await totp.list('bob')).length, 1)
})

t.test('the secret is sealed, for its user only', async t => {
  const { totp, store } = await bench()
  const [record] = await store.listByOwner<Record<string, unknown>>('totp', 'alice')
  t.notMatch(JSON.stringify(record), SECRET)
  await store.put({ kind: 'totp', id: 'planted' }, record?.value, { expiresAt: undefined, owner: 'mallory' })
  await t.rejects(totp.verify('mallory', '123456'), /previous secret/)
})
