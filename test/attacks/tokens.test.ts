import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'
import t, { type Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, HOUR, SECOND } from '../harness/gateway.js'
import { exchange } from '../harness/raw-client.js'
import { get } from '../harness/siege.js'
import { SESSION_COOKIE, startAllWays } from './all-ways-gateway.js'
import { beginMoment, setUpAlice } from './every-secret.js'

const MINUTE = 60 * SECOND

if (noAuthenticator !== false) {
  t.plan(0, noAuthenticator)
  process.exit(0)
}
const ways = await startAllWays(t)
const { ask, gateway, store, upstream } = ways
const moment = await beginMoment(await setUpAlice(ways))
const access = await moment.secret('access token')
const base = gateway.clock.now()
store.keep()

/** Everything as it was: the access token is good, and nothing was used. */
function rewind(): void {
  store.rewind()
  upstream.forget()
  gateway.clock.advance(base - gateway.clock.now())
}
t.beforeEach(rewind)

const [header = '', payload = '', signature = ''] = access.split('.')
const write = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
const read = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
const HEADER = read(header)
const CLAIMS = read(payload)
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Signed as ES256 by somebody else. */
function forged(head: object, claims: object = CLAIMS): string {
  const signed = `${write({ ...HEADER, ...head })}.${write(claims)}`
  const key = { key: attacker.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

/** What the gateway answers to it on a route that the real token opens. Nothing may reach the app. */
async function statusOf(t: Test, token: string, scheme = 'Bearer'): Promise<number> {
  upstream.forget()
  const { status } = await ask('/full/x', { authorization: `${scheme} ${token}` })
  if (status !== 200) t.equal(upstream.received().length, 0, 'nothing reached the app')
  return status
}

async function expectNobody(t: Test, tokens: Readonly<Record<string, string>>): Promise<void> {
  for (const [what, token] of Object.entries(tokens)) {
    const status = await statusOf(t, token)
    t.ok([400, 401, 431].includes(status), `${what}: ${status}`)
  }
  t.equal(await statusOf(t, access), 200, 'the real one is good')
}

t.test('g1: a token without a signature is none', async t => {
  const unsigned: Record<string, string> = { 'two dots': '..', 'two dots and claims': `.${payload}.` }
  for (const alg of ['none', 'None', 'nOnE', 'NONE', ''])
    unsigned[`alg ${alg}`] = `${write({ ...HEADER, alg })}.${payload}.`
  unsigned['an empty signature'] = `${header}.${payload}.`
  unsigned['alg none with the real signature'] =
    `${write({ ...HEADER, alg: 'none' })}.${payload}.${signature}`
  await expectNobody(t, unsigned)
})

t.test('g2: a published key is no secret to sign with', async t => {
  const { keys } = (await ask('/auth/jwks.json')).json as { keys: JsonWebKey[] }
  const tokens: Record<string, string> = {}
  for (const jwk of keys) {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    const secrets: Record<string, string | Buffer> = {
      pem,
      'pem without its last newline': pem.trimEnd(),
      'pem after a blank': ` ${pem}`,
      der: key.export({ type: 'spki', format: 'der' }),
      jwk: JSON.stringify(jwk),
    }
    for (const [what, secret] of Object.entries(secrets)) {
      const signed = `${write({ ...HEADER, alg: 'HS256', kid: jwk.kid })}.${payload}`
      tokens[`${what} of ${String(jwk.kid)}`] =
        `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
    }
  }
  await expectNobody(t, tokens)
})

t.test('g3: no key signs with another algorithm', async t => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const tokens: Record<string, string> = {}
  for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA', 'HS256']) {
    const signed = `${write({ ...HEADER, alg })}.${payload}`
    tokens[alg] = `${signed}.${sign('sha256', Buffer.from(signed), rsa.privateKey).toString('base64url')}`
    tokens[`${alg} with the real signature`] = `${signed}.${signature}`
  }
  await expectNobody(t, tokens)
})

t.test('g4, g5, g6: whatever a header says or brings along, the key is ours', async t => {
  const { privateKey: _private, ...own } = { ...attacker }
  const jwk = own.publicKey.export({ format: 'jwk' })
  const elsewhere = `${upstream.url}/keys.json`
  const kids = [
    undefined,
    'unknown',
    '../../dev/null',
    "' OR 1=1 --",
    'k'.repeat(5_000),
    ['a'],
    '__proto__',
    7,
  ]
  const heads: Record<string, object> = {
    'the real kid': {},
    jwk: { jwk },
    jku: { jku: elsewhere },
    x5u: { x5u: elsewhere },
    x5c: { x5c: ['MIIB'] },
    'crit of a list': { crit: ['x'], x: 1 },
    'crit of a text': { crit: 'x' },
    'crit and b64': { crit: ['b64'], b64: false },
    b64: { b64: false },
    zip: { zip: 'DEF' },
  }
  for (const kid of kids) heads[`kid ${String(kid).slice(0, 20)}`] = { kid }
  const tokens = Object.fromEntries(Object.entries(heads).map(([what, head]) => [what, forged(head)]))
  // What is signed by us is good with our header only.
  for (const [what, head] of Object.entries(heads))
    if (Object.keys(head).length > 0)
      tokens[`${what}, our signature`] = `${write({ ...HEADER, ...head })}.${payload}.${signature}`
  await expectNobody(t, tokens)
  t.same(
    upstream.requests.map(({ target }) => target).filter(target => target.includes('keys')),
    [],
  )
})

t.test('g8: claims of somebody else, of another time or another kind', async t => {
  const now = Math.floor(base / 1000)
  const claims: readonly object[] = [
    { iss: 'https://evil.example' },
    { aud: 'another' },
    { aud: [`https://${HOST}`, 'another'] },
    { aud: undefined },
    { exp: now - 31 },
    { exp: String(now + 60) },
    { exp: 1e300 },
    { nbf: now + 3600 },
    { iat: now + 3600 },
    { sub: 'bob' },
  ]
  const tokens = Object.fromEntries(
    claims.map(one => [JSON.stringify(one), forged({}, { ...CLAIMS, ...one })]),
  )
  await expectNobody(t, tokens)
  gateway.clock.advance(-MINUTE)
  t.equal(await statusOf(t, access), 401, 'before its time')
  gateway.clock.advance(MINUTE + 5 * MINUTE + SECOND)
  t.equal(await statusOf(t, access), 401, 'after its time')
})

t.test('g10: a refresh token that was used ends the whole family, and is told', async t => {
  const first = await moment.secret('refresh token')
  const refresh = (token: unknown) => ask('/auth/token/refresh', { json: { refresh_token: token } })
  const second = await refresh(first)
  t.equal(second.status, 200)
  t.equal(await statusOf(t, String(second.json.access_token)), 200)
  t.equal((await refresh(first)).status, 401)
  t.equal((await refresh(second.json.refresh_token)).status, 401, 'the new one is dead as well')
  t.equal(await statusOf(t, String(second.json.access_token)), 401)
  t.match(gateway.logLines.join('\n'), /"audit":"token.reused","subject":"alice"/)
})

t.test('g11: no refresh reaches past the absolute life of the family', async t => {
  let token: unknown = await moment.secret('refresh token')
  for (let hour = 1; hour <= 11; hour++) {
    gateway.clock.advance(HOUR)
    const reply = await ask('/auth/token/refresh', { json: { refresh_token: token } })
    t.equal(reply.status, 200, `after ${hour} h`)
    token = reply.json.refresh_token
  }
  gateway.clock.advance(HOUR)
  t.equal((await ask('/auth/token/refresh', { json: { refresh_token: token } })).status, 401)
})

t.test('g12, j2: a password alone tells of no second factor, whatever the request says', async t => {
  const known = { username: 'alice', password: await moment.secret('password'), mode: 'token' }
  const claimed = {
    mfa_verified: true,
    amr: ['mfa'],
    acr: 'multi',
    carrier: 'tokens',
    asIs: true,
    joins: 'x',
  }
  const reply = await ask('/auth/login', { json: { ...known, ...claimed } })
  t.equal(reply.status, 202)
  t.notOk(reply.json.refresh_token)
  const token = String(reply.json.access_token)
  const told = read(token.split('.')[1] ?? '')
  t.equal(told.mfa_verified, false)
  t.same(told.amr, ['pwd'])
  const refused = await ask('/full/x', { authorization: `Bearer ${token}` })
  t.equal(refused.status, 401)
  t.match(
    refused.header('www-authenticate').join(),
    /error="insufficient_user_authentication".*acr_values="multi"/,
  )
  t.equal((await ask('/half/x', { authorization: `Bearer ${token}` })).status, 200)
})

t.test('g13, l12: what is huge or deep is refused at once', async t => {
  const deep = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`c${index}`, 1]))
  const tokens: Record<string, string> = {
    'a megabyte': `${header}.${'A'.repeat(1_000_000)}.${signature}`,
    'thirty kilobytes': `${header}.${'A'.repeat(30_000)}.${signature}`,
    'ten thousand dots': '.'.repeat(10_000),
    deep: `${header}.${write(deep)}.${signature}`,
    'many claims': `${header}.${write(many)}.${signature}`,
    'a name twice': `${write(`{"alg":"none",${JSON.stringify(HEADER).slice(1)}`)}.${payload}.${signature}`,
    encrypted: `${write({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AAAA.AAAA.AAAA`,
    'a key from a password': `${write({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31 })}.A.A.A.A`,
  }
  for (const [what, token] of Object.entries(tokens)) {
    const lines = [`Authorization: Bearer ${token}`, 'X-Forwarded-Proto: https']
    const begun = process.cpuUsage()
    const { answers } = await exchange(gateway, get('/full/x', lines), { answers: 1 })
    const { user } = process.cpuUsage(begun)
    const status = answers[0]?.status ?? 0
    t.ok([0, 400, 401, 431].includes(status), `${what}: ${status}`)
    t.ok(user < 100_000, `${what}: ${user / 1000} ms of the processor`)
  }
  t.equal(await statusOf(t, access), 200)
})

t.test('g14: a token is good in one spelling only', async t => {
  const raw = Buffer.from(signature, 'base64url')
  const integer = (half: Buffer): Buffer => {
    const positive = (half[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), half]) : half
    return Buffer.concat([Buffer.of(2, positive.length), positive])
  }
  const pair = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  const der = Buffer.concat([Buffer.of(0x30, pair.length), pair])
  const zero = Buffer.alloc(32)
  const last = signature.at(-1) ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const neighbour = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
  const body = `${header}.${payload}`
  await expectNobody(t, {
    padding: `${access}==`,
    'padding in the middle': `${header}=.${payload}.${signature}`,
    'the bits that are left over': `${body}.${signature.slice(0, -1)}${neighbour}`,
    'the ordinary alphabet': `${body}.${raw.toString('base64')}`,
    der: `${body}.${der.toString('base64url')}`,
    'zero and zero': `${body}.${Buffer.concat([zero, zero]).toString('base64url')}`,
    'zero and s': `${body}.${Buffer.concat([zero, raw.subarray(32)]).toString('base64url')}`,
    'r and zero': `${body}.${Buffer.concat([raw.subarray(0, 32), zero]).toString('base64url')}`,
    'a byte more': `${body}.${Buffer.concat([raw, Buffer.of(0)]).toString('base64url')}`,
    'a part more': `${access}.`,
    'a blank inside': `${header}. ${payload}.${signature}`,
    'spaced JSON': `${write(JSON.stringify(HEADER, undefined, 1))}.${payload}.${signature}`,
  })
})

