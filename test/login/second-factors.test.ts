import t from 'tap'
import { assuranceOf } from '../../src/access/assurance.js'
import type { SecondFactor } from '../../src/factors/factor.js'
import type { Login, LoginStep, SecondFactorDue } from '../../src/login/login-step.js'
import { routeFor } from '../access/sample-policy.js'
import { createSecurityKey } from '../harness/security-key.js'
import {
  answer,
  atSecondFactor,
  CLIENT,
  codeIn,
  expectStep,
  loginBench,
  type LoginBench,
  type LoginBenchOptions,
  MINUTE,
  ORIGIN,
  otherThan,
  reachable,
  RIGHT,
  user,
} from './login-bench.js'

const EXPIRED = { step: 'expired' }
const WRONG = { step: 'refused', reason: 'wrong_code' }
const UNSUITABLE = { step: 'refused', reason: 'no_suitable_factor' }
const ALL: readonly SecondFactor[] = ['totp', 'webauthn', 'backup_code', 'email', 'sms', 'knowledge_question']
const QUESTIONS = ['first street', 'first teacher', 'first concert'].map(question => ({
  question: `Your ${question}?`,
  answer: `the ${question}`,
}))

/** Alice with a mailbox and a telephone; every factor is taken. */
function bench(options: LoginBenchOptions = {}): LoginBench {
  const made = loginBench({ ...options, mfa: { factors: ALL, ...options.mfa } })
  made.users.set('alice', reachable('alice'))
  return made
}

function prompt(bench: LoginBench, due: SecondFactorDue, factor: SecondFactor, login: Login = bench.login) {
  const { session, challenge } = due
  return login.prompt({ sessionId: session.id, challenge, factor, client: CLIENT })
}

/** Logs in with a code to the mailbox as the first proof. */
async function byEmail(bench: LoginBench, rest: { returnTo?: string; carrier?: 'tokens' } = {}) {
  bench.time.now += MINUTE
  const begun = await bench.passwordless.sendCode({
    channel: 'email',
    to: 'alice',
    client: CLIENT,
    byBackend: false,
  })
  if (begun.step !== 'begun') throw new Error(begun.step)
  return bench.passwordless.authenticateCode({
    id: begun.id,
    code: codeIn(bench.mails),
    client: CLIENT,
    byBackend: false,
    ...rest,
  })
}

t.test('codes over a channel: sent when asked for, to the address of the directory, good once', async t => {
  for (const factor of ['email', 'sms'] as const) {
    const it = bench()
    const sent = factor === 'email' ? it.mails : it.texts
    const due = await atSecondFactor(t, it)
    t.same(due.factors, ['email', 'sms'])
    t.equal(sent.length, 0, 'nothing is sent before somebody asks')
    t.match(await prompt(it, due, factor), { step: 'prompted', prompt: { prompt: 'sent' } })
    t.equal(sent.at(-1)?.to, factor === 'email' ? 'alice@example.com' : it.users.get('alice')?.phone)
    const code = codeIn(sent)
    t.same(await answer(it, due, otherThan(code), factor), WRONG)
    const done = expectStep(t, await answer(it, due, code, factor), 'done')
    t.equal(assuranceOf(done.session.record.proofs), 'multi')
    t.same(await answer(it, await atSecondFactor(t, it), code, factor), WRONG, 'not for another login')
  }
})

t.test('f13: a code is nothing for another user, nor after another one was sent', async t => {
  const it = bench()
  it.users.set('bob', reachable('bob'))
  const due = await atSecondFactor(t, it)
  await prompt(it, due, 'email')
  const first = codeIn(it.mails)
  const bobs = await atSecondFactor(t, it, 'bob')
  await prompt(it, bobs, 'email')
  t.same(await answer(it, bobs, first, 'email'), WRONG)
  it.time.now += MINUTE
  await prompt(it, due, 'email')
  if (codeIn(it.mails) !== first) t.same(await answer(it, due, first, 'email'), WRONG)
  expectStep(t, await answer(it, due, codeIn(it.mails), 'email'), 'done')
})

t.test('f14: messages are limited, whatever new challenges are asked for', async t => {
  const it = bench()
  let sent = 0
  for (let n = 0; n < 30; n++) {
    const step = await prompt(it, await atSecondFactor(t, it), 'email')
    if (step.step === 'prompted') sent++
    else t.match(step, { step: 'throttled' })
    it.time.now += 31_000
  }
  t.equal(sent, 5)
  t.equal(it.mails.length, 5)
})

