import { generateKeyPairSync, randomBytes } from 'node:crypto'
import t from 'tap'
import { createSecurityKey, FLAG, toCoseKey, type Told } from '../harness/security-key.js'
import { answer, attemptOf, bench, logIn, MINUTE, promptOf, register, TRUTH } from './webauthn-bench.js'

const WRONG = { outcome: 'wrong' }
const RIGHT = { outcome: 'right' }
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

t.test('f17: an assertion is good once', async t => {
  const { webauthn, elsewhere } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const response = key.get(await promptOf(webauthn, attempt))
  t.match(await answer(webauthn, attempt, response), RIGHT)
  t.same(await answer(elsewhere, attempt, response), WRONG, 'replayed')
  await promptOf(webauthn, attempt)
  t.same(await answer(webauthn, attempt, response), WRONG, 'replayed to a later challenge')
  const passkey = key.get(await webauthn.signInOptions('browser'))
  t.match(await webauthn.signIn('browser', passkey), RIGHT)
  t.same(await webauthn.signIn('browser', passkey), WRONG)
  await webauthn.signInOptions('browser')
  t.same(await webauthn.signIn('browser', passkey), WRONG)
})

t.test('f17: of many answers to one challenge at once one is right', async t => {
  const { webauthn, elsewhere } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const options = await promptOf(webauthn, attempt)
  const alone = await webauthn.signInOptions('browser')
  const processes = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? webauthn : elsewhere))
  const outcomes = await Promise.all(processes.map(each => answer(each, attempt, key.get(options))))
  t.equal(outcomes.filter(({ outcome }) => outcome === 'right').length, 1)
  const signIns = await Promise.all(processes.map(each => each.signIn('browser', key.get(alone))))
  t.equal(signIns.filter(({ outcome }) => outcome === 'right').length, 1)
})

t.test('f17: a challenge that nobody issued, or for something else, is none', async t => {
  const { webauthn, time } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const invented = { challenge: randomBytes(32).toString('base64url') }
  t.same(await answer(webauthn, attempt, key.get(invented)), WRONG, 'unsolicited')
  t.same(await webauthn.signIn('browser', key.get(invented)), WRONG)
  await promptOf(webauthn, attempt)
  t.same(await answer(webauthn, attempt, key.get(invented)), WRONG, 'another than was issued')

  const other = await promptOf(webauthn, attemptOf('alice', 'another login'))
  t.same(await answer(webauthn, attempt, key.get(other)), WRONG, 'of another login of the same user')
  const mine = await promptOf(webauthn, attempt)
  await promptOf(webauthn, attempt)
  t.same(await answer(webauthn, attempt, key.get(mine)), WRONG, 'replaced by a later one')

  const alone = await webauthn.signInOptions(attempt.binding)
  t.same(await answer(webauthn, attempt, key.get(alone)), WRONG, 'of a passkey login')
  const factor = await promptOf(webauthn, attempt)
  t.same(await webauthn.signIn(attempt.binding, key.get(factor)), WRONG, 'of a second factor')
  const creation = await webauthn.registrationOptions(attempt)
  t.same(await answer(webauthn, attempt, key.get(creation)), WRONG, 'of a registration')
  const typed = await promptOf(webauthn, attempt)
  t.same(await answer(webauthn, attempt, key.get(typed, { type: 'webauthn.create' })), WRONG)
  t.same(await answer(webauthn, attempt, key.create(typed)), WRONG, 'a registration is no assertion')

  const late = await promptOf(webauthn, attempt)
  time.now += 5 * MINUTE
  t.same(await answer(webauthn, attempt, key.get(late)), WRONG, 'too late')
  t.match(await logIn(webauthn, key), RIGHT)
})

t.test('f17: a wrong answer spends the challenge', async t => {
  const { webauthn } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const attempt = attemptOf('alice')
  const options = await promptOf(webauthn, attempt)
  t.same(await answer(webauthn, attempt, key.get(options, { origin: 'https://evil.example' })), WRONG)
  t.same(await answer(webauthn, attempt, key.get(options)), WRONG)
})