t.test('g15: what is published can be kept, and holds no private member', async t => {
  const reply = await ask('/auth/jwks.json')
  const { keys } = reply.json as { keys: Record<string, unknown>[] }
  t.ok(keys.length >= 2)
  for (const key of keys) {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'])
      t.notOk(Object.hasOwn(key, member), member)
    t.match(key, { use: 'sig', alg: 'ES256', kid: /^[A-Za-z0-9_-]{43}$/ })
  }
  t.match(reply.header('cache-control').join(), /public, max-age=\d+/)
})

t.test('g16: one credential, in one place, in one form', async t => {
  const cookie = `${SESSION_COOKIE}=${await moment.secret('full cookie')}`
  const requests: Readonly<Record<string, readonly [string, readonly string[], number]>> = {
    'in the query': [`/full/x?access_token=${access}`, [], 401],
    'beside the cookie': ['/full/x', [`Authorization: Bearer ${access}`, `Cookie: ${cookie}`], 400],
    'Authorization twice': [
      '/full/x',
      [`Authorization: Bearer ${access}`, `Authorization: Bearer ${access}`],
      400,
    ],
    'another one first': ['/full/x', ['Authorization: Basic YTpi', `Authorization: Bearer ${access}`], 400],
    'a list': ['/full/x', [`Authorization: Bearer ${access}, Bearer ${access}`], 400],
    'two blanks': ['/full/x', [`Authorization: Bearer  ${access}`], 400],
    'as the password of Basic': [
      '/full/x',
      [`Authorization: Basic ${Buffer.from(`alice:${access}`).toString('base64')}`],
      400,
    ],
    'in lower case': ['/full/x', [`Authorization: bearer ${access}`], 200],
  }
  for (const [what, [path, lines, expected]] of Object.entries(requests)) {
    upstream.forget()
    const sent = get(path, [...lines, 'X-Forwarded-Proto: https', 'Sec-Fetch-Mode: cors'])
    const { answers } = await exchange(gateway, sent, { answers: 1 })
    t.equal(answers[0]?.status, expected, what)
    t.notOk(upstream.received().includes(access), `${what}: the app does not see it`)
  }
})
