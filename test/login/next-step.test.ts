import fc from 'fast-check'
import t from 'tap'
import { assuranceOf, isMultiFactor, type Method, type Proof } from '../../src/access/assurance.js'
import type { SecondFactor } from '../../src/factors/factor.js'
import { type LoginSituation, nextStep } from '../../src/login/next-step.js'

const AT = Date.UTC(2026, 10, 22)
const FACTORS: readonly SecondFactor[] = [
  'totp',
  'webauthn',
  'backup_code',
  'email',
  'sms',
  'knowledge_question',
]

const proof = (method: Method, traits: Partial<Proof> = {}): Proof => ({ method, at: AT, ...traits })

/** Somebody who has shown a password, has every factor, and wants to log in. */
function situation({
  shown = ['password'],
  ready = FACTORS,
  ...rest
}: Partial<Omit<LoginSituation, 'proofs' | 'factors'>> & {
  readonly shown?: readonly (Method | Proof)[]
  readonly ready?: readonly SecondFactor[]
  readonly switchedOff?: boolean
} = {}): LoginSituation {
  const { questionsCount = false, switchedOff = false } = rest
  const counts = (method: SecondFactor): boolean =>
    method !== 'backup_code' && (method !== 'knowledge_question' || questionsCount)
  const hasOne = ready.some(counts)
  const isEnrolled = (method: SecondFactor): boolean =>
    counts(method) && method !== 'email' && method !== 'sms'
  return {
    person: { subject: 'alice', displayName: 'Alice', email: undefined, groups: [], mfa: 'enabled' },
    proofs: shown.map(each => (typeof each === 'string' ? proof(each) : each)),
    factors: {
      ready,
      enrolled: ready.some(isEnrolled),
      hasOne,
      switchedOff,
      hasSecondFactor: hasOne && !switchedOff,
    },
    everEnrolled: false,
    enrolment: 'first_login',
    questionsCount,
    goal: 'login',
    stepUp: undefined,
    ...rest,
  }
}

const offered = (of: LoginSituation): readonly SecondFactor[] | string => {
  const next = nextStep(of)
  return next.next === 'second_factor' ? next.factors : next.next
}
const without = (...methods: readonly SecondFactor[]): readonly SecondFactor[] =>
  FACTORS.filter(method => !methods.includes(method))

t.test('what is offered depends on the first proof', async t => {
  t.same(offered(situation()), without('knowledge_question'))
  t.same(offered(situation({ questionsCount: true })), FACTORS)
  for (const channel of ['email', 'sms'] as const) {
    t.same(offered(situation({ shown: [channel] })), without(channel, 'knowledge_question'), channel)
    t.same(offered(situation({ shown: [channel, channel] })), without(channel, 'knowledge_question'))
    t.same(offered(situation({ shown: [channel], ready: [channel, 'backup_code'] })), ['backup_code'])
  }
  t.equal(offered(situation({ shown: [proof('webauthn', { userVerified: true })] })), 'done')
  t.equal(offered(situation({ shown: ['email', 'totp'] })), 'done')
})

t.test('a fresh proof is never one over the channel with which the login began', async t => {
  const goal = 'fresh_proof'
  t.same(offered(situation({ goal, shown: ['email', 'totp'] })), without('email', 'knowledge_question'))
  t.same(offered(situation({ goal, shown: ['password', 'email'] })), without('knowledge_question'))
})

t.test('a page that names methods is asked for these, where they do', async t => {
  const goal = 'fresh_proof'
  const naming = (...methods: readonly Method[]) => ({ stepUp: { maxAge: undefined, methods } })
  const full = ['password', 'totp'] as const
  t.same(offered(situation({ goal, shown: full, ...naming('webauthn', 'sms') })), ['webauthn', 'sms'])
  t.same(offered(situation({ goal, shown: full, ...naming('knowledge_question') })), ['knowledge_question'])
  t.equal(
    offered(situation({ goal, shown: full, ready: ['totp'], ...naming('webauthn') })),
    'no_suitable_factor',
  )
  t.same(offered(situation(naming('webauthn', 'totp'))), ['totp', 'webauthn'], 'also at a login')
  t.same(
    offered(situation(naming('knowledge_question'))),
    without('knowledge_question'),
    'but a login needs a second factor first',
  )
})