t.test('the mailbox that began a login is no second factor: not offered, not sent, not taken', async t => {
  const it = bench()
  const due = expectStep(t, await byEmail(it), 'second_factor')
  t.same(due.factors, ['sms'])
  it.time.now += MINUTE
  const mails = it.mails.length
  t.same(await prompt(it, due, 'email'), UNSUITABLE)
  t.equal(it.mails.length, mails)
  t.same(await answer(it, due, '123456', 'email'), UNSUITABLE)
  t.same(await answer(it, due, '123456', 'totp'), UNSUITABLE, 'nor what the user does not have')
  await prompt(it, due, 'sms')
  const done = expectStep(t, await answer(it, due, codeIn(it.texts), 'sms'), 'done')
  t.match(done.session.record.proofs, [{ method: 'email' }, { method: 'sms' }])
})

t.test('what began a login stays the first, also when a page asks to show it again', async t => {
  const it = bench()
  it.routes.set('/mail', routeFor('/mail', { stepUp: { maxAge: MINUTE, methods: ['email'] } }))
  it.routes.set('/fresh', routeFor('/fresh', { stepUp: { maxAge: MINUTE, methods: undefined } }))
  const due = expectStep(t, await byEmail(it), 'second_factor')
  await prompt(it, due, 'sms')
  const { session } = expectStep(t, await answer(it, due, codeIn(it.texts), 'sms'), 'done')
  it.time.now += 10 * MINUTE
  const stepUp = async (id: string, returnTo: string): Promise<SecondFactorDue> =>
    expectStep(t, await it.login.challengeFor({ sessionId: id, returnTo, client: CLIENT }), 'second_factor')
  const named = await stepUp(session.id, '/mail')
  t.same(named.factors, ['email'])
  await prompt(it, named, 'email')
  const again = expectStep(t, await answer(it, named, codeIn(it.mails), 'email'), 'done').session
  t.match(again.record.proofs, [{ method: 'email', at: it.time.now }, { method: 'sms' }])
  t.same((await stepUp(again.id, '/fresh')).factors, ['sms'], 'it is no second factor for that')
  t.same(await it.accountChanges.mayChange({ sessionId: again.id, client: CLIENT }), { step: 'step_up' })
})

t.test('f8, j4: the mailbox alone enrols nothing for somebody who has password and mailbox', async t => {
  const it = bench()
  it.users.set('alice', { ...reachable('alice'), phone: undefined })
  const due = expectStep(t, await byEmail(it), 'enrol')
  t.ok(due.needsTicket)
  const request = { sessionId: due.session.id, challenge: due.challenge, client: CLIENT }
  for (const factor of ['totp', 'webauthn'] as const)
    t.same(await it.login.startEnrolment({ ...request, factor }), { step: 'refused', reason: 'ticket' })
  t.match(await answer(it, due, '123456'), { step: 'refused', reason: 'not_pending' })
  t.equal((await it.readyFactors(reachable('alice'))).enrolled, false)
})

t.test('questions: asked only where they count, and never answered elsewhere', async t => {
  for (const questionsCount of [false, true]) {
    const it = bench({ mfa: { questionsCount, factors: ['email', 'knowledge_question'] } })
    t.ok(await it.factors.questions?.replaceAll('alice', QUESTIONS))
    const due = await atSecondFactor(t, it)
    t.same(due.factors, questionsCount ? ['email', 'knowledge_question'] : ['email'])
    const asked = await prompt(it, due, 'knowledge_question')
    if (!questionsCount) {
      t.same(asked, UNSUITABLE)
      t.same(await answer(it, due, 'the first street', 'knowledge_question'), UNSUITABLE)
      continue
    }
    if (asked.step !== 'prompted' || asked.prompt.prompt !== 'question') throw new Error(asked.step)
    const { question } = asked.prompt
    const right = QUESTIONS.find(each => each.question === question)?.answer ?? ''
    t.same(await answer(it, due, 'a guess', 'knowledge_question'), WRONG)
    const done = expectStep(t, await answer(it, due, right.toUpperCase(), 'knowledge_question'), 'done')
    t.equal(assuranceOf(done.session.record.proofs), 'multi')
  }
})

t.test(
  'questions that do not count are asked of who has shown two factors, where a page names them',
  async t => {
    const it = bench({ mfa: { factors: ['email', 'knowledge_question'] } })
    await it.factors.questions?.replaceAll('alice', QUESTIONS)
    const methods = ['knowledge_question'] as const
    it.routes.set('/asks', routeFor('/asks', { stepUp: { maxAge: undefined, methods } }))
    const due = await atSecondFactor(t, it)
    await prompt(it, due, 'email')
    const { session } = expectStep(t, await answer(it, due, codeIn(it.mails), 'email'), 'done')
    t.match(it.decisionAt('/asks', session), { effect: 'step_up' })
    const request = { sessionId: session.id, returnTo: '/asks', client: CLIENT }
    const named = expectStep(t, await it.login.challengeFor(request), 'second_factor')
    t.same(named.factors, methods)
    t.same(await answer(it, named, '123456', 'email'), UNSUITABLE, 'and nothing else is taken there')
    const asked = await prompt(it, named, 'knowledge_question')
    const question = asked.step === 'prompted' && 'question' in asked.prompt ? asked.prompt.question : ''
    const right = QUESTIONS.find(each => each.question === question)?.answer ?? ''
    const done = expectStep(t, await answer(it, named, right, 'knowledge_question'), 'done')
    t.match(it.decisionAt('/asks', done.session), { effect: 'allow' })
  },
)

