import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { NewApiToken } from '../../src/credentials/api-token.js'
import { createApiTokenText, isApiTokenText } from '../../src/credentials/api-token-text.js'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import type { Store } from '../../src/store/store.js'
import { HOUR, MINUTE, SECOND, settle, START } from './credentials-bench.js'

const DAY = 24 * HOUR
const MACHINE: NewApiToken = {
  name: 'backup',
  owner: { kind: 'machine' },
  scopes: ['export:read'],
  expiresAt: START + 90 * DAY,
}
const ALICES: NewApiToken = { ...MACHINE, name: 'my calendar', owner: { kind: 'user', subject: 'alice' } }

function bench() {
  const time = { now: START }
  const now = (): number => time.now
  const counts = { get: 0, compareAndSet: 0 }
  const home = createMemoryStore({ now })
  const store: Store = {
    ...home,
    get: key => (counts.get++, home.get(key)),
    compareAndSet: (...args) => (counts.compareAndSet++, home.compareAndSet(...args)),
  }
  const process = () => createApiTokens({ store, now, random: randomBytes })
  const tokens = process()
  const make = async (wanted: NewApiToken = MACHINE) => {
    const made = await tokens.create(wanted)
    if (made.outcome !== 'created') throw new Error(JSON.stringify(made))
    return made
  }
  return { time, store, counts, process, tokens, make }
}

t.test(
  'a token is 256 random bits with a prefix and a checksum, and the store holds only hashes',
  async t => {
    const { make, store } = bench()
    const { token, record } = await make()
    t.match(token, /^gh_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/)
    t.equal(token.length, 52)
    t.not((await make()).token, token)
    t.same(record, {
      reference: record.reference,
      name: 'backup',
      owner: { kind: 'machine' },
      scopes: ['export:read'],
      apps: undefined,
      paths: undefined,
      createdAt: START,
      expiresAt: START + 90 * DAY,
      lastUsedAt: undefined,
    })
    const stored = await store.get<{ hash: string }>({ kind: 'api_token', id: record.reference })
    t.equal(stored?.value.hash, hashSecret(token))
    t.notOk(JSON.stringify(stored).includes(token.slice(3, 20)))
    t.equal(stored?.expiresAt, record.expiresAt)
  },
)

t.test('the checksum is CRC-32 in base 62, and finds every single mistake', async t => {
  const zeros = createApiTokenText(() => Buffer.alloc(32))
  t.equal(zeros, `gh_${'A'.repeat(43)}0Mc3XL`, 'as Python has it: zlib.crc32 of what stands before it')
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.nat(51),
      fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
      (secret, place, letter) => {
        const token = createApiTokenText(() => Buffer.from(secret))
        const mistyped = `${token.slice(0, place)}${letter}${token.slice(place + 1)}`
        return isApiTokenText(token) && (mistyped === token || !isApiTokenText(mistyped))
      },
    ),
  )
})

