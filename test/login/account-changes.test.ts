import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { AccountChanges } from '../../src/login/account-changes.js'
import type { RefusalReason } from '../../src/login/login-step.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { createSecurityKey } from '../harness/security-key.js'
import {
  answer,
  atEnrolment,
  atSecondFactor,
  CLIENT,
  DAY,
  enrolled,
  expectStep,
  loginBench,
  type LoginBench,
  type LoginBenchOptions,
  MINUTE,
  ORIGIN,
  reachable,
  RIGHT,
  STEP,
  user,
} from './login-bench.js'

const skip = noAuthenticator
const CHANGED = { step: 'changed' }
const STEP_UP = { step: 'step_up' }
const EXPIRED = { step: 'expired' }
const refusedWith = (reason: RefusalReason) => ({ step: 'refused', reason })
const QUESTIONS = ['street', 'teacher', 'concert'].map(word => ({
  question: `The first ${word}?`,
  answer: `some ${word}`,
}))
const HASH = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** Alice, who has an authenticator and has just shown it. */
async function alice(t: Test, options: LoginBenchOptions = {}) {
  const usersFile = join(t.testdir(), 'users.yaml')
  writeFileSync(usersFile, `users:\n  alice:\n    displayname: Alice\n    password: '${HASH}'\n`)
  const it = loginBench({
    usersFile,
    ...options,
    mfa: {
      factors: ['totp', 'webauthn', 'backup_code', 'knowledge_question'],
      mayDisable: true,
      rememberDevice: 30 * DAY,
      ...options.mfa,
    },
    tokens: { selfServiceScopes: ['feed:read'] },
  })
  it.users.set('alice', { ...user('alice'), person: { ...reachable('alice').person } })
  const made = await enrolled(t, it)
  const changer = { sessionId: made.done.session.id, client: CLIENT }
  const [app] = await it.totp.list('alice')
  return { it, ...made, changer, app: app?.id ?? '' }
}

/** Every change there is, with arguments that would do. */
function changes(app: string): readonly [string, (on: LoginBench, changer: Changer) => Promise<unknown>][] {
  const token = { name: 'feeds', scopes: ['feed:read'], expiresAt: Date.UTC(2026, 11, 24) }
  return [
    ['mayChange', (on, c) => on.accountChanges.mayChange(c)],
    ['startFactor', (on, c) => on.accountChanges.startFactor({ ...c, factor: 'totp' })],
    ['startFactor', (on, c) => on.accountChanges.startFactor({ ...c, factor: 'webauthn' })],
    [
      'confirmFactor',
      (on, c) => on.accountChanges.confirmFactor({ ...c, factor: 'totp', answer: '123456', name: 'x' }),
    ],
    ['renameFactor', (on, c) => on.accountChanges.renameFactor({ ...c, id: app, name: 'mine' })],
    ['removeFactor', (on, c) => on.accountChanges.removeFactor({ ...c, id: app })],
    ['replaceBackupCodes', (on, c) => on.accountChanges.replaceBackupCodes(c)],
    ['setQuestions', (on, c) => on.accountChanges.setQuestions({ ...c, questions: QUESTIONS })],
    ['removeQuestions', (on, c) => on.accountChanges.removeQuestions(c)],
    ['switchSecondFactor', (on, c) => on.accountChanges.switchSecondFactor({ ...c, to: 'off' })],
    [
      'changePassword',
      (on, c) => on.accountChanges.changePassword({ ...c, current: RIGHT, next: 'another password' }),
    ],
    ['createApiToken', (on, c) => on.accountChanges.createApiToken({ ...c, token })],
  ]
}

type Changer = Parameters<AccountChanges['mayChange']>[0]

t.test('f10: without a fresh proof every change asks for one, and nothing is changed', { skip }, async t => {
  const { it, changer, app } = await alice(t)
  it.time.now += 5 * MINUTE + 1
  const partial = { ...changer, sessionId: (await atSecondFactor(t, it)).session.id }
  const listed = async () =>
    JSON.stringify([
      await it.totp.list('alice'),
      await it.factors.webauthn.list('alice'),
      await it.factors.backupCodes.remaining('alice'),
      await it.factors.questions?.list('alice'),
      await it.apiTokens.list(),
      await it.readyFactors(user('alice')),
    ])
  const before = await listed()
  for (const [name, change] of changes(app)) {
    t.same(await change(it, changer), STEP_UP, `${name}, with an old proof`)
    t.same(await change(it, partial), STEP_UP, `${name}, with a password that was just right`)
    t.same(await change(it, { ...changer, sessionId: 'nobody' }), EXPIRED, `${name}, without a session`)
  }
  t.equal(await listed(), before)
  t.equal(it.mails.filter(({ subject }) => !subject.includes('added')).length, 0)
  t.ok(await it.sessions.find(changer.sessionId))
})

