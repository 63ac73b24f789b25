import t from 'tap'
import type { Refusal } from '../../src/access/canonicalise.js'
import type { Decision } from '../../src/access/decision.js'
import {
  describeAccess,
  describeDecision,
  describeOutcome,
  describeRefusal,
} from '../../src/access/describe-decision.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import { appWith, requestFor, routeFor } from './sample-policy.js'

const MATCH = { app: appWith([]), route: routeFor('/admin/**', { groups: ['ops', 'root'], users: ['bob'] }) }

t.test('a decision is one plain sentence with the route and its place', t => {
  const place = '(route wiki /admin/**, gateway.yaml:12)'
  const sentences: readonly (readonly [Decision, string])[] = [
    [{ effect: 'allow', reason: 'public', withIdentity: false }, 'Allowed: no login'],
    [{ effect: 'allow', reason: 'bypassed', withIdentity: true }, 'Allowed: login, second factor skipped'],
    [
      { effect: 'allow', reason: 'enrolled', withIdentity: true },
      'Allowed: login, second factor only for users who have one',
    ],
    [{ effect: 'allow', reason: 'required', withIdentity: true }, 'Allowed: login and second factor'],
    [
      { effect: 'allow', reason: 'preflight', withIdentity: false },
      'Allowed: a CORS preflight, which carries no identity',
    ],
    [{ effect: 'login' }, 'Not yet: a login is needed'],
    [{ effect: 'mfa' }, 'Not yet: the second factor is missing'],
    [{ effect: 'deny', reason: 'denied' }, 'Refused: nobody may pass'],
    [{ effect: 'deny', reason: 'not_this_user' }, 'Refused: alice is not one of the users who may pass'],
    [{ effect: 'deny', reason: 'not_in_group' }, 'Refused: alice is not in any of the groups ops, root'],
    [
      { effect: 'deny', reason: 'mfa_disabled' },
      'Refused: a second factor is needed, and it is disabled for alice',
    ],
  ]
  for (const [decision, sentence] of sentences) {
    t.equal(describeDecision(decision, MATCH, 'alice'), `${sentence} ${place}`)
    t.equal(describeOutcome(decision, MATCH, 'alice'), sentence)
  }
  t.end()
})

t.test('a step-up says what is asked', t => {
  for (const [stepUp, words] of [
    [{ maxAge: undefined, methods: undefined }, 'a second factor is needed'],
    [{ maxAge: 300_000, methods: undefined }, 'a second factor that is not older than 5m is needed'],
    [{ maxAge: 90_000, methods: ['webauthn'] }, 'a proof by webauthn that is not older than 90s is needed'],
    [
      { maxAge: 43_200_000, methods: ['totp', 'backup_code'] },
      'a proof by totp or backup code that is not older than 12h is needed',
    ],
    [{ maxAge: 0, methods: undefined }, 'a second factor that is not older than 0s is needed'],
  ] as const) {
    t.equal(describeOutcome({ effect: 'step_up', stepUp }, MATCH, undefined), `Not yet: ${words}`)
  }
  t.end()
})

t.test('one group is named as one, and who is not known is "this user"', t => {
  const match = { ...MATCH, route: routeFor('/admin/**', { groups: ['ops'] }) }
  t.equal(
    describeDecision({ effect: 'deny', reason: 'not_in_group' }, match),
    'Refused: this user is not in the group ops (route wiki /admin/**, gateway.yaml:12)',
  )
  t.end()
})

t.test('the default route has no place, and without an app there is no route', t => {
  const match = compileRouteTable([appWith([])]).find(requestFor('/x'), '')
  t.equal(describeDecision({ effect: 'login' }, match), 'Not yet: a login is needed (route wiki (default))')
  t.equal(describeDecision({ effect: 'not_found' }, undefined), 'Not found: no app has this host')
  t.end()
})

t.test('every access is told by its effect', t => {
  t.equal(describeAccess('bypassed'), 'login, second factor skipped')
  const words = (['public', 'bypassed', 'enrolled', 'required', 'denied'] as const).map(describeAccess)
  t.equal(new Set(words).size, 5)
  t.end()
})

t.test('every refusal says what is wrong and what to do', t => {
  const refusals: readonly Refusal[] = [
    'bad_escape',
    'bad_host',
    'bad_target',
    'control_character',
    'dot_segment',
    'double_encoding',
    'empty_segment',
    'encoded_backslash',
    'encoded_slash',
    'method_not_allowed',
    'semicolon',
    'too_long',
    'unencoded_character',
    'unicode_lookalike',
  ]
  for (const refusal of refusals) {
    const { message, cure } = describeRefusal(refusal)
    t.match(message, /^(The|This) [^.]/, message)
    t.match(cure, /^[A-Z].*[^.]$/, cure)
  }
  t.match(describeRefusal('semicolon').cure, 'allow_in_path: [semicolon]')
  t.end()
})
