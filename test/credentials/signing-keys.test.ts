import { SignJWT } from 'jose'
import t from 'tap'
import { type KeyRingOptions, rotateSigningKeys } from '../../src/credentials/key-ring.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { StoreUnavailable, type Store } from '../../src/store/store.js'
import { MINUTE, seal, SECOND, START } from './credentials-bench.js'

function bench(algorithm: KeyRingOptions['algorithm'] = 'ES256') {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  return { time, store, ring: { store, seal, now, ring: 'tokens', algorithm } as const }
}

const kids = (keys: { jwks(): { readonly keys: readonly { kid?: string }[] } }) =>
  keys.jwks().keys.map(({ kid }) => kid)

t.test('g15: what is published has no private member, and says what it is for', async t => {
  for (const [algorithm, kty, members] of [
    ['ES256', 'EC', ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    ['EdDSA', 'OKP', ['alg', 'crv', 'kid', 'kty', 'use', 'x']],
    ['RS256', 'RSA', ['alg', 'e', 'kid', 'kty', 'n', 'use']],
  ] as const) {
    const { ring, store } = bench(algorithm)
    const keys = await loadSigningKeys(ring)
    const [published] = keys.jwks().keys
    t.same(Object.keys(published ?? {}).sort(), members, algorithm)
    t.match(published, { kty, alg: algorithm, use: 'sig', kid: keys.current().kid })
    if (algorithm === 'RS256') t.equal(Buffer.from(published?.n ?? '', 'base64url').length, 384)
    t.notMatch(JSON.stringify(await store.get({ kind: 'signing_key', id: 'tokens' })), /"(d|p|dp)\\?"/)
  }
})

t.test('the rings of assertions and tokens have no key in common', async t => {
  const { ring } = bench()
  const tokens = await loadSigningKeys(ring)
  const assertions = await loadSigningKeys({ ...ring, ring: 'assertions' })
  t.not(tokens.current().kid, assertions.current().kid)
  t.equal(tokens.find(assertions.current().kid), undefined)
})

t.test(
  'g15: a rotation overlaps: published at once, signs after ten minutes, the old one goes last',
  async t => {
    const { ring, time } = bench()
    const keys = await loadSigningKeys(ring)
    const elsewhere = await loadSigningKeys(ring)
    const old = keys.current().kid
    const rotation = await rotateSigningKeys({ ...ring, immediately: false })
    t.same(rotation, { kid: rotation.kid, signsFrom: START + 10 * MINUTE, dropped: 0 })
    t.same(kids(elsewhere), [old], 'until it reads the ring again')
    await elsewhere.reload()
    await keys.reload()
    t.same(kids(elsewhere), [rotation.kid, old])
    t.ok(elsewhere.find(rotation.kid), 'one that has not read the time right may sign with it')

    time.now += 10 * MINUTE - SECOND
    t.equal(keys.current().kid, old)
    time.now += SECOND
    t.equal(keys.current().kid, rotation.kid, 'without reading the ring')
    t.equal(elsewhere.current().kid, rotation.kid)
    t.ok(keys.find(old), 'what it signed is good')

    time.now += 60 * MINUTE - SECOND
    t.same(kids(keys), [rotation.kid, old])
    t.ok(keys.find(old))
    time.now += SECOND
    t.same(kids(keys), [rotation.kid])
    t.equal(keys.find(old), undefined)
    t.same(kids(await loadSigningKeys(ring)), [rotation.kid], 'nor after a restart')
    t.equal((await rotateSigningKeys({ ...ring, immediately: false })).dropped, 1, 'and the store forgets it')
  },
)

t.test('rotating again before the new key signs leaves a key that signs at every moment', async t => {
  const { ring, time } = bench()
  const keys = await loadSigningKeys(ring)
  const first = keys.current().kid
  const second = await rotateSigningKeys({ ...ring, immediately: false })
  time.now += 5 * MINUTE
  const third = await rotateSigningKeys({ ...ring, immediately: false })
  await keys.reload()
  t.same(kids(keys), [third.kid, second.kid, first])
  for (const [minutes, kid] of [
    [0, first],
    [5, second.kid],
    [10, third.kid],
  ] as const) {
    time.now = START + 5 * MINUTE + minutes * MINUTE
    t.equal(keys.current().kid, kid)
  }
  time.now = START + 70 * MINUTE
  t.same(kids(keys), [third.kid, second.kid], 'each goes an hour after it last signed')
  time.now = START + 75 * MINUTE
  t.same(kids(keys), [third.kid])
})

t.test('a stolen key is dropped at once, and the new one signs at once', async t => {
  const { ring } = bench()
  const keys = await loadSigningKeys(ring)
  const old = keys.current().kid
  await rotateSigningKeys({ ...ring, immediately: false })
  const rotation = await rotateSigningKeys({ ...ring, immediately: true })
  t.match(rotation, { signsFrom: START, dropped: 2 })
  await keys.reload()
  t.equal(keys.current().kid, rotation.kid)
  t.same(kids(keys), [rotation.kid])
  t.equal(keys.find(old), undefined)
})

t.test('rotating where there is no key yet makes one that signs at once', async t => {
  const { ring } = bench()
  const rotation = await rotateSigningKeys({ ...ring, immediately: false })
  t.match(rotation, { signsFrom: START, dropped: 0 })
  t.equal((await loadSigningKeys(ring)).current().kid, rotation.kid)
})

t.test('another algorithm in the settings makes a new key in the same way', async t => {
  const { ring, time } = bench()
  const before = await loadSigningKeys(ring)
  const old = before.current().kid
  const wanted = { ...ring, algorithm: 'EdDSA' } as const
  const loaded = await Promise.all(Array.from({ length: 4 }, () => loadSigningKeys(wanted)))
  const [keys] = loaded
  t.same(new Set(loaded.map(each => kids(each).join())).size, 1, 'processes that start at once agree')
  t.equal(keys?.current().kid, old)
  t.match(keys?.jwks(), { keys: [{ alg: 'EdDSA' }, { alg: 'ES256', kid: old }] })
  await before.reload()
  time.now += 10 * MINUTE
  t.equal(keys?.current().algorithm, 'EdDSA')
  t.equal(before.current().algorithm, 'EdDSA', 'a process with the old setting goes along')
  t.equal((await loadSigningKeys(wanted)).current().kid, keys?.current().kid, 'and it is made once')
})

t.test('rotations at once all hold', async t => {
  const { ring } = bench()
  const keys = await loadSigningKeys(ring)
  const rotations = await Promise.all(
    Array.from({ length: 5 }, () => rotateSigningKeys({ ...ring, immediately: false })),
  )
  await keys.reload()
  for (const { kid } of rotations) t.ok(keys.find(kid))
  t.equal(kids(keys).length, 6)
})

t.test(
  'reading the ring again changes nothing when the store is broken, and costs little otherwise',
  async t => {
    const { ring, store } = bench()
    let broken = false
    const failing: Store = {
      ...store,
      get: key => (broken ? Promise.reject(new StoreUnavailable('dead')) : store.get(key)),
    }
    const keys = await loadSigningKeys({ ...ring, store: failing })
    await keys.reload()
    const { privateKey, kid } = keys.current()
    broken = true
    await t.rejects(keys.reload(), StoreUnavailable)
    t.equal(keys.current().kid, kid)
    broken = false
    await Promise.all([keys.reload(), keys.reload()])
    t.equal(keys.current().privateKey, privateKey, 'an open key is not opened again')
  },
)

t.test('a ring of the first version is read: its key is ES256 and signs', async t => {
  const { ring, store } = bench()
  await loadSigningKeys(ring)
  const key = { kind: 'signing_key', id: 'tokens' } as const
  const stored = await store.get<{ keys: { kid: string; createdAt: number; sealedJwk: string }[] }>(key)
  const old = (stored?.value.keys ?? []).map(({ kid, createdAt, sealedJwk }) => ({
    kid,
    createdAt,
    sealedJwk,
  }))
  await store.put(key, { keys: old }, { expiresAt: undefined })
  const keys = await loadSigningKeys(ring)
  t.match(keys.current(), { kid: old[0]?.kid, algorithm: 'ES256' })
  const jwt = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(keys.current().privateKey)
  t.equal(jwt.split('.').length, 3)
})