t.test('a clock that was set back makes no proof fresh for ever', { skip }, async t => {
  const { it, changer } = await alice(t)
  t.same(await it.accountChanges.mayChange(changer), CHANGED)
  it.time.now -= 60 * MINUTE
  t.same(await it.accountChanges.mayChange(changer), STEP_UP)
})

t.test('a password alone makes nothing that opens something later, where nothing is enrolled', async t => {
  const it = loginBench({ tokens: { selfServiceScopes: ['feed:read'] } })
  const changer = { sessionId: (await atEnrolment(t, it)).session.id, client: CLIENT }
  t.same(await it.accountChanges.mayChange(changer), CHANGED)
  for (const [name, change] of changes('none'))
    if (/^(start|confirm|replace|setQ|create)/.test(name)) t.same(await change(it, changer), STEP_UP, name)
  it.time.now += 5 * MINUTE + 1
  t.same(await it.accountChanges.mayChange(changer), STEP_UP)
})

t.test(
  'one more factor: offered, confirmed in the same session, told, and others forgotten',
  { skip },
  async t => {
    const { it, changer, done } = await alice(t)
    const offer = await it.accountChanges.startFactor({ ...changer, factor: 'totp' })
    if (offer.step !== 'enrolment' || offer.factor !== 'totp') throw new Error(offer.step)
    t.same(await it.accountChanges.startFactor({ ...changer, factor: 'totp' }), offer, 'the same on a reload')
    const confirm = (code: string, on = changer) =>
      it.accountChanges.confirmFactor({ ...on, factor: 'totp', answer: code, name: ' Work\u0000 phone ' })
    t.same(await confirm('12345'), refusedWith('malformed_code'))
    const { secret } = offer
    const right = it.code(secret)
    t.same(await confirm(right === '000000' ? '000001' : '000000'), refusedWith('wrong_code'))
    t.same(await confirm(right), CHANGED)
    t.same(await confirm(right), refusedWith('not_pending'))
    t.same(
      (await it.totp.list('alice')).map(({ name }) => name),
      ['Authenticator app', 'Work phone'],
    )
    t.same(await answer(it, await atSecondFactor(t, it), right), refusedWith('wrong_code'), 'f1: it is used')
    t.ok(await it.sessions.find(done.session.id))
    const told = it.mails.findLast(({ subject }) => subject.includes('added'))
    t.match(told, { to: 'alice@example.com', text: /“Work phone”/ })
    t.ok(it.events.some(({ event, reason }) => event === 'factor.enrolled' && reason === 'totp'))
  },
)

t.test('one more key, for the account of the session alone', { skip }, async t => {
  const { it, changer } = await alice(t)
  const key = createSecurityKey({ origin: ORIGIN, rpId: 'auth.example.com' })
  const offer = await it.accountChanges.startFactor({ ...changer, factor: 'webauthn' })
  if (offer.step !== 'enrolment' || offer.factor !== 'webauthn') throw new Error(offer.step)
  const made = key.create(offer.options)
  const confirm = { factor: 'webauthn', answer: made, name: 'Blue key' } as const
  await enrolled(t, it, 'bob')
  const bob = await it.sessions.list('bob')
  t.equal(bob.length, 1)
  t.same(
    await it.accountChanges.confirmFactor({ ...changer, ...confirm, factor: 'totp' }),
    refusedWith('not_pending'),
  )
  t.same(await it.accountChanges.confirmFactor({ ...changer, ...confirm }), CHANGED)
  t.match(await it.factors.webauthn.list('alice'), [{ name: 'Blue key' }])
  t.same(await it.factors.webauthn.list('bob'), [])
})

t.test('what the operator does not take is not offered', { skip }, async t => {
  const { it, changer } = await alice(t, { mfa: { factors: ['totp', 'backup_code'] } })
  t.same(await it.accountChanges.startFactor({ ...changer, factor: 'webauthn' }), refusedWith('not_offered'))
  t.same(
    await it.accountChanges.setQuestions({ ...changer, questions: QUESTIONS }),
    refusedWith('not_offered'),
  )
})

