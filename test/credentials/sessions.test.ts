import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createSessions, type NewSession, type Sessions } from '../../src/credentials/sessions.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import type { Store } from '../../src/store/store.js'

const SECOND = 1000
const HOUR = 60 * 60 * SECOND
const START = Date.UTC(2026, 10, 22)
const IDLE = HOUR
const ABSOLUTE = 12 * HOUR
const TOKEN_LIFE = 24 * HOUR

const ALICE: NewSession = {
  subject: 'alice',
  proofs: [{ method: 'password', at: START }],
  address: '192.0.2.1',
  userAgent: 'a browser',
  passwordVersion: 'v1',
  hasSecondFactor: true,
  carrier: 'cookie',
}

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly sessions: Sessions
  /** A second process on the same store. */
  readonly elsewhere: Sessions
  /** How many operations of this name the store has done. */
  readonly did: (operation: keyof Store) => number
}

function bench(): Bench {
  const time = { now: START }
  const now = (): number => time.now
  const counts = new Map<string, number>()
  const count = (name: keyof Store): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const home = createMemoryStore({ now })
  const store: Store = {
    ...home,
    get: key => (count('get'), home.get(key)),
    put: (...args) => (count('put'), home.put(...args)),
    compareAndSet: (...args) => (count('compareAndSet'), home.compareAndSet(...args)),
  }
  const options = { store, now, random: randomBytes, idle: IDLE, absolute: ABSOLUTE, tokenLife: TOKEN_LIFE }
  const did = (operation: keyof Store): number => counts.get(operation) ?? 0
  return { time, store, sessions: createSessions(options), elsewhere: createSessions(options), did }
}