t.test('who has questions alone, which do not count, has no second factor', async t => {
  const it = loginBench({ mfa: { factors: ['totp', 'knowledge_question'] } })
  await it.factors.questions?.replaceAll('alice', QUESTIONS)
  const { hasSecondFactor, enrolled } = await it.readyFactors(user('alice'))
  t.same({ hasSecondFactor, enrolled }, { hasSecondFactor: false, enrolled: false })
  t.match(await it.login.password({ username: 'alice', password: RIGHT, client: CLIENT }), { step: 'enrol' })
})

t.test('a security key: one challenge for each login, however often the page is opened', async t => {
  const it = loginBench()
  const key = createSecurityKey({ origin: ORIGIN, rpId: 'auth.example.com' })
  const alice = { subject: 'alice', displayName: 'Alice', email: undefined, phone: undefined }
  const attempt = { user: alice, binding: 'test' }
  const options = await it.factors.webauthn.registrationOptions(attempt)
  t.match(await it.factors.webauthn.register(attempt, key.create(options), 'key'), { outcome: 'right' })
  const due = await atSecondFactor(t, it)
  const asked = []
  for (let n = 0; n < 100; n++) {
    const step = await prompt(it, due, 'webauthn')
    if (step.step === 'prompted' && step.prompt.prompt === 'webauthn') asked.push(step.prompt.options)
  }
  t.equal(asked.length, 100)
  t.equal((await it.store.listByOwner('webauthn_challenge', 'alice')).length, 1)
  const other = await atSecondFactor(t, it)
  await prompt(it, other, 'webauthn')
  t.same(await answer(it, due, key.get(asked[0]), 'webauthn'), WRONG, 'an older one is void')
  const step = await prompt(it, due, 'webauthn')
  const newest = step.step === 'prompted' && 'options' in step.prompt ? step.prompt.options : undefined
  const response = key.get(newest)
  t.same(await answer(it, other, response, 'webauthn'), WRONG, 'f17: nor is it for another login')
  const steps = await Promise.all(Array.from({ length: 5 }, () => answer(it, due, response, 'webauthn')))
  t.equal(steps.filter(({ step }) => step === 'done').length, 1)
})

t.test('a passkey that began a login loses nothing when the key is shown again', async t => {
  const it = loginBench()
  const key = createSecurityKey({ origin: ORIGIN, rpId: 'auth.example.com' })
  const alice = { subject: 'alice', displayName: 'Alice', email: undefined, phone: undefined }
  const attempt = { user: alice, binding: 'test' }
  const options = await it.factors.webauthn.registrationOptions(attempt)
  await it.factors.webauthn.register(attempt, key.create(options), 'key')
  const begun = expectStep(t, await it.passwordless.askPasskey(), 'begun')
  const response = key.get(begun.options)
  let { session } = expectStep(
    t,
    await it.passwordless.passkey({ id: begun.id, response, client: CLIENT }),
    'done',
  )
  for (const flags of [0x01, 0x01, 0x05, 0x01]) {
    it.time.now += MINUTE
    const due = expectStep(
      t,
      await it.login.challengeFor({ sessionId: session.id, client: CLIENT }),
      'second_factor',
    )
    const step = await prompt(it, due, 'webauthn')
    const asked = step.step === 'prompted' && 'options' in step.prompt ? step.prompt.options : undefined
    ;({ session } = expectStep(t, await answer(it, due, key.get(asked, { flags }), 'webauthn'), 'done'))
    t.equal(assuranceOf(session.record.proofs), 'phishing_resistant')
    t.equal(Math.max(...session.record.proofs.map(({ at }) => at)), it.time.now)
    t.ok(session.record.proofs.length <= 2)
  }
})