/** What an honest key in an honest browser never tells. */
const LIES: readonly (readonly [title: string, lie: Told])[] = [
  ['another origin', { origin: 'https://auth.example.com.evil.example' }],
  ['another origin of the same domain', { origin: 'https://wiki.example.com' }],
  ['plain http', { origin: 'http://auth.example.com' }],
  ['another port', { origin: 'https://auth.example.com:8443' }],
  ['no origin', { clientData: { origin: undefined } }],
  ['another RP id', { rpId: 'evil.example' }],
  ['a narrower RP id', { rpId: 'auth.example.com' }],
  ['a frame of another site', { clientData: { crossOrigin: true } }],
  ['a frame, with its site', { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } }],
  ['a frame of no site', { clientData: { topOrigin: 'https://evil.example' } }],
  ['nobody present', { flags: 0 }],
  ['nobody present, and yet verified', { flags: FLAG.UV }],
  ['a backup of what cannot be backed up', { flags: FLAG.UP | FLAG.UV | FLAG.BS }],
  ['extensions that are not there', { flags: FLAG.UP | FLAG.UV | FLAG.ED }],
  ['an empty challenge', { challenge: '' }],
  ['no challenge', { clientData: { challenge: undefined } }],
]

t.test('f17: lies about where, by whom and for whom are refused', async t => {
  for (const [title, lie] of LIES) {
    const { webauthn } = bench()
    const [key, fresh] = [createSecurityKey(TRUTH), createSecurityKey(TRUTH)]
    await register(webauthn, key)
    t.same(await logIn(webauthn, key, 'alice', lie), WRONG, title)
    const options = await webauthn.signInOptions('browser')
    t.same(await webauthn.signIn('browser', key.get(options, lie)), WRONG, `${title}, alone`)
    t.equal(await register(webauthn, fresh, 'alice', lie), undefined, `${title}, at registration`)
    t.match(await logIn(webauthn, key), RIGHT, 'the key itself is none the worse')
  }
})

t.test('f17: a passkey alone needs a verified user, and says whose it is', async t => {
  const { webauthn } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const bob = createSecurityKey(TRUTH)
  await register(webauthn, bob, 'bob')
  const { user } = await webauthn.registrationOptions(attemptOf('bob'))
  const lies: Told[] = [
    { flags: FLAG.UP },
    { userHandle: null },
    { userHandle: user.id },
    { userHandle: base64url('alice') },
    { id: bob.credentialId },
    { id: bob.credentialId, userHandle: user.id },
    { id: base64url('nobody') },
  ]
  for (const lie of lies) {
    const options = await webauthn.signInOptions('browser')
    t.same(await webauthn.signIn('browser', key.get(options, lie)), WRONG, JSON.stringify(lie))
  }
  const options = await webauthn.signInOptions('browser')
  t.match(await webauthn.signIn('browser', key.get(options)), { ...RIGHT, subject: 'alice' })
})

t.test('f17: the key of one user opens nothing for another', async t => {
  const { webauthn } = bench()
  const [alice, bob] = [createSecurityKey(TRUTH), createSecurityKey(TRUTH)]
  await register(webauthn, alice)
  await register(webauthn, bob, 'bob')
  const { user } = await webauthn.registrationOptions(attemptOf('alice'))
  t.same(await logIn(webauthn, bob), WRONG)
  t.same(await logIn(webauthn, bob, 'alice', { userHandle: null }), WRONG)
  t.same(await logIn(webauthn, bob, 'alice', { userHandle: user.id }), WRONG)
  t.same(await logIn(webauthn, bob, 'alice', { id: alice.credentialId, userHandle: null }), WRONG)
  t.same(await logIn(webauthn, alice, 'alice', { userHandle: base64url('bob') }), WRONG)
  const attempt = attemptOf('alice', 'one login')
  const options = await promptOf(webauthn, attempt)
  const stolen = attemptOf('bob', 'one login')
  t.same(await answer(webauthn, stolen, bob.get(options, { userHandle: null })), WRONG, 'nor their challenge')
})

