import t from 'tap'
import { assuranceOf } from '../../src/access/assurance.js'
import type { CodeChannel } from '../../src/login/passwordless.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { createSecurityKey } from '../harness/security-key.js'
import {
  answer,
  atSecondFactor,
  CLIENT,
  codeIn,
  enrolled,
  expectStep,
  loginBench,
  type LoginBench,
  type LoginBenchOptions,
  MINUTE,
  ORIGIN,
  otherThan,
  reachable,
  RIGHT,
} from './login-bench.js'

const EXPIRED = { step: 'expired' }
const WRONG = { step: 'refused', reason: 'wrong_code' }
const NOT_OFFERED = { step: 'refused', reason: 'not_offered' }

function bench(options: LoginBenchOptions = {}): LoginBench {
  const made = loginBench({
    ...options,
    mfa: { factors: ['totp', 'webauthn', 'backup_code'], ...options.mfa },
  })
  made.users.set('alice', reachable('alice'))
  return made
}

const ask = (it: LoginBench, to: string, channel: CodeChannel = 'email', byBackend = false) =>
  it.passwordless.sendCode({ channel, to, client: CLIENT, byBackend })

async function begun(it: LoginBench, to = 'alice', channel: CodeChannel = 'email', byBackend = false) {
  it.time.now += MINUTE
  const step = await ask(it, to, channel, byBackend)
  if (step.step !== 'begun') throw new Error(JSON.stringify(step))
  return step.id
}

const give = (
  it: Pick<LoginBench, 'passwordless'>,
  id: string,
  code: string,
  rest: {
    byBackend?: boolean
    joins?: string
    asIs?: boolean
    backend?: string
    carrier?: 'tokens'
  } = {},
) => it.passwordless.authenticateCode({ id, code, client: CLIENT, byBackend: false, ...rest })

t.test('a code begins a login as one proof, by whatever name the person is known', async t => {
  for (const to of ['alice', ' ALICE ', 'alice@example.com', 'Alice@Example.com', '+491700000005']) {
    const it = bench()
    const id = await begun(it, to)
    t.equal(it.mails.at(-1)?.to, 'alice@example.com')
    const due = expectStep(t, await give(it, id, codeIn(it.mails)), 'enrol')
    t.match(due.session.record.proofs, [{ method: 'email' }])
    t.equal(assuranceOf(due.session.record.proofs), 'single')
  }
  const it = bench()
  const id = await begun(it, 'alice', 'sms')
  const due = expectStep(t, await give(it, id, codeIn(it.texts)), 'enrol')
  t.match(due.session.record.proofs, [{ method: 'sms' }])
})

t.test('i3: who is not known, not reachable or disabled gets the same answers', async t => {
  for (const to of [
    'alice',
    'bob',
    'gone',
    'nobody',
    'nobody@example.com',
    '+4917099',
    '',
    '\u200b',
    'x'.repeat(3000),
  ]) {
    const it = bench()
    it.users.set('gone', { ...reachable('gone'), disabled: true })
    const before = it.mails.length
    const step = await ask(it, to)
    t.match(step, { step: 'begun', id: /^[A-Za-z0-9_-]{43}$/, expiresIn: 300 }, to)
    t.equal(it.mails.length - before, to === 'alice' ? 1 : 0)
    const id = step.step === 'begun' ? step.id : ''
    t.match(await ask(it, to), { step: 'throttled', retryAfter: 30 }, 'as soon as that')
    for (const typed of ['12345', 'abcdef', '1234567'])
      t.match(await give(it, id, typed), { reason: 'malformed_code' })
    const wrong = to === 'alice' ? otherThan(codeIn(it.mails)) : '123456'
    for (let n = 0; n < 5; n++) t.same(await give(it, id, wrong), WRONG)
    t.match(await give(it, id, wrong), { step: 'throttled', retryAfter: 1 })
    it.time.now += 1000
    t.same(await give(it, id, wrong), WRONG)
    it.time.now += 5 * MINUTE
    t.same(await give(it, id, wrong), EXPIRED)
    t.same(await it.sessions.list('alice'), [])
  }
})

t.test('i3: no wait tells that a name and an address are one person’s', async t => {
  const names = (name: string) => [name, `${name}@example.com`]
  const told = async (name: string) => {
    const it = bench()
    const steps: unknown[] = []
    const ids: string[] = []
    for (const to of names(name)) {
      const step = await ask(it, to)
      steps.push(step.step)
      if (step.step === 'begun') ids.push(step.id)
    }
    for (const id of ids) for (let n = 0; n < 6; n++) steps.push((await give(it, id, '999999')).step)
    return { steps, mails: it.mails.length }
  }
  const known = await told('alice')
  t.same(known.steps, (await told('nobody')).steps)
  t.equal(
    known.mails,
    1,
    'the second mail came too soon after the first: it was not sent, and nobody was told',
  )
})

t.test('f14: nobody gets more than five mails an hour, whoever asks by whatever name', async t => {
  const it = bench()
  for (let n = 0; n < 60; n++) {
    for (const to of ['alice', 'alice@example.com', '+491700000005']) await ask(it, to)
    it.time.now += MINUTE - 1000
  }
  t.equal(it.mails.length, 5)
})