t.test('in token mode the challenge alone names the session; with it the old tokens die', async t => {
  const it = bench()
  const step = await it.login.password({
    username: 'alice',
    password: RIGHT,
    client: CLIENT,
    carrier: 'tokens',
  })
  const { challenge, session } = expectStep(t, step, 'second_factor')
  t.match(session, { record: { carrier: 'tokens', version: 1 } })
  const named = { sessionId: undefined, challenge, client: CLIENT } as const
  t.match(await it.login.prompt({ ...named, factor: 'email' }), { step: 'prompted' })
  const code = codeIn(it.mails)
  const attempt = { ...named, factor: 'email', code } as const
  t.match(await it.login.secondFactor({ ...attempt, code: otherThan(code) }), WRONG)
  const other = await atSecondFactor(t, it)
  const steps: LoginStep[] = await Promise.all([
    it.login.secondFactor(attempt),
    it.another().login.secondFactor({ ...attempt, sessionId: other.session.id }),
  ])
  const [done] = steps.filter(each => each.step === 'done')
  t.equal(steps.filter(each => each.step === 'done').length, 1)
  t.match(done, { session: { id: session.id, record: { version: 2, reference: session.record.reference } } })
  t.equal(done?.step === 'done' && done.device, undefined)
  t.same(await it.login.secondFactor(attempt), EXPIRED)
})

t.test('in token mode nobody is remembered', async t => {
  const it = bench({ mfa: { factors: ALL, rememberDevice: MINUTE } })
  const attempt = { username: 'alice', password: RIGHT, client: CLIENT, carrier: 'tokens' } as const
  const { challenge } = expectStep(t, await it.login.password(attempt), 'second_factor')
  const named = { sessionId: undefined, challenge, client: CLIENT, factor: 'sms' } as const
  await it.login.prompt(named)
  const done = await it.login.secondFactor({ ...named, code: codeIn(it.texts), rememberDevice: true })
  t.equal(expectStep(t, done, 'done').device, undefined)
})

t.test('the challenge of a cookie is worth nothing without its cookie', async t => {
  const it = bench()
  const { challenge, session } = await atSecondFactor(t, it)
  const without = { sessionId: undefined, challenge, factor: 'email', client: CLIENT } as const
  t.same(await it.login.prompt(without), EXPIRED)
  await it.login.prompt({ ...without, sessionId: session.id })
  const code = codeIn(it.mails)
  t.same(await it.login.secondFactor({ ...without, code }), EXPIRED)
  t.same(await it.login.secondFactor({ ...without, sessionId: 'another', code }), EXPIRED)
  t.same(await it.login.startEnrolment({ ...without, factor: undefined }), EXPIRED)
  expectStep(t, await it.login.secondFactor({ ...without, sessionId: session.id, code }), 'done')
})

t.test('bind_ip: no step of a login goes on from another address', async t => {
  for (const carrier of ['cookie', 'tokens'] as const) {
    const it = bench({ bindIp: true })
    const elsewhere = { ...CLIENT, address: '198.51.100.7' }
    const begin = { username: 'alice', password: RIGHT, client: CLIENT, carrier }
    const { challenge, session } = expectStep(t, await it.login.password(begin), 'second_factor')
    const sessionId = carrier === 'cookie' ? session.id : undefined
    const named = { sessionId, challenge, factor: 'email', client: elsewhere } as const
    t.same(await it.login.prompt(named), EXPIRED)
    await it.login.prompt({ ...named, client: CLIENT })
    const code = codeIn(it.mails)
    t.same(await it.login.secondFactor({ ...named, code }), EXPIRED)
    t.same(await it.login.startEnrolment({ sessionId, challenge, client: elsewhere }), EXPIRED)
    t.same(await it.login.challengeFor({ sessionId: session.id, client: elsewhere }), EXPIRED)
    const done = await it.login.secondFactor({ ...named, code, client: CLIENT })
    const full = expectStep(t, done, 'done').session.id
    const { accountChanges } = it
    t.same(await accountChanges.mayChange({ sessionId: full, client: elsewhere }), EXPIRED)
    t.same(await accountChanges.mayChange({ sessionId: full, client: CLIENT }), { step: 'changed' })
    t.match(await it.logout({ sessionId: full, everywhere: true, client: elsewhere }), { everywhere: false })
  }
})

t.test('what is switched off for a user, or by the operator, is neither asked for nor taken', async t => {
  const it = bench()
  const due = await atSecondFactor(t, it)
  await prompt(it, due, 'email')
  const alice = reachable('alice')
  it.users.set('alice', { ...alice, person: { ...alice.person, mfa: 'disabled' } })
  const disabled = { step: 'refused', reason: 'mfa_disabled' }
  t.same(await prompt(it, due, 'sms'), disabled)
  t.same(await answer(it, due, codeIn(it.mails), 'email'), disabled)

  const less = bench({ mfa: { factors: ['sms'] } })
  const other = await atSecondFactor(t, less)
  t.match(await prompt(less, other, 'email'), { step: 'refused' })
  t.match(await answer(less, other, '123456', 'email'), { step: 'refused' })
  t.equal(less.mails.length, 0)
})