t.test('what is no token costs no look into the store', async t => {
  const { make, tokens, counts } = bench()
  const { token, record } = await make()
  const before = counts.get
  for (const text of [
    '',
    'gh_',
    record.reference,
    token.slice(3),
    token.slice(0, -1),
    `${token}x`,
    `${token}\n`,
    ` ${token}`,
    token.toLowerCase(),
    `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
    'gh_'.padEnd(1_000_000, 'A'),
    '__proto__',
  ])
    t.equal(tokens.find(text), undefined, text.slice(0, 60))
  t.equal(counts.get, before)
  t.equal(await tokens.find(createApiTokenText(randomBytes)), undefined, 'a right one that nobody made')
})

t.test('a token is found by a promise once, and then at once for half a second', async t => {
  const { make, tokens, time, counts } = bench()
  const { token, record } = await make()
  const first = tokens.find(token)
  t.ok(first instanceof Promise)
  t.equal(tokens.find(token), first, 'one read for many who ask at once')
  t.same(await first, record)
  const reads = counts.get
  t.equal(tokens.find(token), await first, 'the same object')
  time.now += 499
  t.equal(tokens.find(token), await first)
  t.equal(counts.get, reads)
  time.now += 1
  t.ok(tokens.find(token) instanceof Promise)
  t.equal(await tokens.find(token), await first, 'the same object after it was read again')
  t.equal(counts.get, reads + 1)
})

t.test('a token ends at its expiry, without skew', async t => {
  const { make, tokens, time } = bench()
  const { token, record } = await make()
  time.now = record.expiresAt - 1
  t.ok(await tokens.find(token))
  time.now += 1
  t.equal(await tokens.find(token), undefined)
  t.equal(await tokens.findByReference(record.reference), undefined)
  t.same(await tokens.list(), [])
})

t.test('a revoked token is nothing: here at once, in another process within half a second', async t => {
  const { make, tokens, process, time } = bench()
  const { token, record } = await make()
  const elsewhere = process()
  await tokens.find(token)
  await elsewhere.find(token)
  t.match(await tokens.revoke(record.reference), { name: 'backup' })
  t.equal(await tokens.find(token), undefined)
  time.now += 500
  t.equal(await elsewhere.find(token), undefined)
  t.equal(await tokens.findByReference(record.reference), undefined)
  t.equal(await tokens.revoke(record.reference), undefined)
})

t.test('a token that is revoked while it is read or its use is noted stays revoked', async t => {
  const { make, tokens, time } = bench()
  const { token, record } = await make()
  const reading = tokens.find(token)
  const revoked = tokens.revoke(record.reference)
  await reading
  await revoked
  await settle()
  t.equal(await tokens.find(token), undefined)
  time.now += MINUTE
  t.equal(await tokens.find(token), undefined)
  t.same(await tokens.list(), [])
})

t.test('a read that is slower than a revocation brings nothing back', async t => {
  const { store, make, time } = bench()
  const { token, record } = await make()
  let release: () => void = () => undefined
  const gate = new Promise<void>(resolve => (release = resolve))
  let slow = false
  const late: Store = {
    ...store,
    get: async key => {
      const found = await store.get<never>(key)
      if (slow) await gate
      return found
    },
  }
  const tokens = createApiTokens({ store: late, now: () => time.now, random: randomBytes })
  slow = true
  const reading = tokens.find(token)
  await settle()
  slow = false
  await tokens.revoke(record.reference)
  release()
  t.ok(await reading, 'it was good when it was read')
  t.equal(await tokens.find(token), undefined)
})

t.test('the last use is noted at most once a minute, and nobody waits for it', async t => {
  const { make, tokens, time, counts } = bench()
  const { token } = await make()
  await tokens.find(token)
  await settle()
  t.match(await tokens.list(), [{ lastUsedAt: START }])
  for (let second = 1; second < 60; second++) {
    time.now += SECOND
    await tokens.find(token)
  }
  await settle()
  t.equal(counts.compareAndSet, 1)
  time.now += SECOND
  await tokens.find(token)
  await settle()
  t.match(await tokens.list(), [{ lastUsedAt: START + MINUTE }])
  t.equal(counts.compareAndSet, 2)
})

t.test('a token that is only looked at is read from the store, and was not used', async t => {
  const { tokens, make, counts, time } = bench()
  const { token, record } = await make()
  t.equal((await tokens.peek(token))?.name, 'backup')
  t.equal(await tokens.peek('gh_no token'), undefined)
  t.equal(await tokens.peek(createApiTokenText(randomBytes)), undefined)
  await settle()
  t.equal(counts.compareAndSet, 0)
  t.equal((await tokens.findByReference(record.reference))?.lastUsedAt, undefined)
  await tokens.revoke(record.reference)
  t.equal(await tokens.peek(token), undefined)
  time.now = ALICES.expiresAt
  t.equal(await tokens.peek(token), undefined)
})

t.test('what a token may be', async t => {
  const { tokens } = bench()
  const long = 'x'.repeat(65)
  for (const [fault, wrong] of [
    ['name', { name: '' }],
    ['name', { name: 'Backup' }],
    ['name', { name: 'back up' }],
    ['name', { name: '-backup' }],
    ['name', { name: 'backup\n' }],
    ['name', { name: 'bäckup' }],
    ['name', { name: long }],
    ['name', { ...ALICES, name: '' }],
    ['name', { ...ALICES, name: ' calendar' }],
    ['name', { ...ALICES, name: 'cal\u202eendar' }],
    ['name', { ...ALICES, name: 'cal\nendar' }],
    ['name', { ...ALICES, name: long }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: [''] }],
    ['scopes', { scopes: ['a b'] }],
    ['scopes', { scopes: ['*'] }],
    ['scopes', { scopes: ['a', 'b\n'] }],
    ['scopes', { scopes: Array.from({ length: 33 }, (_, index) => `s${index}`) }],
    ['scopes', { ...ALICES, scopes: ['export:read', 'authenticate'] }],
    ['apps', { apps: [] }],
    ['apps', { apps: [''] }],
    ['paths', { paths: [] }],
    ['paths', { paths: ['reports'] }],
    ['paths', { paths: ['/a/../b'] }],
    ['paths', { paths: ['/a*'] }],
    ['paths', { paths: [`/${'a'.repeat(1024)}`] }],
    ['expiry', { expiresAt: START }],
    ['expiry', { expiresAt: START + 366 * DAY + 1 }],
    ['expiry', { expiresAt: NaN }],
    ['expiry', { expiresAt: Infinity }],
  ] as const)
    t.same(
      await tokens.create({ ...MACHINE, ...wrong }),
      { outcome: 'invalid', fault },
      JSON.stringify(wrong),
    )
  t.same(await tokens.list(), [])
  const widest = {
    scopes: ['authenticate', 'a', 'a'],
    apps: ['wiki'],
    paths: ['/**'],
    expiresAt: START + 366 * DAY,
  }
  t.match(await tokens.create({ ...MACHINE, ...widest }), {
    outcome: 'created',
    record: { scopes: ['authenticate', 'a'], apps: ['wiki'], paths: ['/**'] },
  })
})

t.test('tokens are listed and revoked by their owner, and all of them by the operator', async t => {
  const { tokens, make, time } = bench()
  const machine = (await make()).record
  time.now += SECOND
  const alices = (await make(ALICES)).record
  const second = (await make({ ...ALICES, name: 'feeds' })).record
  const bobs = (await make({ ...ALICES, owner: { kind: 'user', subject: 'bob' } })).record
  const alice = ALICES.owner
  t.same(await tokens.list(alice), [alices, second])
  t.same(await tokens.list({ kind: 'user', subject: 'carol' }), [])
  t.same(await tokens.list({ kind: 'machine' }), [machine])
  t.same(await tokens.list(), [machine, alices, second, bobs])
  t.equal(await tokens.revoke(bobs.reference, alice), undefined, 'not hers')
  t.equal(await tokens.revoke(machine.reference, alice), undefined, 'not hers')
  t.equal((await tokens.list()).length, 4)
  t.same(await tokens.revoke(alices.reference, alice), alices)
  t.same(await tokens.revoke(machine.reference), machine)
  t.same(await tokens.list(), [second, bobs])
})

t.test('no user is the owner of what belongs to machines, whatever the name', async t => {
  const { tokens, make } = bench()
  await make()
  for (const subject of ['machines', 'machine', 'owners', 'backup', ''])
    t.same(await tokens.list({ kind: 'user', subject }), [], subject)
})

t.test('a reference that is none is nothing, and ends nothing', async t => {
  const { tokens, make } = bench()
  const { token } = await make(ALICES)
  for (const text of ['', 'owners', token, '../x', '__proto__', 'A'.repeat(22)]) {
    t.equal(await tokens.revoke(text), undefined)
    t.equal(await tokens.findByReference(text), undefined)
  }
  t.equal((await tokens.list()).length, 1)
})

t.test('nobody has more than a hundred, however many are made at once', async t => {
  const { tokens } = bench()
  const made = await Promise.all(Array.from({ length: 120 }, () => tokens.create(ALICES)))
  const kept = made.filter(({ outcome }) => outcome === 'created').length
  t.ok(kept <= 100)
  t.equal((await tokens.list(ALICES.owner)).length, kept)
  t.same(new Set(made.map(({ outcome }) => outcome)), new Set(['created', 'too_many']))
  while ((await tokens.create(ALICES)).outcome === 'created');
  t.equal((await tokens.list(ALICES.owner)).length, 100)
  t.match(await tokens.create({ ...ALICES, owner: { kind: 'user', subject: 'bob' } }), { outcome: 'created' })
})

t.test('a broken store is an exception, for everybody who waits, and is not remembered', async t => {
  const { store, make } = bench()
  const { token } = await make()
  let broken = true
  const failing: Store = {
    ...store,
    get: key => (broken ? Promise.reject(new Error('dead')) : store.get(key)),
  }
  const tokens = createApiTokens({ store: failing, now: () => START, random: randomBytes })
  const waiting = [tokens.find(token), tokens.find(token)]
  for (const each of waiting) await t.rejects(async () => each)
  broken = false
  t.ok(await tokens.find(token))
})

t.test('a reference is a word that no command takes for an option', async t => {
  const { store } = bench()
  let seed = 0
  const tokens = createApiTokens({ store, now: () => START, random: bytes => Buffer.alloc(bytes, ++seed) })
  const references: string[] = []
  for (let made = 0; made < 255; made++) {
    const owner = { kind: 'user', subject: `user-${made % 3}` } as const
    const created = await tokens.create({ ...ALICES, owner, name: `token ${made}` })
    if (created.outcome === 'created') references.push(created.record.reference)
  }
  t.equal(references.length, 255)
  t.match(
    references.join(),
    /(?:^|,)_/,
    'some would have begun with a hyphen, or do begin with the other sign',
  )
  t.notMatch(references.join(), /(?:^|,)-/)
  for (const reference of references) t.equal((await tokens.findByReference(reference))?.reference, reference)
})
