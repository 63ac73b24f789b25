import t from 'tap'
import type { Test } from 'tap'
import type { OpenSession } from '../../src/credentials/session-record.js'
import {
  CLIENT,
  codeIn,
  DAY,
  expectStep,
  loginBench,
  type LoginBench,
  type LoginBenchOptions,
  MINUTE,
  otherThan,
  reachable,
  RIGHT,
} from './login-bench.js'

const EXPIRED = { step: 'expired' }

/** Alice in token mode after password and code, and how a portal gives her the next refresh token. */
async function loggedIn(t: Test, options: LoginBenchOptions = {}) {
  const it = loginBench({ ...options, mfa: { factors: ['email'], ...options.mfa } })
  it.users.set('alice', reachable('alice'))
  const begin = { username: 'alice', password: RIGHT, client: CLIENT, carrier: 'tokens' } as const
  const { challenge } = expectStep(t, await it.login.password(begin), 'second_factor')
  const session = await showEmail(t, it, challenge)
  return { it, session, token: await issue(it, session) }
}

function issue(it: LoginBench, { record }: OpenSession): Promise<string> {
  return it.refreshTokens.issue(record)
}

async function showEmail(t: Test, it: LoginBench, challenge: string): Promise<OpenSession> {
  it.time.now += MINUTE
  const named = { sessionId: undefined, challenge, factor: 'email', client: CLIENT } as const
  expectStep(t, await it.login.prompt(named), 'prompted')
  return expectStep(t, await it.login.secondFactor({ ...named, code: codeIn(it.mails) }), 'done').session
}

t.test('a refresh goes on with the session as it is', async t => {
  const { it, session, token } = await loggedIn(t)
  const done = expectStep(t, await it.refresh(token, CLIENT), 'done')
  t.same(done.session, session, 'the proofs stay, with their times')
  t.equal(done.backupCodes, undefined)
  expectStep(t, await it.another().refresh(await issue(it, done.session), CLIENT), 'done')
})

t.test('g10: a token that is used again ends the family, also for who has the newer one', async t => {
  const { it, session, token } = await loggedIn(t)
  const done = expectStep(t, await it.refresh(token, CLIENT), 'done')
  const next = await issue(it, done.session)
  t.same(await it.refresh(token, { ...CLIENT, address: '198.51.100.7' }), EXPIRED)
  t.match(it.events.at(-1), { event: 'token.reused', subject: 'alice', address: '198.51.100.7' })
  t.equal(await it.sessions.find(session.id), undefined)
  t.same(await it.refresh(next, CLIENT), EXPIRED)
})

t.test('g10: of 20 who use one at once exactly one gets on, and the family ends', async t => {
  const { it, session, token } = await loggedIn(t)
  const nodes = [it, it.another(), it.another()]
  const steps = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (nodes[n % 3] ?? it).refresh(token, CLIENT)),
  )
  t.equal(steps.filter(({ step }) => step === 'done').length, 1)
  t.equal(await it.sessions.find(session.id), undefined)
})

t.test('g11: the family ends at its time, however often it was refreshed', async t => {
  const { it, session } = await loggedIn(t)
  let current = session
  const end = session.record.expiresAt
  while (it.time.now + 60 * MINUTE < end) {
    it.time.now += 60 * MINUTE
    current = expectStep(t, await it.refresh(await issue(it, current), CLIENT), 'done').session
    t.equal(current.record.expiresAt, end)
  }
  const last = await issue(it, current)
  it.time.now = end
  t.same(await it.refresh(last, CLIENT), EXPIRED)
})

t.test('after mfa_max_age the second factor is shown again; until then nothing is lost', async t => {
  const { it, session, token } = await loggedIn(t, { tokens: { mfaMaxAge: 60 * MINUTE } })
  it.time.now += 60 * MINUTE
  const early = await issue(it, expectStep(t, await it.refresh(token, CLIENT), 'done').session)
  it.time.now += 1
  const due = expectStep(t, await it.refresh(early, CLIENT), 'second_factor')
  t.equal(due.session.record.reference, session.record.reference)
  t.match(await it.refresh(early, CLIENT), { step: 'second_factor' }, 'asking again is no reuse')
  const named = { sessionId: undefined, challenge: due.challenge, factor: 'email', client: CLIENT } as const
  it.time.now += MINUTE
  await it.login.prompt(named)
  const code = codeIn(it.mails)
  t.match(await it.login.secondFactor({ ...named, code: otherThan(code) }), { reason: 'wrong_code' })
  const { session: fresh } = expectStep(t, await it.login.secondFactor({ ...named, code }), 'done')
  t.equal(fresh.record.version, session.record.version + 1)
  t.equal(fresh.record.expiresAt, session.record.expiresAt, 'the family lives no longer for that')
  t.same(await it.refresh(early, CLIENT), EXPIRED, 'a copy of the old token is worth nothing from now on')
  t.ok(await it.sessions.find(fresh.id), 'and presenting it ends nobody’s family')
  expectStep(t, await it.refresh(await issue(it, fresh), CLIENT), 'done')
})

t.test('a used token is told as reused, also when a factor is due', async t => {
  const { it, session, token } = await loggedIn(t, { tokens: { mfaMaxAge: 60 * MINUTE } })
  expectStep(t, await it.refresh(token, CLIENT), 'done')
  it.time.now += 61 * MINUTE
  t.same(await it.refresh(token, CLIENT), EXPIRED)
  t.equal(await it.sessions.find(session.id), undefined)
})

t.test('e12, g9, j19: after a change of the user, a logout or a reset no refresh goes on', async t => {
  const changes: ((it: LoginBench, session: OpenSession) => unknown)[] = [
    it => it.users.set('alice', { ...reachable('alice'), disabled: true }),
    it => it.users.set('alice', { ...reachable('alice'), passwordVersion: 'v2' }),
    it => it.users.delete('alice'),
    (it, { id }) => it.logout({ sessionId: id, everywhere: false, client: CLIENT }),
    it => it.reset('alice'),
  ]
  for (const change of changes) {
    const { it, session, token } = await loggedIn(t)
    await change(it, session)
    t.same(await it.refresh(token, CLIENT), EXPIRED)
  }
})

t.test('bind_ip: a refresh from another address is none, and uses nothing up', async t => {
  const { it, token } = await loggedIn(t, { bindIp: true })
  t.same(await it.refresh(token, { ...CLIENT, address: '198.51.100.7' }), EXPIRED)
  expectStep(t, await it.refresh(token, CLIENT), 'done')
})

t.test('what is no refresh token is nothing', async t => {
  const { it, session, token } = await loggedIn(t)
  for (const text of [
    '',
    'ghrt_',
    session.id,
    session.record.reference,
    `${token}x`,
    token.slice(0, -1),
    ' ',
  ])
    t.same(await it.refresh(text, CLIENT), EXPIRED)
  it.time.now += DAY
  t.same(await it.refresh(token, CLIENT), EXPIRED)
})
