import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { amrOf } from '../../src/access/assurance.js'
import type { OpenSession } from '../../src/credentials/session-record.js'
import type { Beginning, Done } from '../../src/login/login-step.js'
import { routeFor } from '../access/sample-policy.js'
import { noAuthenticator } from '../harness/authenticator.js'
import {
  answer,
  atSecondFactor,
  CLIENT,
  codeIn,
  DAY,
  enrolled,
  expectStep,
  loginBench,
  type LoginBench,
  MINUTE,
  reachable,
  RIGHT,
  user,
} from './login-bench.js'

const skip = noAuthenticator

/** Alice with an authenticator, and a route of every kind. */
async function remembering(t: Test) {
  const it = loginBench({ mfa: { rememberDevice: 30 * DAY, mayDisable: true } })
  it.routes.set('/required', routeFor('/required'))
  it.routes.set('/enrolled', routeFor('/enrolled', { access: 'enrolled' }))
  it.routes.set('/fresh', routeFor('/fresh', { stepUp: { maxAge: 60 * MINUTE, methods: undefined } }))
  it.routes.set('/key', routeFor('/key', { stepUp: { maxAge: undefined, methods: ['totp'] } }))
  const { secret, done } = await enrolled(t, it)
  return { it, secret, first: done }
}

async function rememberedBy(t: Test, it: LoginBench, secret: string): Promise<Done> {
  it.time.now += MINUTE
  const { session, challenge } = await atSecondFactor(t, it)
  const attempt = { sessionId: session.id, challenge, factor: 'totp', client: CLIENT } as const
  const step = await it.login.secondFactor({ ...attempt, code: it.code(secret), rememberDevice: true })
  return expectStep(t, step, 'done')
}

const tokenOf = ({ device }: Done): string => device?.token ?? 'none'

const withPassword = (
  it: LoginBench,
  deviceToken: string,
  rest: Partial<Beginning> & { username?: string } = {},
) =>
  it.login.password({
    username: 'alice',
    password: RIGHT,
    client: CLIENT,
    returnTo: '/required',
    deviceToken,
    ...rest,
  })

async function spared(t: Test, it: LoginBench, deviceToken: string): Promise<OpenSession> {
  return expectStep(t, await withPassword(it, deviceToken), 'done').session
}

t.test(
  'f20: it spares the second factor on routes without step_up, and proves nothing',
  { skip },
  async t => {
    const { it, secret } = await remembering(t)
    const done = await rememberedBy(t, it, secret)
    t.equal(done.device?.expiresAt, it.time.now + 30 * DAY)
    it.time.now += DAY
    const session = await spared(t, it, tokenOf(done))
    t.same(amrOf(session.record.proofs), ['pwd'])
    t.match(it.decisionAt('/required', session), { effect: 'allow', reason: 'remembered_device' })
    t.match(it.decisionAt('/enrolled', session), { effect: 'allow', reason: 'remembered_device' })
    t.match(it.decisionAt('/fresh', session), { effect: 'mfa' })
    t.match(it.decisionAt('/key', session), { effect: 'mfa' })
    t.same(await it.accountChanges.mayChange({ sessionId: session.id, client: CLIENT }), { step: 'step_up' })
    for (const returnTo of ['/fresh', '/key', undefined])
      t.match(
        await withPassword(it, tokenOf(done), { returnTo }),
        { step: 'second_factor' },
        String(returnTo),
      )
  },
)

t.test('f20: nobody is remembered who did not ask, or where it is off', { skip }, async t => {
  const { it, first } = await remembering(t)
  t.equal(first.device, undefined)
  t.same(await it.devices.list('alice'), [])
  const off = loginBench()
  const { secret } = await enrolled(t, off)
  t.equal((await rememberedBy(t, off, secret)).device, undefined)
})

t.test(
  'f20: the cookie in another browser is another login’s, for another user it is nothing',
  { skip },
  async t => {
    const { it, secret } = await remembering(t)
    const token = tokenOf(await rememberedBy(t, it, secret))
    await enrolled(t, it, 'bob')
    t.match(await withPassword(it, token, { username: 'bob' }), { step: 'second_factor' })
    t.match(
      await it.login.password({ username: 'alice', password: 'wrong', client: CLIENT, deviceToken: token }),
      {
        step: 'refused',
      },
    )
    for (const nothing of ['', 'x', token.slice(1)])
      t.match(await withPassword(it, nothing), { step: 'second_factor' })
    t.match(await withPassword(it, token, { carrier: 'tokens' }), { step: 'second_factor' }, 'no cookie')
  },
)

