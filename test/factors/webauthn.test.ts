import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { RegisteredKey } from '../../src/factors/webauthn-keys.js'
import { createSeal } from '../../src/store/seal.js'
import { type RecordKey, StoreUnavailable } from '../../src/store/store.js'
import { createWebAuthn } from '../../src/factors/webauthn.js'
import { createSecurityKey, FLAG } from '../harness/security-key.js'
import { answer, attemptOf, bench, logIn, MINUTE, NOW, promptOf, register, TRUTH } from './webauthn-bench.js'

const WRONG = { outcome: 'wrong' }
const SYNCED = FLAG.UP | FLAG.UV | FLAG.BE | FLAG.BS

t.test('keys of all three algorithms can be registered, and used again and again', async t => {
  for (const algorithm of [-7, -8, -257] as const) {
    const { webauthn } = bench()
    const key = createSecurityKey(TRUTH, algorithm)
    t.type(await register(webauthn, key), 'string')
    for (let round = 0; round < 3; round++)
      t.same(await logIn(webauthn, key), {
        outcome: 'right',
        traits: { userVerified: true, synced: false },
      })
  }
})

t.test('the traits say whether the user was verified and whether the key is synchronised', async t => {
  const { webauthn } = bench()
  const hardware = createSecurityKey({ ...TRUTH, flags: FLAG.UP })
  const passkey = createSecurityKey({ ...TRUTH, flags: SYNCED })
  await register(webauthn, hardware)
  await register(webauthn, passkey)
  t.match(await logIn(webauthn, hardware), { traits: { userVerified: false, synced: false } })
  t.match(await logIn(webauthn, passkey), { traits: { userVerified: true, synced: true } })
  const notYet = FLAG.UP | FLAG.BE
  t.match(await logIn(webauthn, passkey, 'alice', { flags: notYet }), { traits: { synced: true } })
})

t.test('the options say what is wanted', async t => {
  const { webauthn } = bench()
  const key = createSecurityKey(TRUTH)
  const attempt = attemptOf('alice')
  t.same(await webauthn.prepare(attempt), { prompt: 'none' }, 'nothing to ask without a key')
  await register(webauthn, key)
  const known = [{ id: key.credentialId, type: 'public-key', transports: ['nfc', 'usb'] }]
  const options = await webauthn.registrationOptions(attempt)
  t.match(options, {
    rp: { id: 'example.com', name: 'Example' },
    user: { name: 'alice', displayName: 'ALICE' },
    timeout: 5 * MINUTE,
    attestation: 'none',
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    excludeCredentials: known,
  })
  t.same(
    options.pubKeyCredParams.map(({ alg }) => alg),
    [-7, -8, -257],
  )
  t.equal(Buffer.from(options.user.id, 'base64url').length, 64, 'the user handle tells nothing')
  t.equal((await webauthn.registrationOptions(attempt)).user.id, options.user.id, 'and stays')
  t.not((await webauthn.registrationOptions(attemptOf('bob'))).user.id, options.user.id)
  const asked = { rpId: 'example.com', userVerification: 'preferred', allowCredentials: known }
  t.match(await promptOf(webauthn, attempt), asked)
  const alone = await webauthn.signInOptions('somebody')
  t.match(alone, { rpId: 'example.com', userVerification: 'required', timeout: 5 * MINUTE })
  t.equal(alone.allowCredentials, undefined)
  t.equal(Buffer.from(alone.challenge, 'base64url').length, 32)
})

t.test('a passkey alone tells who is there', async t => {
  const { webauthn, elsewhere } = bench()
  const key = createSecurityKey({ ...TRUTH, flags: SYNCED })
  await register(webauthn, key)
  const options = await webauthn.signInOptions('a browser')
  t.same(await elsewhere.signIn('a browser', key.get(options)), {
    outcome: 'right',
    subject: 'alice',
    traits: { userVerified: true, synced: true },
  })
  t.match(await webauthn.list('alice'), [{ lastUsedAt: NOW }])
})

