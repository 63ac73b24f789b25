import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createRememberedDevices, type RememberedDevices } from '../../src/login/remembered-devices.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import type { Store } from '../../src/store/store.js'

const NOW = Date.UTC(2026, 10, 22, 12)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const LIFE = 30 * DAY
const ALICE = { subject: 'alice', passwordVersion: 'v1' }
const BROWSER = { userAgent: 'a browser', address: '192.0.2.1' }

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly devices: RememberedDevices
  /** Another process on the same store, perhaps with another life. */
  readonly elsewhere: (life?: number) => RememberedDevices
  readonly off: RememberedDevices
}

function bench(): Bench {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const withLife = (life: number | undefined): RememberedDevices =>
    createRememberedDevices({ store, now, random: randomBytes, life })
  const elsewhere = (life = LIFE): RememberedDevices => withLife(life)
  return { time, store, devices: elsewhere(), elsewhere, off: withLife(undefined) }
}

async function remembered(devices: RememberedDevices, owner = ALICE, browser = BROWSER) {
  const device = await devices.remember({ ...owner, ...browser })
  if (device === undefined) throw new Error('not remembered')
  return device
}

t.test('a remembered browser is found, everywhere, until its time is over', async t => {
  const { devices, elsewhere, time } = bench()
  const { token, reference, expiresAt } = await remembered(devices)
  t.equal(expiresAt, NOW + LIFE)
  t.same(await elsewhere().find(token, ALICE), { reference, expiresAt })
  time.now = expiresAt - 1
  t.same(await devices.find(token, ALICE), { reference, expiresAt }, 'use does not make it longer')
  time.now = expiresAt
  t.equal(await devices.find(token, ALICE), undefined)
  t.same(await devices.list('alice'), [])
})

t.test('the token has 256 random bits; the store holds only its hash', async t => {
  const { devices, store } = bench()
  const { token, reference } = await remembered(devices)
  t.match(token, /^[A-Za-z0-9_-]{43}$/)
  t.not((await remembered(devices)).token, token)
  const records = await store.listByOwner('remembered_device', 'alice')
  t.ok(records.some(({ key }) => key.id === hashSecret(token)))
  t.notOk(JSON.stringify(records).includes(token))
  t.equal(await devices.find(reference, ALICE), undefined, 'the public name opens nothing')
  t.equal(await devices.find(hashSecret(token), ALICE), undefined, 'nor does the hash')
})

t.test('f20, j6: it is nothing for another user, and stays the first one’s', async t => {
  const { devices } = bench()
  const { token } = await remembered(devices)
  for (const passwordVersion of ['v1', 'v2'])
    t.equal(await devices.find(token, { subject: 'bob', passwordVersion }), undefined)
  t.ok(await devices.find(token, ALICE))
})

t.test('f20: it dies with the password, for good', async t => {
  const { devices, elsewhere } = bench()
  const { token } = await remembered(devices)
  t.equal(await devices.find(token, { ...ALICE, passwordVersion: 'v2' }), undefined)
  t.equal(await elsewhere().find(token, ALICE), undefined, 'also when the old password comes back')
  t.same(await devices.list('alice'), [])
})

t.test('f20: it is forgotten one by one, or all at once, by its owner only', async t => {
  const { devices, elsewhere } = bench()
  const made = [await remembered(devices), await remembered(devices), await remembered(devices)]
  const [first, second, third] = made
  const bobs = await remembered(devices, { ...ALICE, subject: 'bob' })
  t.notOk(await devices.forget('bob', first?.reference ?? ''))
  t.notOk(await devices.forget('alice', ''))
  t.ok(await elsewhere().forget('alice', first?.reference ?? ''))
  t.notOk(await devices.forget('alice', first?.reference ?? ''))
  t.equal(await devices.find(first?.token ?? '', ALICE), undefined)
  t.ok(await devices.find(second?.token ?? '', ALICE))
  t.equal(await devices.forgetAll('alice'), 2)
  for (const { token } of [second, third].filter(device => device !== undefined))
    t.equal(await devices.find(token, ALICE), undefined)
  t.ok(await devices.find(bobs.token, { ...ALICE, subject: 'bob' }))
})

t.test('one that is forgotten while it is used stays forgotten', async t => {
  const { devices, store } = bench()
  for (let pause = 0; pause < 20; pause++) {
    const { token, reference } = await remembered(devices)
    const finding = devices.find(token, ALICE)
    for (let turn = 0; turn < pause; turn++) await Promise.resolve()
    t.ok(await devices.forget('alice', reference))
    await finding
    t.equal(await devices.find(token, ALICE), undefined, `after ${pause}`)
  }
  t.same(await store.listByOwner('remembered_device', 'alice'), [])
})

t.test('f20: a shorter life holds for those that are remembered already, a longer one does not', async t => {
  const { devices, elsewhere, time } = bench()
  const { token, expiresAt } = await remembered(devices)
  t.match(await elsewhere(DAY).find(token, ALICE), { expiresAt: NOW + DAY })
  t.match(await elsewhere(90 * DAY).find(token, ALICE), { expiresAt })
  time.now += DAY
  t.equal(await elsewhere(DAY).find(token, ALICE), undefined)
  t.same(await elsewhere(DAY).list('alice'), [])
  t.ok(await devices.find(token, ALICE))
})

t.test('switched off, no browser is remembered or found; those of before can still be forgotten', async t => {
  const { devices, off } = bench()
  const { token, reference } = await remembered(devices)
  t.equal(await off.remember({ ...ALICE, ...BROWSER }), undefined)
  t.equal(await off.find(token, ALICE), undefined)
  t.same(await off.list('alice'), [])
  t.ok(await off.forget('alice', reference))
  await remembered(devices)
  t.equal(await off.forgetAll('alice'), 1)
  t.same(await devices.list('alice'), [])
})

t.test('a user has at most 20: the oldest goes, also when they come at once', async t => {
  const { devices, elsewhere, time } = bench()
  const made = []
  for (let n = 0; n < 22; n++) {
    made.push(await remembered(devices))
    time.now += MINUTE
  }
  const found = await Promise.all(made.map(({ token }) => devices.find(token, ALICE)))
  t.same(
    found.map(device => device !== undefined),
    made.map((_, n) => n >= 2),
  )
  const other = elsewhere()
  await Promise.all(Array.from({ length: 40 }, (_, n) => remembered(n % 2 === 0 ? devices : other)))
  t.equal((await devices.list('alice')).length, 20)
})

t.test('a user sees what is remembered: browser, address and times', async t => {
  const { devices, time, store } = bench()
  const first = await remembered(devices)
  time.now += MINUTE
  await remembered(devices, ALICE, { userAgent: 'x'.repeat(1000), address: '2001:db8::1' })
  time.now += MINUTE
  await devices.find(first.token, ALICE)
  const list = await devices.list('alice')
  t.strictSame(list[1], {
    reference: first.reference,
    userAgent: 'a browser',
    address: '192.0.2.1',
    createdAt: NOW,
    lastUsedAt: NOW + 2 * MINUTE,
    expiresAt: NOW + LIFE,
  })
  t.match(list[0], { userAgent: 'x'.repeat(256), lastUsedAt: undefined })

  const key = { kind: 'remembered_device', id: hashSecret(first.token) } as const
  const version = async (): Promise<string | undefined> => (await store.get(key))?.version
  const before = await version()
  time.now += MINUTE - 1
  await devices.find(first.token, ALICE)
  t.equal(await version(), before, 'it is written down at most once a minute')
  time.now += 1
  await devices.find(first.token, ALICE)
  t.not(await version(), before)
})
