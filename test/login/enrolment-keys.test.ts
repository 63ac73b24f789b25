import t from 'tap'
import { assuranceOf } from '../../src/access/assurance.js'
import type { EnrolmentDue, LoginStep } from '../../src/login/login-step.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { createSecurityKey } from '../harness/security-key.js'
import {
  answer,
  atEnrolment,
  CLIENT,
  expectStep,
  loginBench,
  type LoginBench,
  ORIGIN,
  RIGHT,
  startTotp,
} from './login-bench.js'

const skip = noAuthenticator
const NOT_PENDING = { step: 'refused', reason: 'not_pending' }
const NO_TICKET = { step: 'refused', reason: 'ticket' }

const newKey = () => createSecurityKey({ origin: ORIGIN, rpId: 'auth.example.com' })

async function startKey(it: LoginBench, due: EnrolmentDue, ticket?: string): Promise<unknown> {
  const { session, challenge } = due
  const request = { sessionId: session.id, challenge, factor: 'webauthn', ticket, client: CLIENT } as const
  const offer = await it.login.startEnrolment(request)
  if (offer.step !== 'enrolment' || offer.factor !== 'webauthn') throw new Error(JSON.stringify(offer))
  return offer.options
}

/** How many apps and keys alice has. */
async function kept(it: LoginBench): Promise<number> {
  return (await it.totp.list('alice')).length + (await it.factors.webauthn.list('alice')).length
}

t.test('a first login enrols a security key, and gets backup codes', async t => {
  const it = loginBench()
  const due = await atEnrolment(t, it)
  t.same(due.factors, ['totp', 'webauthn'])
  const key = newKey()
  const response = key.create(await startKey(it, due))
  const done = expectStep(t, await answer(it, due, response, 'webauthn'), 'done')
  t.equal(done.backupCodes?.length, 10)
  t.equal(assuranceOf(done.session.record.proofs), 'phishing_resistant')
  t.match(await it.factors.webauthn.list('alice'), [{ name: 'Security key' }])
  t.match(await it.login.password({ username: 'alice', password: RIGHT, client: CLIENT }), {
    factors: ['webauthn', 'backup_code'],
  })
})

t.test(
  'f9: a key answers the offer of its own session, once, and what was offered last',
  { skip },
  async t => {
    const it = loginBench()
    const mine = await atEnrolment(t, it)
    const other = await atEnrolment(t, it)
    const key = newKey()
    const response = key.create(await startKey(it, mine))
    t.same(await answer(it, other, response, 'webauthn'), NOT_PENDING, 'nothing was offered there')
    await startKey(it, other)
    t.match(await answer(it, other, response, 'webauthn'), { reason: 'wrong_code' })
    const { secret } = await startTotp(it, mine)
    t.same(await answer(it, mine, response, 'webauthn'), NOT_PENDING, 'an app is offered by now')
    t.equal(await kept(it), 0)
    expectStep(t, await answer(it, mine, it.code(secret)), 'done')
    t.equal(await kept(it), 1)
  },
)

t.test('only what can be enrolled is taken at an enrolment, and only while it is offered', async t => {
  const it = loginBench({ mfa: { factors: ['totp', 'backup_code', 'email'] } })
  const due = await atEnrolment(t, it)
  const request = { sessionId: due.session.id, challenge: due.challenge, client: CLIENT }
  t.same(due.factors, ['totp'])
  t.match(await it.login.startEnrolment({ ...request, factor: 'webauthn' }), { reason: 'not_offered' })
  for (const factor of ['email', 'sms', 'backup_code', 'knowledge_question'] as const) {
    t.same(await answer(it, due, '123456', factor), NOT_PENDING)
    t.same(await it.login.prompt({ ...request, factor }), NOT_PENDING)
  }
})

t.test(
  'j4: of an app and a key at once exactly one is kept or none, and never a third',
  { skip },
  async t => {
    for (let pause = 0; pause < 30; pause++) {
      const it = loginBench()
      const dues = [await atEnrolment(t, it), await atEnrolment(t, it), await atEnrolment(t, it)] as const
      const { secret } = await startTotp(it, dues[0])
      const code = it.code(secret)
      const [one, two] = [newKey(), newKey()]
      const responses = [one.create(await startKey(it, dues[1])), two.create(await startKey(it, dues[2]))]
      const elsewhere = it.elsewhere()
      const waitThen = async (give: () => Promise<LoginStep>): Promise<LoginStep> => {
        for (let turn = 0; turn < pause; turn++) await Promise.resolve()
        return give()
      }
      const steps = await Promise.all([
        answer(it, dues[0], code),
        waitThen(() => answer(it, dues[1], responses[0] ?? '', 'webauthn', elsewhere)),
        waitThen(() => answer(it, dues[2], responses[1] ?? '', 'webauthn')),
      ])
      const done = steps.filter(({ step }) => step === 'done').length
      t.ok(done <= 1, `after ${pause}`)
      t.equal(await kept(it), done)
      // Whoever gave way begins again.
      if (done === 1) continue
      const due = await atEnrolment(t, it)
      expectStep(t, await answer(it, due, newKey().create(await startKey(it, due)), 'webauthn'), 'done')
    }
  },
)

t.test(
  'f8: with `ticket` a key needs one as well; it lives until one factor is enrolled',
  { skip },
  async t => {
    const it = loginBench({ rule: 'ticket' })
    const due = await atEnrolment(t, it)
    t.ok(due.needsTicket)
    const request = { sessionId: due.session.id, challenge: due.challenge, client: CLIENT } as const
    t.same(await it.login.startEnrolment({ ...request, factor: 'webauthn' }), NO_TICKET)
    const ticket = await it.tickets.create('alice')
    await startKey(it, due, ticket)
    await startTotp(it, due)
    const options = await startKey(it, due)
    expectStep(t, await answer(it, due, newKey().create(options), 'webauthn'), 'done')
    t.equal(await it.tickets.find(ticket, 'alice'), undefined)
  },
)

t.test('f8: who is reset by the operator needs a ticket, whatever the rule', async t => {
  const it = loginBench()
  const first = await atEnrolment(t, it)
  const key = newKey()
  expectStep(t, await answer(it, first, key.create(await startKey(it, first)), 'webauthn'), 'done')
  t.ok(await it.reset('alice'))
  t.equal(await kept(it), 0)
  const due = await atEnrolment(t, it)
  t.ok(due.needsTicket)
  const request = { sessionId: due.session.id, challenge: due.challenge, client: CLIENT } as const
  for (const factor of ['totp', 'webauthn'] as const)
    t.same(await it.login.startEnrolment({ ...request, factor }), NO_TICKET)
  const options = await startKey(it, due, await it.tickets.create('alice'))
  expectStep(t, await answer(it, due, newKey().create(options), 'webauthn'), 'done')
})