t.test('a user has several keys, named, listed with their last use, and removable', async t => {
  const { webauthn, elsewhere, time } = bench()
  const [first, second] = [createSecurityKey(TRUTH), createSecurityKey({ ...TRUTH, flags: SYNCED })]
  const id = String(await register(webauthn, first))
  time.now += MINUTE
  const other = String(await register(webauthn, second))
  time.now += MINUTE
  await logIn(webauthn, first)
  t.same(await elsewhere.list('alice'), [
    { id, name: 'Blue key', createdAt: NOW, lastUsedAt: time.now, synced: false, transports: ['nfc', 'usb'] },
    {
      id: other,
      name: 'Blue key',
      createdAt: NOW + MINUTE,
      lastUsedAt: undefined,
      synced: true,
      transports: ['nfc', 'usb'],
    },
  ])
  t.not(id, first.credentialId)
  t.ok(await webauthn.rename('alice', other, '  Phone\u202e\n '))
  t.same(
    (await webauthn.list('alice')).map(({ name }) => name),
    ['Blue key', 'Phone'],
  )
  t.notOk(await webauthn.rename('alice', other, ' \t'), 'a key has a name')
  t.notOk(await webauthn.rename('bob', other, 'Mine'), 'only its owner names it')
  t.notOk(await webauthn.removeOne('bob', other), 'or removes it')
  t.notOk(await webauthn.rename('alice', 'unknown', 'x'))
  t.ok(await webauthn.removeOne('alice', id))
  t.notOk(await webauthn.removeOne('alice', id))
  t.same(await logIn(webauthn, first), WRONG, 'a removed key opens nothing')
  t.match(await logIn(webauthn, second), { outcome: 'right' })
  t.ok(await webauthn.isReady(attemptOf('alice').user))
  t.ok(await webauthn.remove('alice'))
  t.notOk(await webauthn.remove('alice'))
  t.notOk(await webauthn.isReady(attemptOf('alice').user))
})

t.test('the record of the user handle is no key that somebody could name or remove', async t => {
  const { webauthn, store } = bench()
  await register(webauthn, createSecurityKey(TRUTH))
  t.equal((await store.listByOwner('webauthn', 'alice')).length, 1)
  t.equal((await webauthn.list('alice')).length, 1)
})

t.test('a key without a name gets one, and a long name ends', async t => {
  const { webauthn } = bench()
  const attempt = attemptOf('alice')
  const names = [
    ['', SYNCED],
    [' \0 ', FLAG.UP],
    ['🔑'.repeat(100), FLAG.UP],
  ] as const
  for (const [name, flags] of names) {
    const options = await webauthn.registrationOptions(attempt)
    await webauthn.register(attempt, createSecurityKey({ ...TRUTH, flags }).create(options), name)
  }
  t.same(
    (await webauthn.list('alice')).map(({ name }) => name).sort(),
    ['Passkey', 'Security key', '🔑'.repeat(64)].sort(),
  )
})

t.test('a user has at most 20 keys, also when many are registered at once', async t => {
  const { webauthn, elsewhere } = bench()
  for (let count = 0; count < 18; count++) await register(webauthn, createSecurityKey(TRUTH))
  const responses = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const attempt = attemptOf('alice', `tab ${index}`)
      const options = await webauthn.registrationOptions(attempt)
      return { attempt, response: createSecurityKey(TRUTH).create(options) }
    }),
  )
  await Promise.all(
    responses.map(({ attempt, response }, index) =>
      (index % 2 === 0 ? webauthn : elsewhere).register(attempt, response, 'x'),
    ),
  )
  const { length } = await webauthn.list('alice')
  t.ok(length >= 18 && length <= 20, String(length))
  while ((await webauthn.list('alice')).length < 20) await register(webauthn, createSecurityKey(TRUTH))
  t.equal(await register(webauthn, createSecurityKey(TRUTH)), undefined)
  t.type(await register(webauthn, createSecurityKey(TRUTH), 'bob'), 'string')
})