t.test('the last factor stays, unless people may do without', { skip }, async t => {
  const strict = await alice(t, { mfa: { mayDisable: false } })
  const remove = ({ it, changer, app }: typeof strict) =>
    it.accountChanges.removeFactor({ ...changer, id: app })
  t.same(await remove(strict), refusedWith('last_factor'))
  t.same(
    await strict.it.accountChanges.removeFactor({ ...strict.changer, id: 'x' }),
    refusedWith('not_pending'),
  )
  t.equal((await strict.it.totp.list('alice')).length, 1)

  const lenient = await alice(t)
  t.same(await remove(lenient), CHANGED)
  t.equal(await lenient.it.factors.backupCodes.remaining('alice'), 0, 'and the codes on paper go with it')
  const due = expectStep(
    t,
    await lenient.it.login.password({ username: 'alice', password: RIGHT, client: CLIENT }),
    'enrol',
  )
  t.ok(due.needsTicket, 'f8: the password alone enrols no other one')
})

t.test('of two removals at once one waits, so that the last factor stays', { skip }, async t => {
  const { it, changer, app } = await alice(t, { mfa: { mayDisable: false } })
  const second = { name: 'tablet', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', usedStep: 0 }
  t.ok(await it.totp.add('alice', second))
  const [other = ''] = (await it.totp.list('alice')).map(({ id }) => id).filter(id => id !== app)
  const both = await Promise.all([app, other].map(id => it.accountChanges.removeFactor({ ...changer, id })))
  t.equal(both.filter(({ step }) => step === 'changed').length, 1)
  const left = await it.totp.list('alice')
  t.equal(left.length, 1)
  t.same(
    await it.accountChanges.removeFactor({ ...changer, id: left[0]?.id ?? '' }),
    refusedWith('last_factor'),
  )
})

t.test('e12: removing a factor ends every other session and forgets every browser', { skip }, async t => {
  const { it, secret, changer, app } = await alice(t)
  const { session, challenge } = await atSecondFactor(t, it)
  const other = expectStep(
    t,
    await it.login.secondFactor({
      sessionId: session.id,
      challenge,
      factor: 'totp',
      code: it.code(secret),
      client: CLIENT,
      rememberDevice: true,
    }),
    'done',
  )
  t.ok(other.device)
  t.equal((await it.devices.list('alice')).length, 1)
  t.same(await it.accountChanges.removeFactor({ ...changer, id: app }), CHANGED)
  t.equal(await it.sessions.find(other.session.id), undefined)
  t.ok(await it.sessions.find(changer.sessionId), 'the own one stays')
  t.same(await it.devices.list('alice'), [])
  t.match(it.mails.at(-1), { subject: /removed/ })
})

t.test('f12: new backup codes kill the old ones and are told', { skip }, async t => {
  const { it, changer, backupCodes } = await alice(t)
  const { codes } = expectStep(t, await it.accountChanges.replaceBackupCodes(changer), 'backup_codes')
  t.equal(codes.length, 10)
  const due = await atSecondFactor(t, it)
  t.same(await answer(it, due, backupCodes[0] ?? '', 'backup_code'), refusedWith('wrong_code'))
  expectStep(t, await answer(it, due, codes[0] ?? '', 'backup_code'), 'done')
  t.ok(it.mails.some(({ subject }) => subject.startsWith('New backup codes')))
  t.notOk(codes.some(code => it.mails.some(({ text }) => text.includes(code))))
})

t.test('questions are set and removed; they alone keep nobody in the account', { skip }, async t => {
  const { it, changer } = await alice(t, { mfa: { mayDisable: false } })
  const set = (questions: typeof QUESTIONS) => it.accountChanges.setQuestions({ ...changer, questions })
  t.same(await it.accountChanges.removeQuestions(changer), refusedWith('not_pending'))
  t.same(await set(QUESTIONS.slice(1)), refusedWith('unsuitable'))
  t.same(await set(QUESTIONS), CHANGED)
  t.equal((await it.factors.questions?.list('alice'))?.length, 3)
  t.same(await it.accountChanges.removeQuestions(changer), CHANGED)
  t.same(await it.factors.questions?.list('alice'), [])
})

t.test('the second factor switched off and on again', { skip }, async t => {
  const { it, changer } = await alice(t)
  t.same(await it.accountChanges.switchSecondFactor({ ...changer, to: 'off' }), CHANGED)
  const attempt = { username: 'alice', password: RIGHT, client: CLIENT }
  const weak = expectStep(t, await it.login.password(attempt), 'done').session
  t.equal(weak.record.hasSecondFactor, false)
  t.same(await it.accountChanges.mayChange({ ...changer, sessionId: weak.id }), STEP_UP)
  const due = expectStep(
    t,
    await it.login.challengeFor({ sessionId: weak.id, client: CLIENT }),
    'second_factor',
  )
  t.same(due.factors, ['totp', 'backup_code'], 'where a page requires it, it is asked for all the same')

  t.same(await it.accountChanges.switchSecondFactor({ ...changer, to: 'on' }), CHANGED)
  t.equal(await it.sessions.find(weak.id), undefined, 'what a password alone began meanwhile is over')
  t.ok(await it.sessions.find(changer.sessionId))
  t.match(await it.login.password(attempt), { step: 'second_factor' })

  const strict = await alice(t, { mfa: { mayDisable: false } })
  t.same(
    await strict.it.accountChanges.switchSecondFactor({ ...strict.changer, to: 'off' }),
    refusedWith('not_offered'),
  )
})

t.test(
  'a new password: the old one is asked for, every session ends, every browser is forgotten',
  async t => {
    const it = (await alice(t)).it
    const usersFile = join(t.testdirName, 'users.yaml')
    const before = readFileSync(usersFile, 'utf8')
    const { session } = expectStep(
      t,
      await answer(it, await atSecondFactor(t, it), it.code(await secretOf(it))),
      'done',
    )
    const changer = { sessionId: session.id, client: CLIENT }
    const change = (current: string, next: string) =>
      it.accountChanges.changePassword({ ...changer, current, next })
    t.same(await change('wrong', 'another password'), refusedWith('credentials'))
    t.same(await change(RIGHT, RIGHT), refusedWith('unsuitable'))
    t.same(await change(RIGHT, 'short'), refusedWith('unsuitable'))
    t.equal(readFileSync(usersFile, 'utf8'), before)
    await it.devices.remember({ subject: 'alice', passwordVersion: 'v1', userAgent: '', address: '' })
    t.same(await change(RIGHT, 'another password'), CHANGED)
    t.not(readFileSync(usersFile, 'utf8'), before)
    t.notOk(readFileSync(usersFile, 'utf8').includes('another password'))
    t.same(await it.sessions.list('alice'), [])
    t.same(await it.devices.list('alice'), [])
    t.match(it.mails.at(-1), { subject: /password was changed/ })
  },
)

t.test('the old password is guessed at no faster here than at a login', { skip }, async t => {
  const { it, changer } = await alice(t)
  const guess = () =>
    it.accountChanges.changePassword({ ...changer, current: 'guess', next: 'another password' })
  for (let n = 0; n < 5; n++) t.same(await guess(), refusedWith('credentials'))
  t.match(await guess(), { step: 'throttled' })
})

t.test(
  'tokens for programs: only the scopes that people may give, of their own account',
  { skip },
  async t => {
    const { it, changer } = await alice(t)
    const expiresAt = it.time.now + DAY
    const create = (token: Parameters<AccountChanges['createApiToken']>[0]['token']) =>
      it.accountChanges.createApiToken({ ...changer, token })
    t.same(await create({ name: 'x', scopes: ['export:read'], expiresAt }), refusedWith('unsuitable'))
    t.same(await create({ name: 'x', scopes: ['authenticate'], expiresAt }), refusedWith('unsuitable'))
    t.same(await create({ name: 'x', scopes: ['feed:read', 'other'], expiresAt }), refusedWith('unsuitable'))
    t.same(await create({ name: 'x', scopes: [], expiresAt }), refusedWith('unsuitable'))
    t.same(
      await create({ name: 'x', scopes: ['feed:read'], expiresAt: it.time.now }),
      refusedWith('unsuitable'),
    )
    const owned = { name: 'feeds', scopes: ['feed:read'], expiresAt, owner: { kind: 'machine' } } as const
    const { token, record } = expectStep(t, await create(owned), 'api_token')
    t.same(record.owner, { kind: 'user', subject: 'alice' }, 'whatever else is asked for')
    t.ok(await it.authenticate.byApiToken(token, 'alice'))
    t.match(it.mails.at(-1), { subject: /token/, text: /feeds/ })
    t.notOk(JSON.stringify([it.mails, it.events]).includes(token))

    const bobs = { sessionId: (await enrolled(t, it, 'bob')).done.session.id, client: CLIENT }
    const revoke = { reference: record.reference }
    await it.accountChanges.revokeApiToken({ ...bobs, ...revoke })
    t.ok(await it.authenticate.byApiToken(token, undefined), 'nobody revokes what is another user’s')
    t.same(await it.accountChanges.revokeApiToken({ ...changer, ...revoke }), CHANGED)
    t.equal(await it.authenticate.byApiToken(token, undefined), undefined)
  },
)

/** Enrols one more authenticator behind the back of the account, for its secret. */
async function secretOf(it: LoginBench): Promise<string> {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  it.time.now += 2 * STEP
  t.ok(await it.totp.add('alice', { name: 'one more', secret, usedStep: 0 }))
  return secret
}
