import t from 'tap'
import { noAuthenticator } from '../../harness/authenticator.js'
import { createQuickPhone } from '../phone.js'
import { client, noPyJwt, openBench, PYTHON, runClient } from './client-bench.js'

interface Seen {
  readonly step: string
  readonly status?: number
  readonly claims?: Readonly<Record<string, unknown>>
}

t.test(
  'a token says whether a second factor was shown, and opens what that opens',
  { skip: noAuthenticator || noPyJwt },
  async t => {
    const { origin, folder, clock } = await openBench(t)
    const program = runClient(t, folder, PYTHON, [client('mfa_claim.py'), origin, 'alice'])
    await program.answer(/Key: (\S+)\nCode: /, ([, key = '']) => createQuickPhone(key, clock).nextCode())
    const lines = (await program.finish()).split('\n').filter(line => line.startsWith('{'))
    const seen = new Map(lines.map(line => JSON.parse(line) as Seen).map(one => [one.step, one]))
    const at = (step: string): Seen => seen.get(step) ?? { step: `${step} is missing` }

    t.comment('the password alone')
    const password = at('password')
    t.match(password, {
      status: 202,
      members: ['access_token', 'challenge', 'enrolment', 'expires_in', 'factors', 'status'],
      claims: { iss: origin, sub: 'alice', amr: ['pwd'], mfa_verified: false, groups: ['ops'] },
    })
    const sid = password.claims?.sid
    t.equal(typeof sid, 'string')
    t.match(at('partial'), { reports: 200, orders: 401, reason: 'mfa_required' })
    t.match(at('partial'), { hint: /^Bearer error="insufficient_user_authentication", .*acr_values="multi"/ })

    t.comment('the second factor')
    t.match(at('code'), {
      status: 200,
      members: [
        'access_token',
        'amr',
        'backup_codes',
        'expires_in',
        'id_token',
        'mfa_verified',
        'refresh_token',
        'session_id',
        'token_type',
      ],
      claims: { sub: 'alice', amr: ['pwd', 'otp', 'mfa'], mfa_verified: true, sid },
    })
    t.match(at('full'), { reports: 200, orders: 200 })
    t.match(at('old'), { reports: 401, orders: 401, reason: 'invalid_token' }, 'the first token is dead')
    t.match(at('id_token'), { reports: 401, orders: 401, reason: 'invalid_token' })
    t.match(at('id_token at the API'), { refused: 'not an access token' })

    t.comment('the refresh keeps what was shown, and the logout ends it')
    t.match(at('refresh'), { status: 200, claims: { mfa_verified: true, amr: ['pwd', 'otp', 'mfa'], sid } })
    t.equal(at('logout').status, 200)
    t.match(at('over'), { reports: 401, orders: 401, reason: 'invalid_token' })
    t.match(at('refresh after it'), { status: 401, reason: 'invalid_token' })
  },
)
