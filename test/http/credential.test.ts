import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createApiTokenText } from '../../src/credentials/api-token-text.js'
import { sessionCookieName } from '../../src/credentials/session-cookie.js'
import { createCredentialReader, type Credential } from '../../src/http/credential.js'
import { ALICE, credentialsBench, HOUR, START, TOKEN_LOGIN } from '../credentials/credentials-bench.js'

const NAME = sessionCookieName({ secure: true, domain: undefined })
const NONE = { kind: 'none' }
const AMBIGUOUS = { kind: 'ambiguous' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const basic = (name: string, password: string): string => `Basic ${base64(`${name}:${password}`)}`

/** A reader as the gateway has it, with one token of each kind. */
async function bench() {
  const it = await credentialsBench()
  const { id, record } = await it.sessions.start({ ...TOKEN_LOGIN, carrier: 'cookie' })
  const session = await it.sessions.start(TOKEN_LOGIN)
  const { accessToken, idToken } = await it.accessTokens.issue(session.record, ALICE)
  const family = { subject: 'alice', reference: record.reference, expiresAt: START + HOUR, version: 1 }
  const tokens = {
    api: createApiTokenText(randomBytes),
    access: accessToken,
    id: idToken,
    refresh: await it.refreshTokens.issue(family),
  }
  const read = createCredentialReader({
    cookieName: NAME,
    isOurs: text => it.accessTokens.looksLikeOurs(text) || it.refreshTokens.looksLikeOurs(text),
  })
  const of = (authorization: string | undefined, cookie?: string): Credential =>
    read({ authorization, cookie })
  return { of, id, tokens }
}

const { of, id, tokens } = await bench()
const FOREIGN_JWT = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{"iss":"https://other.example"}').toString('base64url')}.c2ln`

t.test('one of ours in the form it has to have', async t => {
  t.same(of(undefined), NONE)
  t.same(of(undefined, `${NAME}=${id}; other=1`), { kind: 'session', id })
  t.same(of(`Bearer ${tokens.access}`), { kind: 'access_token', jwt: tokens.access })
  t.same(of(`bEARER ${tokens.access}`), { kind: 'access_token', jwt: tokens.access })
  t.same(of(`Bearer ${tokens.api}`), { kind: 'api_token', token: tokens.api, username: undefined })
  const asPassword = { kind: 'api_token', token: tokens.api, username: 'alice' }
  t.same(of(basic('alice', tokens.api)), asPassword)
  t.same(of(basic('alice', tokens.api).replace('Basic', 'bASIC')), asPassword)
  t.same(of(basic('', tokens.api)), { ...asPassword, username: '' })
})

t.test('what is the app’s own is none of ours', async t => {
  const own = [
    '',
    'Bearer',
    'Bearer abc',
    `Bearer ${FOREIGN_JWT}`,
    'Bearer ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    basic('alice', 'a password'),
    basic('alice', 'xgh_looks like it'),
    'Basic !!!',
    'Digest username="alice", realm="gh", nonce="gh_", response="0123456789abcdef0123456789abcdef"',
    'AWS4-HMAC-SHA256 Credential=AKIA/20261122/eu/s3/aws4_request, SignedHeaders=host, Signature=abcdef',
    'Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gMDAuBgkqhkiC9xIBAgI=',
    'MFA authType="TOTP", token="abcdefghijkl"',
  ]
  for (const value of own) {
    t.same(of(value), NONE, value)
    t.same(of(value, `${NAME}=${id}`), { kind: 'session', id }, `${value}, beside a session`)
  }
})

t.test('g16: two of ours at once, or one in a form that can be read two ways, is refused', async t => {
  const { api, access, id: idToken, refresh } = tokens
  for (const value of [`Bearer ${access}`, `Bearer ${api}`, basic('alice', api), `Bearer ${idToken}`])
    t.same(of(value, `${NAME}=${id}`), AMBIGUOUS, `${value.slice(0, 16)}… beside a session`)
  for (const token of [api, access, idToken, refresh]) {
    const odd = [
      token,
      ` Bearer ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} `,
      `Bearer\t${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${FOREIGN_JWT}, Bearer ${token}`,
      `Bearer x, ${token}`,
      `Bearer "${token}"`,
      `Bearer ${base64(token)}`,
      `Token ${token}`,
      `token=${token}`,
      `MFA authType="TOTP", token="${token}"`,
      basic(token, ''),
      basic(token, 'x-oauth-basic'),
      basic('alice', `x:${token}`),
      basic('alice', ` ${token}`),
      `Basic  ${base64(`alice:${token}`)}`,
      `Basic ${base64(`alice:${token}`)}, Basic x`,
      `Basic ${token}`,
      `Digest username="${token}"`,
    ]
    for (const value of odd) t.same(of(value), AMBIGUOUS, value)
  }
  for (const token of [access, idToken, refresh]) t.same(of(basic('alice', token)), AMBIGUOUS)
  t.same(of(basic('alice', api).replace('Basic', 'Bearer')), AMBIGUOUS)
})

t.test('g7: a refresh or ID token as Bearer is for nobody else', async t => {
  for (const token of [tokens.refresh, tokens.id])
    t.same(of(`Bearer ${token}`), { kind: 'access_token', jwt: token }, 'which opens nothing')
})

t.test('e5: a session cookie that is there twice, or in another form, is none', async t => {
  const other = 'A'.repeat(43)
  t.same(of(undefined, `${NAME}=${id}; ${NAME}=${other}`), NONE)
  t.same(of(undefined, `${NAME}="${id}"`), NONE)
  t.same(of(undefined, `${NAME}=${id}x`), NONE)
})

const SURROUNDINGS = 'a A 0 , ; : = " \' / \\ ( ) [ ] { } < > @ ? ! | Bearer Basic x='
  .split(' ')
  .concat(' ', '\t')
const surroundings = fc
  .string({
    unit: fc.constantFrom(...SURROUNDINGS),
    maxLength: 12,
  })
  .filter(text => !/[A-Za-z0-9]$/.test(text))
const ourTokens = fc.constantFrom(...Object.values(tokens))
const wrap = fc.constantFrom(
  (text: string) => text,
  base64,
  (text: string) => Buffer.from(text).toString('base64url'),
)

t.test('whatever holds a token of ours is read as ours alone, or refused: it never goes on', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Bearer ', 'Basic ', 'Token ', ''),
      surroundings,
      ourTokens,
      surroundings,
      wrap,
      (scheme, before, token, after, wrapped) => {
        const value = `${scheme}${wrapped(`${before}${token}${after === '' ? '' : ` ${after}`}`)}`
        const found = of(value)
        if (found.kind === 'access_token') return value.toLowerCase() === `bearer ${found.jwt}`.toLowerCase()
        return found.kind === 'api_token' ? found.token.startsWith('gh_') : found.kind === 'ambiguous'
      },
    ),
    { numRuns: 3_000 },
  )
})

t.test('what no token of ours is in, is never taken for one of ours', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.base64String().map(text => `Basic ${text}`),
      ),
      value => (value.includes('gh_') ? true : of(value).kind === 'none'),
    ),
    { numRuns: 3_000 },
  )
})

t.test('g13: no header costs more than its length', async t => {
  const length = 16 * 1024
  const fill = (text: string): string => text.repeat(Math.ceil(length / text.length)).slice(0, length)
  for (const text of ['a', 'a.', 'a=', 'a.b', 'a.=', 'gh_', 'eyJ', `${'a'.repeat(100)}.`, 'Z2hf', ' gh_a'])
    for (const scheme of ['', 'x ', 'Bearer ', 'Basic ', 'x a.', 'x a.a=.']) {
      const value = `${scheme}${fill(text)}`
      const before = process.cpuUsage()
      of(value)
      const { user, system } = process.cpuUsage(before)
      t.ok((user + system) / 1000 < 50, `${scheme}${text.slice(0, 8)}`)
    }
})