t.test('a key that slips in while the twentieth is kept counts too', async t => {
  const { webauthn, elsewhere, store } = bench()
  for (let count = 0; count < 19; count++) await register(elsewhere, createSecurityKey(TRUTH))
  const putIfAbsent = store.putIfAbsent.bind(store)
  let others = 0
  Object.assign(store, {
    putIfAbsent: async (...options: Parameters<typeof putIfAbsent>) => {
      if (options[0].kind === 'webauthn' && others++ === 0)
        await register(elsewhere, createSecurityKey(TRUTH))
      return putIfAbsent(...options)
    },
  })
  t.equal(await register(webauthn, createSecurityKey(TRUTH)), undefined)
  t.equal((await webauthn.list('alice')).length, 20)
})

t.test('after a removal that broke off no key is good', async t => {
  const { webauthn, store } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const login = key.get(await promptOf(webauthn, attempt))
  const alone = key.get(await webauthn.signInOptions('browser'))
  const whole = store.delete.bind(store)
  let deleted = 0
  const breaking = (id: RecordKey): Promise<boolean> =>
    deleted++ > 0 ? Promise.reject(new StoreUnavailable()) : whole(id)
  Object.assign(store, { delete: breaking })
  await t.rejects(webauthn.remove('alice'), StoreUnavailable)
  Object.assign(store, { delete: whole })
  t.same(await webauthn.list('alice'), [])
  t.same(await answer(webauthn, attempt, login), WRONG)
  t.same(await webauthn.signIn('browser', alone), WRONG)
  t.ok(await webauthn.remove('alice'), 'and it can be done again')
})

t.test('a removal of all keys wins over a registration and a login under way', async t => {
  const { webauthn } = bench()
  const [old, late] = [createSecurityKey(TRUTH), createSecurityKey(TRUTH)]
  await register(webauthn, old)
  const attempt = attemptOf('alice')
  const options = await webauthn.registrationOptions(attempt)
  const login = old.get(await promptOf(webauthn, attempt))
  await webauthn.remove('alice')
  t.same(await webauthn.register(attempt, late.create(options), 'late'), WRONG)
  t.same(await answer(webauthn, attempt, login), WRONG)
  t.same(await webauthn.list('alice'), [])
  const registering = await webauthn.registrationOptions(attempt)
  const both = webauthn.register(attempt, late.create(registering), 'late')
  await webauthn.remove('alice')
  await both
  t.same(await webauthn.list('alice'), [], 'nor when both happen at once')
  t.type(await register(webauthn, createSecurityKey(TRUTH)), 'string', 'and a new beginning is possible')
  t.equal((await webauthn.list('alice')).length, 1)
})