t.test('strangers neither lock nor slow the second factor of somebody', async t => {
  const it = bench({ mfa: { factors: ['email'] } })
  for (let n = 0; n < 40; n++) {
    it.time.now += 16 * MINUTE
    const step = await ask(it, 'alice')
    const id = step.step === 'begun' ? step.id : ''
    for (let tries = 0; tries < 5; tries++) {
      it.time.now += MINUTE / 2
      await give(it, id, '999999')
    }
  }
  const attempt = { method: 'email', account: 'alice', address: '198.51.100.7' } as const
  t.same(await it.lockout.begin(attempt), { outcome: 'allowed' })
  it.time.now += 60 * MINUTE
  const id = await begun(it)
  const step = await give(it, id, codeIn(it.mails))
  t.match(step, { step: 'enrol' }, 'nor are they locked out of this way for good')
})

t.test('f13: a code is for its own login: not after a resend, for another user, or later', async t => {
  const it = bench()
  it.users.set('bob', reachable('bob'))
  const first = await begun(it)
  const firstCode = codeIn(it.mails)
  const second = await begun(it)
  const secondCode = codeIn(it.mails)
  if (firstCode !== secondCode) {
    t.same(await give(it, second, firstCode), WRONG)
    t.same(await give(it, first, secondCode), WRONG)
  }
  const bobs = await begun(it, 'bob')
  if (codeIn(it.mails) !== secondCode) t.same(await give(it, bobs, secondCode), WRONG)
  it.time.now += MINUTE
  expectStep(t, await give(it, second, secondCode), 'enrol')
  t.same(await give(it, second, secondCode), EXPIRED)
  const late = await begun(it)
  it.time.now += 5 * MINUTE
  t.same(await give(it, late, codeIn(it.mails)), EXPIRED)
})

t.test('of 50 right answers at once one logs in', async t => {
  const it = bench()
  const id = await begun(it)
  const code = codeIn(it.mails)
  const nodes = [it, it.another()]
  const steps = await Promise.all(Array.from({ length: 50 }, (_, n) => give(nodes[n % 2] ?? it, id, code)))
  t.equal(steps.filter(({ step }) => step === 'enrol').length, 1)
  t.equal((await it.sessions.list('alice')).length, 1)
})

t.test('who was disabled meanwhile does not log in', async t => {
  const it = bench()
  const id = await begun(it)
  it.users.set('alice', { ...reachable('alice'), disabled: true })
  t.same(await give(it, id, codeIn(it.mails)), WRONG)
})

t.test('what is not offered is for backends alone, and what they began is theirs', async t => {
  const it = bench({ methods: ['password'] })
  t.same(await ask(it, 'alice'), NOT_OFFERED)
  t.same(await ask(it, 'alice', 'sms'), NOT_OFFERED)
  t.same(await it.passwordless.askPasskey(), NOT_OFFERED)
  t.same(await it.passwordless.passkey({ id: 'x', response: '{}', client: CLIENT }), NOT_OFFERED)
  const id = await begun(it, 'alice', 'email', true)
  const code = codeIn(it.mails)
  t.same(await give(it, id, code), EXPIRED, 'not in a browser')
  const done = await give(it, id, code, { byBackend: true, asIs: true, carrier: 'tokens' })
  t.equal(expectStep(t, done, 'done').session.record.carrier, 'tokens')

  const open = bench()
  const own = await begun(open)
  t.same(await give(open, own, codeIn(open.mails), { byBackend: true }), EXPIRED, 'nor the reverse')
})

t.test('several authentications in one session: the same person’s, carried by tokens, alive', async t => {
  const it = bench()
  it.users.set('bob', reachable('bob'))
  const backend = { byBackend: true, asIs: true, backend: 'shop', carrier: 'tokens' } as const
  const first = await begun(it, 'alice', 'email', true)
  const { session } = expectStep(t, await give(it, first, codeIn(it.mails), backend), 'done')
  t.equal(assuranceOf(session.record.proofs), 'single')
  const joins = session.record.reference

  const bobs = await begun(it, 'bob', 'sms', true)
  t.same(await give(it, bobs, codeIn(it.texts), { ...backend, joins }), EXPIRED)
  const again = await begun(it, 'alice', 'email', true)
  const same = await give(it, again, codeIn(it.mails), { ...backend, joins })
  t.equal(assuranceOf(expectStep(t, same, 'done').session.record.proofs), 'single', 'one channel twice')

  const second = await begun(it, 'alice', 'sms', true)
  const done = expectStep(t, await give(it, second, codeIn(it.texts), { ...backend, joins }), 'done')
  t.equal(done.session.id, session.id)
  t.equal(done.session.record.version, 3, 'every earlier token is dead')
  t.equal(assuranceOf(done.session.record.proofs), 'multi')

  const cookie = await begun(it)
  const browser = expectStep(t, await give(it, cookie, codeIn(it.mails)), 'enrol').session
  const late = await begun(it, 'alice', 'sms', true)
  const toCookie = { ...backend, joins: browser.record.reference }
  t.same(await give(it, late, codeIn(it.texts), toCookie), EXPIRED, 'never a session in a cookie')
  await it.sessions.end(session.id)
  const over = await begun(it, 'alice', 'sms', true)
  t.same(await give(it, over, codeIn(it.texts), { ...backend, joins }), EXPIRED)
})