t.test('f20: it ends with its time, the password, a factor, a reset, or by hand', { skip }, async t => {
  const ends: Readonly<Record<string, (it: LoginBench, first: OpenSession, secret: string) => unknown>> = {
    'its time': it => (it.time.now += 30 * DAY),
    'the password': it => it.users.set('alice', { ...user('alice'), passwordVersion: 'v2' }),
    'forgotten by hand': async (it, { id }) => {
      const [device] = await it.devices.list('alice')
      const reference = device?.reference ?? ''
      await it.accountChanges.forgetDevice({ sessionId: id, client: CLIENT, reference })
    },
    'a factor': async (it, { id }) => {
      const [app] = await it.totp.list('alice')
      const changer = { sessionId: id, client: CLIENT }
      t.match(await it.accountChanges.removeFactor({ ...changer, id: app?.id ?? '' }), { step: 'changed' })
    },
    'a reset': it => it.reset('alice'),
  }
  for (const [name, end] of Object.entries(ends)) {
    const { it, secret } = await remembering(t)
    const done = await rememberedBy(t, it, secret)
    const resting = await spared(t, it, tokenOf(done))
    await end(it, done.session, secret)
    const now = await it.authenticate.bySession(resting.id, CLIENT.address)
    t.equal(now, undefined, `the session that rested on it: ${name}`)
    t.not((await withPassword(it, tokenOf(done))).step, 'done', name)
  }
})

t.test('a session that rests on it lives no longer than it', { skip }, async t => {
  const { it, secret } = await remembering(t)
  const done = await rememberedBy(t, it, secret)
  const end = done.device?.expiresAt ?? 0
  it.time.now = end - MINUTE
  t.equal((await spared(t, it, tokenOf(done))).record.expiresAt, end)
})

t.test('one that is forgotten in the moment of a login spares nothing', { skip }, async t => {
  for (let pause = 0; pause < 40; pause++) {
    const { it, secret } = await remembering(t)
    const done = await rememberedBy(t, it, secret)
    const [device] = await it.devices.list('alice')
    const login = withPassword(it, tokenOf(done))
    for (let turn = 0; turn < pause; turn++) await Promise.resolve()
    await it.accountChanges.forgetDevice({
      sessionId: done.session.id,
      client: CLIENT,
      reference: device?.reference ?? '',
    })
    const step = await login
    if (step.step !== 'done') continue
    const caller = await it.authenticate.bySession(step.session.id, CLIENT.address)
    t.not(caller?.rememberedDevice, true, `after ${pause}`)
  }
})

t.test('it spares who begins with a code by mail too', { skip }, async t => {
  const { it, secret } = await remembering(t)
  const token = tokenOf(await rememberedBy(t, it, secret))
  it.users.set('alice', reachable('alice'))
  const begun = await it.passwordless.sendCode({
    channel: 'email',
    to: 'alice',
    client: CLIENT,
    byBackend: false,
  })
  const step = await it.passwordless.authenticateCode({
    id: begun.step === 'begun' ? begun.id : '',
    code: codeIn(it.mails),
    client: CLIENT,
    byBackend: false,
    returnTo: '/required',
    deviceToken: token,
  })
  t.same(amrOf(expectStep(t, step, 'done').session.record.proofs), ['eml'])
})

t.test('showing the factor makes the session a full one, whatever it rested on', { skip }, async t => {
  const { it, secret } = await remembering(t)
  const session = await spared(t, it, tokenOf(await rememberedBy(t, it, secret)))
  it.time.now += MINUTE
  const request = { sessionId: session.id, returnTo: '/fresh', client: CLIENT }
  const due = expectStep(t, await it.login.challengeFor(request), 'second_factor')
  const full = expectStep(t, await answer(it, due, it.code(secret)), 'done').session
  t.match(it.decisionAt('/fresh', full), { effect: 'allow', reason: 'required' })
})

t.test('no text but the token itself is a remembered browser', { skip }, async t => {
  const { it, secret } = await remembering(t)
  await rememberedBy(t, it, secret)
  const [device] = await it.devices.list('alice')
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.base64String({ maxLength: 60 }), fc.constant(device?.reference ?? '')),
      async text => (await withPassword(it, text)).step === 'second_factor',
    ),
    { numRuns: 50 },
  )
})