t.test('what opens something is sealed, for its user and its place', async t => {
  const { webauthn, store } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  await webauthn.registrationOptions(attemptOf('bob'))
  for (const record of await store.listByOwner<object>('webauthn', 'alice')) {
    t.notMatch(JSON.stringify(record), key.credentialId)
    await store.put(record.key, { ...record.value, subject: 'bob' }, { expiresAt: undefined, owner: 'bob' })
  }
  await t.rejects(logIn(webauthn, key, 'bob'), /previous secret/, 'a key that was given to somebody else')
  const attempt = attemptOf('carol')
  await webauthn.registrationOptions(attempt)
  const challenge = JSON.stringify(await store.listByOwner('webauthn_challenge', 'carol'))
  t.match(challenge, /"sealed":"s1\./)
  t.notMatch(challenge, /"challenge"/)
  const dave = createSecurityKey(TRUTH)
  await register(webauthn, dave, 'dave')
  const options = await promptOf(webauthn, attemptOf('dave', 'one login'))
  for (const planted of await store.listByOwner('webauthn_challenge', 'dave')) {
    const id = planted.key.id.replace('one login', 'another login')
    await store.put({ kind: 'webauthn_challenge', id }, planted.value, { expiresAt: undefined })
  }
  t.same(await answer(webauthn, attemptOf('dave', 'another login'), dave.get(options)), WRONG)
})

t.test('under another secret nobody gets in, and a challenge is none', async t => {
  const { webauthn, store, time } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const options = await promptOf(webauthn, attempt)
  const stranger = createWebAuthn({
    store,
    seal: createSeal(['another secret of the tests, also long enough']),
    now: () => time.now,
    random: randomBytes,
    rpName: 'Example',
    ...TRUTH,
  })
  t.same(await answer(stranger, attempt, key.get(options)), WRONG)
  await t.rejects(stranger.list('alice'), /previous secret/)
})

t.test('a response has one form, and nothing but what is checked', async t => {
  const { webauthn } = bench()
  const key = createSecurityKey(TRUTH)
  const text = key.get({ challenge: 'AAAA' }, { userHandle: 'AAAA' })
  const normal = String(webauthn.normalise(`  ${text}\n`))
  t.equal(webauthn.normalise(normal), normal)
  t.same(Object.keys(JSON.parse(normal) as object).sort(), [
    'clientExtensionResults',
    'id',
    'rawId',
    'response',
    'type',
  ])
  const response = JSON.parse(text) as RegisteredKey & { response: Record<string, unknown> }
  const withMember = (name: string, value: unknown): string =>
    JSON.stringify({ ...response, response: { ...response.response, [name]: value } })
  for (const userHandle of [null, '', undefined])
    t.notMatch(webauthn.normalise(withMember('userHandle', userHandle)), 'userHandle')
  const malformed = [
    '',
    '{',
    'null',
    '[]',
    '123456',
    '{"response":{}}',
    JSON.stringify({ ...response, id: undefined }),
    JSON.stringify({ ...response, id: { length: 1 } }),
    JSON.stringify({ ...response, rawId: 'AAAA' }),
    JSON.stringify({ ...response, type: 'password' }),
    JSON.stringify({ ...response, response: [] }),
    JSON.stringify({ ...response, response: null }),
    JSON.stringify({ ...response, id: 'A'.repeat(1400), rawId: 'A'.repeat(1400) }),
    withMember('signature', undefined),
    withMember('signature', ''),
    withMember('signature', 'AA=='),
    withMember('signature', 'AB'),
    withMember('signature', 'A+/A'),
    withMember('clientDataJSON', 5),
    withMember('authenticatorData', ['AAAA']),
    withMember('userHandle', 7),
    withMember('userHandle', 'A'.repeat(88)),
    `${text}${' '.repeat(16 * 1024)}`,
    '['.repeat(16_000),
  ]
  for (const broken of malformed)
    t.equal(webauthn.normalise(broken), undefined, JSON.stringify(broken.slice(0, 60)))
})

t.test('property: no text whatsoever breaks it, and none but the right one is right', async () => {
  const { webauthn } = bench()
  // The library reads several spellings of one ECDSA signature; of Ed25519 there is one.
  const key = createSecurityKey(TRUTH, -8)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const honest = fc.integer({ min: 0, max: 2000 })
  await fc.assert(
    fc.asyncProperty(honest, fc.integer({ min: 0, max: 127 }), async (at, code) => {
      const right = key.get(await promptOf(webauthn, attempt))
      const position = at % right.length
      const changed = right.slice(0, position) + String.fromCharCode(code) + right.slice(position + 1)
      const outcome = await answer(webauthn, attempt, changed)
      // A misspelt `userHandle` is none, and a factor of a known user needs none.
      const good = [right, right.replace('userHandle', 'x')].map(text => webauthn.normalise(text))
      return (outcome.outcome === 'right') === good.includes(webauthn.normalise(changed))
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async text => {
      await webauthn.registrationOptions(attempt)
      const outcomes = [
        await answer(webauthn, attempt, text),
        await webauthn.signIn('x', text),
        await webauthn.register(attempt, text, text),
      ]
      return outcomes.every(({ outcome }) => outcome === 'wrong')
    }),
  )
})
