import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { createAssertions } from '../../src/credentials/assertions.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0)
const now = (): number => NOW
const seal = createSeal(['a secret of the tests, long enough for a key'])
const ring = { seal, now, ring: 'assertions', algorithm: 'ES256' } as const
const ISSUER = 'https://auth.example.com'

const IDENTITY = {
  person: {
    subject: 'alice',
    displayName: 'Alice',
    email: 'alice@example.com',
    groups: ['ops'],
    mfa: 'enabled',
  },
  proofs: [
    { method: 'password', at: NOW - 60_000 },
    { method: 'totp', at: NOW - 30_000 },
  ],
  hasSecondFactor: true,
  sessionReference: 'reference',
} as const

t.test('an assertion says who it is, and is checked by the published keys', async t => {
  const keys = await loadSigningKeys({ ...ring, store: createMemoryStore({ now }) })
  const assertions = createAssertions({ keys, issuer: ISSUER, now })
  const token = await assertions.sign(IDENTITY, 'wiki')
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys.jwks().keys] }), {
    algorithms: ['ES256'],
    typ: 'gatehouse-assertion+jwt',
    issuer: ISSUER,
    audience: 'wiki',
    currentDate: new Date(NOW),
  })
  t.same(payload, {
    iss: ISSUER,
    aud: 'wiki',
    sub: 'alice',
    email: 'alice@example.com',
    groups: ['ops'],
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'multi',
    auth_time: NOW / 1000 - 30,
    mfa_verified: true,
    sid: 'reference',
    iat: NOW / 1000,
    exp: NOW / 1000 + 90,
  })
  t.equal(decodeProtectedHeader(token).kid, keys.jwks().keys[0]?.kid)
})

t.test('a password alone is not told as a second factor (g12)', async t => {
  const keys = await loadSigningKeys({ ...ring, store: createMemoryStore({ now }) })
  const assertions = createAssertions({ keys, issuer: ISSUER, now })
  const { email: _, ...person } = IDENTITY.person
  const token = await assertions.sign(
    { ...IDENTITY, person: { ...person, email: undefined }, proofs: IDENTITY.proofs.slice(0, 1) },
    'wiki',
  )
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(payload, { amr: ['pwd'], acr: 'single', mfa_verified: false })
  t.notOk('email' in payload)
})

t.test('what no factor stands behind has no time of authentication: API tokens', async t => {
  const keys = await loadSigningKeys({ ...ring, store: createMemoryStore({ now }) })
  const token = await createAssertions({ keys, issuer: ISSUER, now }).sign(
    { ...IDENTITY, proofs: [] },
    'wiki',
  )
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(payload, { amr: [], acr: 'none', mfa_verified: false })
  t.notOk('auth_time' in payload)
})

t.test('g15: the published keys have no private member, and say what they are for', async t => {
  const keys = await loadSigningKeys({ ...ring, store: createMemoryStore({ now }) })
  for (const key of keys.jwks().keys)
    t.same(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
})

t.test('processes that start at once on one store agree on the key, and it is sealed there', async t => {
  const store = createMemoryStore({ now })
  const loaded = await Promise.all(Array.from({ length: 4 }, () => loadSigningKeys({ ...ring, store })))
  t.equal(new Set(loaded.map(keys => keys.current().kid)).size, 1)
  const stored = JSON.stringify(await store.get({ kind: 'signing_key', id: 'assertions' }))
  t.notMatch(stored, /"d"/)
  const seal = createSeal(['quite another secret, just as long'])
  await t.rejects(loadSigningKeys({ ...ring, store, seal }), {
    message: /previous secret/,
  })
})
