import t from 'tap'
import { hashSecret } from '../../src/store/secret-hash.js'
import { ALICE, credentialsBench, HOUR, SECOND, START, TOKEN_LOGIN } from './credentials-bench.js'

const FAMILY = { subject: 'alice', reference: 'reference', expiresAt: START + 12 * HOUR, version: 1 }

t.test('a refresh token has 256 random bits, and the store holds only its hash', async t => {
  const { refreshTokens, store } = await credentialsBench()
  const token = await refreshTokens.issue(FAMILY)
  t.match(token, /^ghrt_[A-Za-z0-9_-]{43}$/)
  t.not(await refreshTokens.issue(FAMILY), token)
  const [stored] = await store.listByOwner('refresh_token', 'alice')
  t.equal(stored?.key.id, hashSecret(token))
  t.equal(stored?.expiresAt, FAMILY.expiresAt)
  t.notOk(JSON.stringify(stored).includes(token.slice(5)))
})

t.test('peek tells without using', async t => {
  const { refreshTokens } = await credentialsBench()
  const token = await refreshTokens.issue(FAMILY)
  t.same(await refreshTokens.peek(token), { ...FAMILY, used: false })
  t.same(await refreshTokens.peek(token), { ...FAMILY, used: false })
  t.same(await refreshTokens.use(token), { outcome: 'right', ...FAMILY })
  t.same(await refreshTokens.peek(token), { ...FAMILY, used: true })
})

t.test('g10: a token is good once, and every later use tells that somebody has a copy', async t => {
  const { refreshTokens, process } = await credentialsBench()
  const first = await refreshTokens.issue(FAMILY)
  t.match(await refreshTokens.use(first), { outcome: 'right' })
  const second = await refreshTokens.issue(FAMILY)
  t.same(await process().refreshTokens.use(first), { outcome: 'reused', ...FAMILY }, 'in another process')
  t.match(await refreshTokens.use(first), { outcome: 'reused' }, 'and it stays so')
  t.match(await refreshTokens.use(second), { outcome: 'right' }, 'ending the family is for the caller')
})

t.test('g10: of 200 who use one at once, from four processes, one is right', async t => {
  const { refreshTokens, process } = await credentialsBench()
  const token = await refreshTokens.issue(FAMILY)
  const processes = [refreshTokens, process().refreshTokens, process().refreshTokens, process().refreshTokens]
  const uses = await Promise.all(
    Array.from({ length: 50 }, () => processes.map(each => each.use(token))).flat(),
  )
  t.equal(uses.filter(use => use.outcome === 'right').length, 1)
  t.equal(uses.filter(use => use.outcome === 'reused').length, 199)
})

t.test('g11: past the end of the family there is no token, used or not', async t => {
  const { refreshTokens, time } = await credentialsBench()
  const used = await refreshTokens.issue(FAMILY)
  const unused = await refreshTokens.issue(FAMILY)
  await refreshTokens.use(used)
  time.now = FAMILY.expiresAt - SECOND
  t.match(await refreshTokens.use(used), { outcome: 'reused' })
  time.now = FAMILY.expiresAt
  for (const token of [used, unused]) {
    t.same(await refreshTokens.use(token), { outcome: 'unknown' })
    t.equal(await refreshTokens.peek(token), undefined)
  }
})

t.test('g7: nothing else is a refresh token, and odd texts cost no look into the store', async t => {
  const { refreshTokens, apiTokens, accessTokens, sessions, reads } = await credentialsBench()
  const token = await refreshTokens.issue(FAMILY)
  const session = await sessions.start(TOKEN_LOGIN)
  const { accessToken, idToken } = await accessTokens.issue(session.record, ALICE)
  const expiresAt = START + HOUR
  const made = await apiTokens.create({ name: 'ci', owner: { kind: 'machine' }, scopes: ['x'], expiresAt })
  const before = reads.count
  for (const text of [
    accessToken,
    idToken,
    made.outcome === 'created' ? made.token : '',
    session.id,
    session.record.reference,
    hashSecret(token),
    token.slice(5),
    token.toUpperCase(),
    `${token} `,
    `${token}\n`,
    ` ${token}`,
    '',
    'ghrt_',
    '__proto__',
    'x'.repeat(1_000_000),
  ]) {
    t.same(await refreshTokens.use(text), { outcome: 'unknown' }, text.slice(0, 20))
    t.equal(await refreshTokens.peek(text), undefined)
  }
  t.equal(reads.count, before)
  t.same(await refreshTokens.use(`ghrt_${'A'.repeat(43)}`), { outcome: 'unknown' })
  t.match(await refreshTokens.use(token), { outcome: 'right' })
})

t.test('what has the form of a refresh token is ours, good or not', async t => {
  const { refreshTokens, accessTokens } = await credentialsBench()
  const token = await refreshTokens.issue(FAMILY)
  await refreshTokens.use(token)
  t.equal(refreshTokens.looksLikeOurs(token), true)
  t.equal(refreshTokens.looksLikeOurs('ghrt_x'), true)
  t.equal(refreshTokens.looksLikeOurs('ghr_of-another-house'), false)
  t.equal(refreshTokens.looksLikeOurs('opaque'), false)
  t.equal(accessTokens.read(token), undefined)
})