t.test('f17: a counter that does not grow is that of a copy', async t => {
  const { webauthn } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key, 'alice', { counter: 5 })
  const cases = [
    [5, 'wrong'],
    [0, 'wrong'],
    [6, 'right'],
    [6, 'wrong'],
    [5, 'wrong'],
    [0xffffffff, 'right'],
    [7, 'wrong'],
  ] as const
  for (const [counter, outcome] of cases)
    t.match(await logIn(webauthn, key, 'alice', { counter }), { outcome }, String(counter))
  const options = await webauthn.signInOptions('browser')
  t.same(await webauthn.signIn('browser', key.get(options, { counter: 8 })), WRONG, 'alone as well')
})

t.test('f17: a counter is compared once more when it is written', async t => {
  const { webauthn, elsewhere } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key, 'alice', { counter: 1 })
  const logins = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const attempt = attemptOf('alice', `login ${index}`)
      return { attempt, response: key.get(await promptOf(webauthn, attempt), { counter: 2 }) }
    }),
  )
  const outcomes = await Promise.all(
    logins.map(({ attempt, response }, index) =>
      answer(index % 2 === 0 ? webauthn : elsewhere, attempt, response),
    ),
  )
  t.equal(outcomes.filter(({ outcome }) => outcome === 'right').length, 1)
})

t.test('f17: a key does not change between one device and many', async t => {
  const { webauthn } = bench()
  const [single, synced] = [createSecurityKey(TRUTH), createSecurityKey(TRUTH)]
  const many = FLAG.UP | FLAG.UV | FLAG.BE
  await register(webauthn, single)
  await register(webauthn, synced, 'alice', { flags: many })
  t.same(await logIn(webauthn, single, 'alice', { flags: many }), WRONG)
  t.same(await logIn(webauthn, synced), WRONG)
  t.match(await logIn(webauthn, synced, 'alice', { flags: many }), RIGHT)
})

t.test('f17: a signature by another key or algorithm is none', async t => {
  for (const algorithm of [-7, -8, -257] as const) {
    const { webauthn } = bench()
    const key = createSecurityKey(TRUTH, algorithm)
    await register(webauthn, key)
    for (const other of [-7, -8, -257] as const) {
      const stranger = createSecurityKey(TRUTH, other)
      const attempt = attemptOf('alice')
      const lie = { id: key.credentialId, userHandle: null }
      const forged = stranger.get(await promptOf(webauthn, attempt), lie)
      t.same(await answer(webauthn, attempt, forged), WRONG, `${other} for ${algorithm}`)
    }
  }
})

t.test('f17: a public key is of its own algorithm, one of three, and sound', async t => {
  const { webauthn } = bench()
  const ec = createSecurityKey(TRUTH).coseKey
  const ed = createSecurityKey(TRUTH, -8).coseKey
  const rsa = createSecurityKey(TRUTH, -257).coseKey
  const changed = (key: typeof ec, ...members: [number, number | Uint8Array][]): typeof ec =>
    new Map([...key, ...members])
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const keys: readonly (readonly [string, typeof ec])[] = [
    ['an EC key as RS256', changed(ec, [3, -257])],
    ['an RSA key as ES256', changed(rsa, [3, -7])],
    ['an EC key as EdDSA', changed(ec, [3, -8])],
    ['an EC key of type OKP', changed(ec, [1, 1])],
    ['an Ed25519 key as ES256', changed(ed, [3, -7])],
    ['ES384', changed(toCoseKey(p384), [3, -35], [-1, 2])],
    ['P-384 as ES256', changed(toCoseKey(p384), [-1, 2])],
    ['P-384 as P-256', toCoseKey(p384)],
    ['PS256', changed(rsa, [3, -37])],
    ['RS1', changed(rsa, [3, -65535])],
    ['HMAC', new Map([...changed(rsa, [1, 4], [3, 5])])],
    ['no algorithm', new Map([...ec].filter(([label]) => label !== 3))],
    ['a point off the curve', changed(ec, [-3, Buffer.alloc(32, 1)])],
    ['a short coordinate', changed(ec, [-2, Buffer.alloc(31, 1)])],
    ['a coordinate that is a number', changed(ec, [-2, 7])],
    ['a short Ed25519 key', changed(ed, [-2, Buffer.alloc(31, 1)])],
    ['RSA of 1024 bits', toCoseKey(small)],
    ['RSA with the exponent 1', changed(rsa, [-2, Buffer.of(1)])],
    ['RSA with an even exponent', changed(rsa, [-2, Buffer.of(4)])],
    ['RSA without a modulus', changed(rsa, [-1, Buffer.alloc(0)])],
    ['RSA of 8192 bits', changed(rsa, [-1, Buffer.alloc(1024, 0xff)])],
  ]
  for (const [title, coseKey] of keys)
    t.equal(await register(webauthn, createSecurityKey(TRUTH), 'alice', { coseKey }), undefined, title)
  t.same(await webauthn.list('alice'), [])
})