t.test('a backend adds proofs to no session that somebody else began', { skip: noAuthenticator }, async t => {
  const it = bench()
  const { secret } = await enrolled(t, it)
  const password = { username: 'alice', password: RIGHT, client: CLIENT }
  const due = expectStep(t, await it.login.password({ ...password, carrier: 'tokens' }), 'second_factor')
  const whole = expectStep(t, await answer(it, due, it.code(secret)), 'done').session
  t.equal(assuranceOf(whole.record.proofs), 'multi')
  const shop = { byBackend: true, asIs: true, backend: 'shop', carrier: 'tokens' } as const
  const first = await begun(it, 'alice', 'email', true)
  const { session } = expectStep(t, await give(it, first, codeIn(it.mails), shop), 'done')
  const foreign = [
    { ...shop, joins: whole.record.reference },
    { ...shop, backend: 'other', joins: session.record.reference },
  ]
  for (const joining of foreign) {
    it.time.now += MINUTE
    const id = await begun(it, 'alice', 'sms', true)
    t.same(await give(it, id, codeIn(it.texts), joining), EXPIRED)
  }
  t.equal((await it.sessions.find(whole.id))?.version, whole.record.version, 'its tokens are good still')
})

t.test('strangers who ask for codes and links take no second factor from anybody', async t => {
  const it = loginBench({ mfa: { factors: ['email'] } })
  it.users.set('alice', reachable('alice'))
  for (let n = 0; n < 6; n++) {
    it.time.now += MINUTE
    await ask(it, 'alice')
    it.time.now += MINUTE
    await it.linkLogin.send({ to: 'alice@example.com', client: CLIENT, byBackend: false })
  }
  const { session, challenge } = await atSecondFactor(t, it)
  const prompt = { sessionId: session.id, challenge, factor: 'email', client: CLIENT } as const
  t.match(await it.login.prompt(prompt), { step: 'prompted' })
})

t.test('the wrong codes that some people type at a backend let nobody else there wait', async t => {
  const it = bench()
  const shop = { byBackend: true, asIs: true, backend: 'shop', carrier: 'tokens' } as const
  for (let n = 0; n < 60; n++)
    t.same(await give(it, await begun(it, `stranger${n}`, 'email', true), '000000', shop), WRONG)
  const id = await begun(it, 'alice', 'email', true)
  expectStep(t, await give(it, id, codeIn(it.mails), shop), 'done')
})

t.test('bind_ip: no proof is added to a session from another address', async t => {
  const it = bench({ bindIp: true })
  const backend = { byBackend: true, asIs: true, backend: 'shop', carrier: 'tokens' } as const
  const first = await begun(it, 'alice', 'email', true)
  const { session } = expectStep(t, await give(it, first, codeIn(it.mails), backend), 'done')
  const id = await begun(it, 'alice', 'sms', true)
  const joining = { id, code: codeIn(it.texts), ...backend, joins: session.record.reference }
  const elsewhere = { ...CLIENT, address: '198.51.100.7' }
  t.same(await it.passwordless.authenticateCode({ ...joining, client: elsewhere }), EXPIRED)
})

t.test('a passkey alone logs in, once for each challenge, and names its owner', async t => {
  const it = bench()
  const key = createSecurityKey({ origin: ORIGIN, rpId: 'auth.example.com' })
  const attempt = {
    user: { subject: 'alice', displayName: 'Alice', email: undefined, phone: undefined },
    binding: 'test',
  }
  const created = key.create(await it.factors.webauthn.registrationOptions(attempt))
  t.match(await it.factors.webauthn.register(attempt, created, 'key'), { outcome: 'right' })

  const first = expectStep(t, await it.passwordless.askPasskey(), 'begun')
  const other = expectStep(t, await it.passwordless.askPasskey(), 'begun')
  const response = key.get(first.options)
  const passkey = (id: string, given = response) =>
    it.passwordless.passkey({ id, response: given, client: CLIENT })
  t.same(await passkey(other.id), WRONG, 'not for another login')
  t.match(await passkey(first.id, '{}'), { reason: 'malformed_code' })
  const steps = await Promise.all(Array.from({ length: 20 }, () => passkey(first.id)))
  const done = steps.filter(({ step }) => step === 'done')
  t.equal(done.length, 1)
  t.match(done[0], { session: { record: { subject: 'alice', proofs: [{ method: 'webauthn' }] } } })

  const unverified = expectStep(t, await it.passwordless.askPasskey(), 'begun')
  t.same(await passkey(unverified.id, key.get(unverified.options, { flags: 0x01 })), WRONG, 'without PIN')
  it.users.set('alice', { ...reachable('alice'), disabled: true })
  const late = expectStep(t, await it.passwordless.askPasskey(), 'begun')
  t.same(await passkey(late.id, key.get(late.options)), WRONG)
})