t.test('who has no second factor by the word of the operator', async t => {
  const person = { ...situation().person, mfa: 'disabled' as const }
  t.equal(offered(situation({ person })), 'done')
  t.equal(offered(situation({ person, goal: 'fresh_proof' })), 'mfa_disabled')
  t.equal(offered(situation({ person, ready: [] })), 'done', 'and enrols none')
})

t.test('who has switched it off is not asked at a login, but where a page asks', async t => {
  t.equal(offered(situation({ switchedOff: true })), 'done')
  t.same(offered(situation({ switchedOff: true, goal: 'fresh_proof', ready: ['totp'] })), ['totp'])
})

t.test('who has nothing enrols; f8: once, and with one proof alone only where there is nothing', async t => {
  const enrol = (needsTicket: boolean) => ({ next: 'enrol', needsTicket })
  t.same(nextStep(situation({ ready: [] })), enrol(false))
  t.same(nextStep(situation({ ready: [], enrolment: 'ticket' })), enrol(true))
  t.same(nextStep(situation({ ready: [], everEnrolled: true })), enrol(true))
  t.same(nextStep(situation({ ready: ['knowledge_question'] })), enrol(false), 'questions that do not count')
  t.same(
    nextStep(situation({ ready: ['email'], shown: ['email'] })),
    enrol(true),
    'the mailbox alone makes no second factor for who has password and mailbox',
  )
  t.same(offered(situation({ ready: ['totp'], shown: ['password', 'totp'], goal: 'fresh_proof' })), ['totp'])
  t.equal(
    offered(
      situation({ ready: ['knowledge_question'], questionsCount: true, shown: ['knowledge_question'] }),
    ),
    'no_suitable_factor',
  )
})

t.test('a page that opens already asks for nothing', async t => {
  t.equal(offered(situation({ goal: 'route' })), 'done')
  t.equal(offered(situation({ goal: 'route', ready: [] })), 'done')
})

const situations: fc.Arbitrary<LoginSituation> = fc
  .record({
    shown: fc
      .array(fc.constantFrom<Method>('password', ...FACTORS), { minLength: 1, maxLength: 3 })
      .map(methods => [...new Set(methods)]),
    ready: fc.subarray([...FACTORS]),
    switchedOff: fc.boolean(),
    everEnrolled: fc.boolean(),
    enrolment: fc.constantFrom('first_login' as const, 'ticket' as const),
    questionsCount: fc.boolean(),
    goal: fc.constantFrom('login' as const, 'fresh_proof' as const),
    stepUp: fc.option(
      fc.record({
        maxAge: fc.constant(undefined),
        methods: fc.option(fc.subarray([...FACTORS], { minLength: 1 }), { nil: undefined }),
      }),
      { nil: undefined },
    ),
  })
  .map(situation)

t.test('whatever is offered is ready and, where there was one proof, a second factor beside it', async () => {
  fc.assert(
    fc.property(situations, of => {
      const factors = offered(of)
      if (typeof factors === 'string') return true
      return factors.every(method => {
        const traits = { countsAsSecondFactor: method === 'knowledge_question' && of.questionsCount }
        const then = [...of.proofs, proof(method, traits)]
        return of.factors.ready.includes(method) && isMultiFactor(assuranceOf(then))
      })
    }),
    { numRuns: 2_000 },
  )
})

t.test('nobody enrols without a ticket who has a second factor or ever had one', async () => {
  fc.assert(
    fc.property(situations, of => {
      const next = nextStep(of)
      if (next.next !== 'enrol' || next.needsTicket) return true
      return !of.everEnrolled && !of.factors.hasOne && of.enrolment === 'first_login'
    }),
    { numRuns: 2_000 },
  )
})