t.test('a registration is good once, for its user and its session', async t => {
  const { webauthn, elsewhere, time } = bench()
  const attempt = attemptOf('alice')
  const options = await webauthn.registrationOptions(attempt)
  const key = createSecurityKey(TRUTH)
  const response = key.create(options)
  t.same(await webauthn.register(attemptOf('alice', 'another session'), response, 'x'), WRONG)
  t.same(await webauthn.register(attemptOf('bob', attempt.binding), response, 'x'), WRONG, 'and it is spent')
  t.same(await webauthn.register(attempt, response, 'x'), WRONG)

  const again = key.create(await webauthn.registrationOptions(attempt))
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? webauthn : elsewhere).register(attempt, again, 'x'),
    ),
  )
  t.equal(outcomes.filter(({ outcome }) => outcome === 'right').length, 1)

  const late = await webauthn.registrationOptions(attempt)
  time.now += 5 * MINUTE
  t.same(await webauthn.register(attempt, createSecurityKey(TRUTH).create(late), 'x'), WRONG, 'too late')
  const other = await webauthn.registrationOptions(attempt)
  const lie = { id: base64url('another id') }
  t.same(await webauthn.register(attempt, createSecurityKey(TRUTH).create(other, lie), 'x'), WRONG)
  t.equal((await webauthn.list('alice')).length, 1)
})

t.test('a credential has one owner, also when two register it at once', async t => {
  const { webauthn, elsewhere } = bench()
  const key = createSecurityKey(TRUTH)
  await register(webauthn, key)
  const bob = attemptOf('bob')
  t.same(await webauthn.register(bob, key.create(await webauthn.registrationOptions(bob)), 'mine'), WRONG)
  t.equal(await register(webauthn, key), undefined, 'nor twice by its owner')
  t.same(await webauthn.list('bob'), [])
  const contested = createSecurityKey(TRUTH)
  const ids = await Promise.all([
    register(webauthn, contested, 'carol'),
    register(elsewhere, contested, 'dave'),
  ])
  t.equal(ids.filter(id => id !== undefined).length, 1)
})

t.test('an attestation that nobody asked for is not judged', async t => {
  const { webauthn } = bench()
  const statement = new Map<string, string | number | Buffer | Buffer[]>([
    ['alg', -7],
    ['sig', Buffer.from('no signature')],
    ['x5c', [Buffer.from('no certificate')]],
  ])
  for (const format of ['packed', 'fido-u2f', 'android-key', 'tpm', 'apple', 'made-up']) {
    const key = createSecurityKey(TRUTH)
    t.type(await register(webauthn, key, 'alice', { attestation: [format, statement] }), 'string', format)
    t.match(await logIn(webauthn, key), RIGHT)
  }
})

t.test('of the transports only known ones are kept', async t => {
  const { webauthn } = bench()
  const given = [['usb', 'usb', '__proto__', 5, 'internal'], 'usb', 7, { length: 3 }]
  for (const transports of given) await register(webauthn, createSecurityKey(TRUTH), 'alice', { transports })
  t.same(
    (await webauthn.list('alice')).map(({ transports }) => transports).sort((a, b) => b.length - a.length),
    [['internal', 'usb'], [], [], []],
  )
})
