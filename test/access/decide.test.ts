import t from 'tap'
import { decide, accessNow } from '../../src/access/decide.js'
import type { Decision } from '../../src/access/decision.js'
import type { Caller } from '../../src/access/identity.js'
import type { Access, AppPolicy, Route } from '../../src/access/route.js'
import { alice, appWith, NOW, proof, requestFor, routeFor } from './sample-policy.js'

const PASSWORD = proof('password')
const TOTP = proof('totp')

/** A decision in short: `allow`, `login`, `mfa`, `step_up`, or the reason of a denial. */
function short(decision: Decision): string {
  return decision.effect === 'deny' ? decision.reason : decision.effect
}

function decided(
  route: Partial<Route>,
  caller: Caller,
  app: Partial<AppPolicy> = {},
  preflight = false,
): Decision {
  const request = requestFor('/a', preflight ? { method: 'OPTIONS', preflight } : {})
  return decide(request, { app: appWith([], app), route: routeFor('/a', route) }, caller, NOW)
}

const NOBODY = undefined
const PARTIAL = alice([PASSWORD])
const FULL = alice([PASSWORD, TOTP])
const WITHOUT_FACTOR = alice([PASSWORD], { hasSecondFactor: false })
const MFA_DISABLED = alice([PASSWORD], { mfa: 'disabled', hasSecondFactor: false })
const MFA_DISABLED_LATER = alice([PASSWORD], { mfa: 'disabled', hasSecondFactor: true })

t.test('what each access asks of each caller', t => {
  const callers = { NOBODY, PARTIAL, FULL, WITHOUT_FACTOR, MFA_DISABLED, MFA_DISABLED_LATER }
  const table: Readonly<Record<Access, readonly string[]>> = {
    public: ['allow', 'allow', 'allow', 'allow', 'allow', 'allow'],
    bypassed: ['login', 'allow', 'allow', 'allow', 'allow', 'allow'],
    enrolled: ['login', 'mfa', 'allow', 'allow', 'allow', 'allow'],
    required: ['login', 'mfa', 'allow', 'mfa', 'mfa_disabled', 'mfa_disabled'],
    denied: ['denied', 'denied', 'denied', 'denied', 'denied', 'denied'],
  }
  for (const [access, expected] of Object.entries(table) as [Access, readonly string[]][]) {
    Object.entries(callers).forEach(([name, caller], index) => {
      t.equal(short(decided({ access }, caller)), expected[index], `${access}: ${name}`)
    })
  }
  t.end()
})

t.test('who is allowed on a public route is sent without identity, elsewhere with it', t => {
  t.same(decided({ access: 'public' }, FULL), { effect: 'allow', reason: 'public', withIdentity: false })
  t.same(decided({ access: 'bypassed' }, PARTIAL), {
    effect: 'allow',
    reason: 'bypassed',
    withIdentity: true,
  })
  t.same(decided({ access: 'enrolled' }, FULL), { effect: 'allow', reason: 'enrolled', withIdentity: true })
  t.same(decided({ access: 'required' }, FULL), { effect: 'allow', reason: 'required', withIdentity: true })
  t.end()
})

t.test('without an app there is nothing to find', t => {
  t.same(decide(requestFor('/a'), undefined, FULL, NOW), { effect: 'not_found' })
  t.end()
})

t.test('somebody without any proof is nobody', t => {
  t.equal(short(decided({ access: 'bypassed' }, alice([]))), 'login')
  t.end()
})

t.test('only two proofs that differ are a second factor', t => {
  for (const [methods, expected] of [
    [['password', 'totp'], 'allow'],
    [['password', 'backup_code'], 'allow'],
    [['password', 'webauthn'], 'allow'],
    [['password', 'email'], 'allow'],
    [['email', 'sms'], 'allow'],
    [['totp', 'password'], 'allow'],
    [['password', 'password'], 'mfa'],
    [['password', 'knowledge_question'], 'mfa'],
    [['email', 'email'], 'mfa'],
    [['totp'], 'mfa'],
    [['webauthn'], 'mfa'],
  ] as const) {
    const caller = alice(methods.map(method => proof(method)))
    t.equal(short(decided({ access: 'required' }, caller)), expected, methods.join(' and '))
  }
  t.end()
})

