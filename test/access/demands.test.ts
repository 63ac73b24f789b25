import t from 'tap'
import type { Proof } from '../../src/access/assurance.js'
import { demandsOf, describeDemand } from '../../src/access/demands.js'
import { describeAge } from '../../src/access/describe-duration.js'
import type { Caller } from '../../src/access/identity.js'
import { maySeePolicy } from '../../src/access/may-see-policy.js'
import type { Route } from '../../src/access/route.js'
import { alice, appWith, NOW, proof, requestFor, routeFor } from './sample-policy.js'

const MARKS = { holds: '+', fails: '-', open: '?' }

function demands(rest: Partial<Route>, caller: Caller): readonly string[] {
  const route = routeFor('/a', rest)
  const match = { app: appWith([route]), route }
  return demandsOf({ request: requestFor('/a'), match, caller }, NOW).map(
    demand => `${MARKS[demand.verdict]} ${describeDemand(demand)}`,
  )
}

const both: readonly Proof[] = [proof('password'), proof('totp', 361_000)]

t.test('each demand says what is asked and what there is', t => {
  const route = { users: ['bob', 'carol'], groups: ['ops'], stepUp: { maxAge: 300_000, methods: undefined } }
  t.same(demands(route, alice(both)), [
    '+ login: alice, by password',
    '+ second factor: totp 6m 1s ago',
    '- users bob, carol: this is alice',
    '- groups ops: alice has staff',
    '- step_up, second factor within 5m: totp 6m 1s ago',
  ])
  t.same(demands({ ...route, tokens: ['feed', 'x'] }, undefined), [
    '- login, or an API token for feed or x: nobody is logged in',
    '? second factor',
    '? users bob, carol',
    '? groups ops',
    '? step_up, second factor within 5m',
  ])
  t.same(demands({ groups: ['ops'] }, alice(both, { groups: [] })).at(-1), '- groups ops: alice has none')
  t.end()
})

t.test('what spares a second factor, and what does not, is said', t => {
  const bare = alice([proof('password')])
  const remembered = { ...bare, rememberedDevice: true }
  const off = alice([proof('password')], { mfa: 'disabled', hasSecondFactor: false })
  t.equal(demands({}, bare)[1], '- second factor: alice has shown none')
  t.equal(demands({}, remembered)[1], '+ second factor: a remembered browser spares it')
  t.equal(
    demands({ stepUp: { maxAge: undefined, methods: undefined } }, remembered)[1],
    '- second factor: alice has shown none; no remembered browser spares it where step_up is asked',
  )
  t.equal(demands({}, off)[1], '- second factor: it is disabled for alice')
  t.equal(demands({ access: 'enrolled' }, off)[1], '+ second factor, for who has one: alice has none')
  t.same(demands({ access: 'bypassed' }, bare), ['+ login: alice, by password'])
  t.match(demands({ access: 'bypassed', until: NOW }, bare)[1], /^- second factor, because the time of/)
  const passkey = alice([{ ...proof('webauthn'), userVerified: true }])
  t.equal(demands({}, passkey)[1], '+ second factor: webauthn 1m ago')
  t.end()
})

t.test('API tokens are asked for scopes and reach', t => {
  const apiToken = { scopes: ['feed'], apps: ['board'], paths: undefined, owner: 'user' } as const
  const holder = { ...alice([]), apiToken }
  t.same(demands({ tokens: ['feed'], groups: ['ops'] }, holder), [
    '+ tokens feed: the token of alice has feed',
    '- a token for wiki and this path: it is for board',
    '- groups ops: alice has staff',
  ])
  t.equal(demands({}, holder)[0], '- no API token opens this route: the token of alice has feed')
  t.end()
})

t.test('an age is never told younger than it is', t => {
  t.same([0, 1, 999, 60_000, 300_001, 90_061_000, -1].map(describeAge), [
    'just now',
    '1s ago',
    '1s ago',
    '1m ago',
    '5m 1s ago',
    '1d 1h 1m 1s ago',
    '1s in the future',
  ])
  t.end()
})

t.test('the policy is shown to a member who has shown a second factor, and to nobody else', t => {
  const apiToken = { scopes: [], apps: undefined, paths: undefined, owner: 'user' } as const
  t.ok(maySeePolicy(['ops', 'staff'], alice(both)))
  t.notOk(maySeePolicy([], alice(both)), 'no group is named')
  t.notOk(maySeePolicy(['ops'], alice(both)), 'another group')
  t.notOk(maySeePolicy(['staff'], alice([proof('password')])), 'the password alone')
  t.notOk(maySeePolicy(['staff'], { ...alice([proof('password')]), rememberedDevice: true }))
  t.notOk(maySeePolicy(['staff'], { ...alice(both), apiToken }), 'an API token')
  t.notOk(maySeePolicy(['staff'], undefined), 'nobody')
  t.end()
})