/** Lets what was not waited for finish. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

t.test('a session id has 256 random bits, and the store holds only its hash', async t => {
  const { sessions, store } = bench()
  const { id, record } = await sessions.start(ALICE)
  t.match(id, /^[A-Za-z0-9_-]{43}$/)
  t.not((await sessions.start(ALICE)).id, id)
  const [stored] = await store.listByOwner('session', 'alice')
  t.equal(stored?.key.id, hashSecret(id))
  t.notOk(JSON.stringify(stored).includes(id))
  t.not(record.reference, id)
  t.same(await sessions.find(id), record)
  t.equal(await sessions.find(hashSecret(id)), undefined, 'the hash does not open it')
  t.equal(await sessions.find(record.reference), undefined, 'the reference does not open it')
})

t.test('e10: the idle limit ends a session that is not used', async t => {
  const { sessions, time } = bench()
  const { id } = await sessions.start(ALICE)
  time.now += IDLE - SECOND
  t.ok(await sessions.find(id))
  t.ok(await sessions.findCached(id))
  await settle()
  time.now += IDLE + SECOND
  t.equal(await sessions.find(id), undefined)
  t.equal(await sessions.findCached(id), undefined)
  t.same(await sessions.list('alice'), [])
})

t.test('e10: the absolute limit ends a session that is used all the time', async t => {
  const { sessions, time } = bench()
  const { id } = await sessions.start(ALICE)
  while (time.now < START + ABSOLUTE - SECOND) {
    t.ok(await sessions.findCached(id), new Date(time.now).toISOString())
    await settle()
    time.now = Math.min(time.now + 20 * 60 * SECOND, START + ABSOLUTE - SECOND)
  }
  t.ok(await sessions.findCached(id))
  time.now += 2 * SECOND
  t.equal(await sessions.findCached(id), undefined)
})

t.test('l15: a session that was begun while the clock was far ahead is over once it is right', async t => {
  const { time, sessions } = bench()
  time.now = START + 365 * 24 * HOUR
  const { id } = await sessions.start(ALICE)
  t.ok(await sessions.find(id))
  time.now = START
  t.equal(await sessions.find(id), undefined)
})

t.test('e10: a clock that is set back extends nothing and revives nothing', async t => {
  const { sessions, time } = bench()
  const { id, record } = await sessions.start(ALICE)
  time.now -= HOUR
  t.ok(await sessions.findCached(id))
  await settle()
  t.equal((await sessions.find(id))?.lastSeenAt, START, 'the last use does not move back')
  t.equal((await sessions.find(id))?.expiresAt, record.expiresAt)
  time.now = START + IDLE + SECOND
  t.equal(await sessions.find(id), undefined)
  time.now = START
  t.equal(await sessions.find(id), undefined, 'an expired session stays dead')
})

t.test('a use is written down at most once a minute', async t => {
  const { sessions, time, did } = bench()
  const { id } = await sessions.start(ALICE)
  for (let second = 0; second < 180; second++) {
    time.now += SECOND
    await sessions.findCached(id)
    await settle()
  }
  t.equal(did('compareAndSet'), 3)
  t.equal(did('put'), 1)
})

t.test('a hit answers without a promise and with the same object, and lasts 500 ms', async t => {
  const { sessions, time, did } = bench()
  const { id } = await sessions.start(ALICE)
  const first = await sessions.findCached(id)
  const reads = did('get')
  time.now += 499
  t.equal(sessions.findCached(id), first)
  t.equal(did('get'), reads)
  time.now += 1
  const again = sessions.findCached(id)
  t.ok(again instanceof Promise)
  t.equal(sessions.findCached(id), again, 'requests at once share one read')
  t.equal(await again, first, 'the object stays as long as the record')
  t.equal(did('get'), reads + 1)
})

t.test('a session is remembered for a minute after a request, and for no longer than two', async t => {
  const { sessions, time } = bench()
  const { id } = await sessions.start(ALICE)
  const first = await sessions.findCached(id)
  time.now += 59_999
  t.equal(await sessions.findCached(id), first, 'the object is still there')
  time.now += 120_000
  const again = await sessions.findCached(id)
  t.not(again, first)
  t.same(again, first)
})

t.test('e8: an end holds at once here, and within a second in another process', async t => {
  const { sessions, elsewhere, time } = bench()
  const ended: string[] = []
  sessions.onEnd(reference => ended.push(reference))
  const { id, record } = await sessions.start(ALICE)
  await sessions.findCached(id)
  await elsewhere.findCached(id)
  t.same(await sessions.end(id), record)
  t.equal(await sessions.findCached(id), undefined)
  t.same(ended, [record.reference])
  t.ok(elsewhere.findCached(id), 'the other process remembers it a little longer')
  time.now += 1000
  t.equal(await elsewhere.findCached(id), undefined)
  t.equal(await sessions.end(id), undefined, 'it ends once')
})

t.test('a session that ends while it is read is not remembered', async t => {
  const { sessions } = bench()
  const { id } = await sessions.start(ALICE)
  const reading = sessions.findCached(id)
  await sessions.end(id)
  await reading
  t.equal(await sessions.findCached(id), undefined)
})

t.test('a use that is written down late does not revive an ended session', async t => {
  const { sessions, time } = bench()
  const { id } = await sessions.start(ALICE)
  await sessions.findCached(id)
  time.now += 61 * SECOND
  const reading = sessions.findCached(id)
  const ending = sessions.end(id)
  await Promise.all([reading, ending])
  await settle()
  t.equal(await sessions.find(id), undefined)
  t.same(await sessions.list('alice'), [])
})

t.test('e1, e2: a replaced session has a new id, and the old one is dead at once', async t => {
  const { sessions } = bench()
  const old = await sessions.start(ALICE)
  await sessions.findCached(old.id)
  const proofs = [...ALICE.proofs, { method: 'totp', at: START } as const]
  const replaced = await sessions.replace(old.id, () => ({ proofs, hasSecondFactor: true }))
  t.not(replaced?.id, old.id)
  t.equal(await sessions.findCached(old.id), undefined)
  t.same((await sessions.find(replaced?.id ?? ''))?.proofs, proofs)
  t.equal(replaced?.record.reference, old.record.reference)
  t.equal(replaced?.record.expiresAt, old.record.expiresAt)
  t.equal((await sessions.list('alice')).length, 1)
})

t.test('e3: of 50 parallel replacements exactly one succeeds, and one session is left', async t => {
  const { sessions, elsewhere } = bench()
  const { id } = await sessions.start(ALICE)
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? sessions : elsewhere).replace(id, ({ proofs }) => ({ proofs, hasSecondFactor: true })),
    ),
  )
  t.equal(results.filter(result => result !== undefined).length, 1)
  t.equal((await sessions.list('alice')).length, 1)
})

t.test('ending all sessions also catches one that is being replaced', async t => {
  const { sessions } = bench()
  for (let round = 0; round < 20; round++) {
    const { id } = await sessions.start(ALICE)
    const replacing = sessions.replace(id, ({ proofs }) => ({ proofs, hasSecondFactor: true }))
    for (let step = 0; step < round; step++) await Promise.resolve()
    await sessions.endAll('alice')
    const replaced = await replacing
    if (replaced !== undefined) t.equal(await sessions.find(replaced.id), undefined)
    t.same(await sessions.list('alice'), [])
  }
})

t.test('sessions are listed and ended by their public name', async t => {
  const { sessions } = bench()
  const [first, second, third] = [
    await sessions.start(ALICE),
    await sessions.start(ALICE),
    await sessions.start(ALICE),
  ]
  const bob = await sessions.start({ ...ALICE, subject: 'bob' })
  t.same(
    (await sessions.list('alice')).map(({ reference }) => reference),
    [first, second, third].map(s => s.record.reference),
  )
  t.notOk(await sessions.endByReference('alice', bob.record.reference), 'not those of others')
  t.ok(await sessions.endByReference('alice', first.record.reference))
  t.equal(await sessions.find(first.id), undefined)
  t.same(await sessions.findByReference('alice', second.record.reference), second.record)
  t.equal(await sessions.endAll('alice', third.record.reference), 1)
  t.equal(await sessions.find(second.id), undefined)
  t.ok(await sessions.find(third.id))
  t.ok(await sessions.find(bob.id))
})

t.test('unknown ids do not fill the memory', async t => {
  const { sessions, did } = bench()
  for (let i = 0; i < 100; i++) await sessions.findCached(`unknown ${String(i)}`)
  const reads = did('get')
  await sessions.findCached('unknown 1')
  t.equal(did('get'), reads + 1)
})

t.test('a broken store is an exception, for everybody who waits, and is not remembered', async t => {
  const time = { now: START }
  const store = createMemoryStore({ now: () => time.now })
  let broken = true
  const failing: Store = {
    ...store,
    get: key => (broken ? Promise.reject(new Error('dead')) : store.get(key)),
  }
  const sessions = createSessions({
    store: failing,
    now: () => time.now,
    random: randomBytes,
    idle: IDLE,
    absolute: ABSOLUTE,
    tokenLife: TOKEN_LIFE,
  })
  const { id } = await sessions.start(ALICE)
  const first = sessions.findCached(id)
  const second = sessions.findCached(id)
  await t.rejects(async () => first)
  await t.rejects(async () => second)
  broken = false
  t.ok(await sessions.findCached(id))
})

t.test('a session that tokens carry knows no idle time, and its id is made of its reference', async t => {
  const { sessions, time } = bench()
  const { id, record } = await sessions.start({ ...ALICE, carrier: 'tokens' })
  t.equal(id, `tokens:${record.reference}`)
  time.now += TOKEN_LIFE - SECOND
  t.ok(await sessions.find(id))
  time.now += SECOND
  t.equal(await sessions.find(id), undefined)
})

t.test('e3: replacing a session that tokens carry counts its version; of 20 at once one does it', async t => {
  const { sessions, elsewhere } = bench()
  const { id, record } = await sessions.start({ ...ALICE, carrier: 'tokens' })
  t.equal(record.version, 1)
  await sessions.findCached(id)
  const proofs = [...ALICE.proofs, { method: 'totp', at: START }] as const
  const replaced = await Promise.all(
    Array.from({ length: 20 }, (_, turn) =>
      (turn % 2 === 0 ? sessions : elsewhere).replace(id, () => ({ proofs, hasSecondFactor: true })),
    ),
  )
  const [only, ...others] = replaced.filter(session => session !== undefined)
  t.same(others, [])
  t.match(only, { id, record: { version: 2, proofs } })
  t.match(await sessions.findCached(id), { version: 2 }, 'at once in the process that did it')
})

t.test('one session too many ends one of a single factor, and not the owner’s', async t => {
  const { time, sessions } = bench()
  const proofs = [...ALICE.proofs, { method: 'totp' as const, at: START }]
  const owners = await sessions.start({ ...ALICE, proofs })
  const remembered = { reference: 'browser', expiresAt: START + HOUR }
  const spared = await sessions.start({ ...ALICE, rememberedDevice: remembered })
  time.now += SECOND
  const first = await sessions.start(ALICE)
  for (let n = 0; n < 120; n++) await sessions.start({ ...ALICE, address: '203.0.113.9' })
  t.equal((await sessions.list('alice')).length, 100)
  t.equal(await sessions.find(first.id), undefined)
  t.ok(await sessions.find(owners.id))
  t.ok(await sessions.find(spared.id))
  for (let n = 0; n < 100; n++) await sessions.start({ ...ALICE, proofs })
  t.equal((await sessions.list('alice')).length, 100)
  t.equal(await sessions.find(owners.id), undefined, 'among equals the oldest goes')
})