t.test('users and groups: any one of each, and both where both are given', t => {
  for (const [route, expected] of [
    [{ users: ['alice'] }, 'allow'],
    [{ users: ['bob', 'alice'] }, 'allow'],
    [{ users: ['bob'] }, 'not_this_user'],
    [{ users: ['Alice'] }, 'not_this_user'],
    [{ users: [] }, 'not_this_user'],
    [{ groups: ['staff'] }, 'allow'],
    [{ groups: ['ops', 'staff'] }, 'allow'],
    [{ groups: ['ops'] }, 'not_in_group'],
    [{ groups: [] }, 'not_in_group'],
    [{ users: ['alice'], groups: ['ops'] }, 'not_in_group'],
    [{ users: ['bob'], groups: ['staff'] }, 'not_this_user'],
  ] as const) {
    for (const access of ['bypassed', 'enrolled', 'required'] as const) {
      t.equal(short(decided({ access, ...route }, FULL)), expected, `${access} ${JSON.stringify(route)}`)
    }
  }
  t.end()
})

t.test('the second factor is asked before it is told who may pass', t => {
  t.equal(short(decided({ access: 'required', groups: ['ops'] }, PARTIAL)), 'mfa')
  t.equal(short(decided({ access: 'required', groups: ['ops'] }, NOBODY)), 'login')
  t.end()
})

t.test('a bypassed route is required from its end on', t => {
  const until = (end: number) => ({ access: 'bypassed', until: end }) as const
  t.equal(short(decided(until(NOW + 1), PARTIAL)), 'allow')
  t.equal(short(decided(until(NOW), PARTIAL)), 'mfa')
  t.equal(short(decided(until(NOW - 1), PARTIAL)), 'mfa')
  t.equal(short(decided(until(NOW), MFA_DISABLED)), 'mfa_disabled')
  t.same(decided(until(NOW), FULL), { effect: 'allow', reason: 'required', withIdentity: true })
  t.equal(accessNow(routeFor('/a', until(NOW + 1)), NOW), 'bypassed')
  t.equal(accessNow(routeFor('/a', until(NOW)), NOW), 'required')
  t.end()
})

t.test('step-up asks for a fresh proof of the right kind', t => {
  const any = { maxAge: undefined, methods: undefined }
  const fresh = { maxAge: 300_000, methods: undefined }
  const key = { maxAge: 300_000, methods: ['webauthn', 'backup_code'] } as const
  for (const [stepUp, second, expected] of [
    [any, proof('totp', 10_000_000), 'allow'],
    [fresh, proof('totp', 300_000), 'allow'],
    [fresh, proof('totp', 300_001), 'step_up'],
    [fresh, proof('totp', -1_000), 'allow'],
    [fresh, proof('totp', -300_001), 'step_up'],
    [key, proof('totp', 0), 'step_up'],
    [key, proof('webauthn', 0), 'allow'],
    [key, proof('webauthn', 300_001), 'step_up'],
    [key, proof('backup_code', 1), 'allow'],
  ] as const) {
    const decision = decided({ access: 'required', stepUp }, alice([PASSWORD, second]))
    t.equal(short(decision), expected, `${JSON.stringify(stepUp)} with ${JSON.stringify(second)}`)
    if (decision.effect === 'step_up') t.equal(decision.stepUp, stepUp)
  }
  t.end()
})

t.test('what is only known is no step-up unless the route names it', t => {
  const any = { maxAge: undefined, methods: undefined }
  const known = alice([PASSWORD, proof('knowledge_question', 0)])
  t.equal(short(decided({ access: 'bypassed', stepUp: any }, known)), 'step_up')
  t.equal(short(decided({ access: 'bypassed', stepUp: { ...any, methods: ['password'] } }, known)), 'allow')
  t.end()
})

t.test('who has no second factor by the word of the operator is not asked for one in vain', t => {
  const stepUp = { maxAge: 1_000, methods: undefined }
  t.equal(short(decided({ access: 'bypassed', stepUp }, MFA_DISABLED)), 'mfa_disabled')
  const again = { maxAge: 1_000, methods: ['password'] } as const
  t.equal(short(decided({ access: 'bypassed', stepUp: again }, MFA_DISABLED)), 'step_up')
  t.end()
})

t.test('a preflight passes only where the app lets it, and nowhere on a denied route', t => {
  t.same(decided({ access: 'required' }, NOBODY, { preflight: true }, true), {
    effect: 'allow',
    reason: 'preflight',
    withIdentity: false,
  })
  t.equal(short(decided({ access: 'required' }, NOBODY, { preflight: false }, true)), 'login')
  t.equal(short(decided({ access: 'required' }, NOBODY, { preflight: true }, false)), 'login')
  t.equal(short(decided({ access: 'denied' }, NOBODY, { preflight: true }, true)), 'denied')
  t.end()
})
