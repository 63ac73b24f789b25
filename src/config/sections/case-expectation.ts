import Type, { type Static } from 'typebox'
import type { Expectation } from '../policy-case.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, choice } from '../settings.js'

const outcomeSchema = choice(
  { description: 'What must become of the request.' },
  ['allow', 'login', 'mfa', 'step_up', 'deny', 'reject', 'not_found', 'own'],
  [
    'allow: it goes to the app',
    'login: a login is needed',
    'mfa: the second factor is missing',
    'step_up: a fresher or stronger proof is needed',
    'deny: 403, not for this caller',
    'reject: 400, it can be read in two ways, or is no request that passes',
    'not_found: 404, no app has this host, or the app has no upstream',
    "own: one of the gateway's own pages; no route decides",
  ],
)

const reasonSchema = block('The outcome with its reason.', {
  allow: Type.Optional(
    choice(
      { description: 'It goes to the app, and this is why.' },
      ['public', 'bypassed', 'enrolled', 'required', 'preflight', 'remembered_device', 'api_token'],
      [
        'no login',
        'login, second factor skipped',
        'login, second factor only for users who have one',
        'login and second factor',
        'a CORS preflight, which carries no identity',
        'login, the second factor spared on a remembered device',
        'an API token whose scope the route names',
      ],
    ),
  ),
  deny: Type.Optional(
    choice(
      { description: '403, and this is why.' },
      ['denied', 'not_this_user', 'not_in_group', 'mfa_disabled', 'token_scope'],
      [
        'nobody may pass',
        'not one of the users',
        'in none of the groups',
        'a second factor is needed, and disabled for this user',
        'no scope of the API token opens the route, or it is kept for other apps or paths',
      ],
    ),
  ),
  reject: Type.Optional(
    choice(
      { description: '400, and this is why.' },
      [
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
      ],
      [
        'a "%" without two digits of UTF-8',
        'not exactly one host',
        'no path on this host',
        'a control character',
        'a segment of dots, such as ".."',
        'percent-encoded twice',
        'two slashes in a row',
        '%5C',
        '%2F',
        'a method that never passes',
        'a semicolon',
        'more than 8192 characters',
        'a character that must be encoded',
        'a character that some servers read as another',
      ],
    ),
  ),
})

export const expectSchema = Type.Union([outcomeSchema, reasonSchema], {
  description: 'What must become of the request, alone or with its reason.',
  examples: ['allow', { deny: 'not_in_group' }],
})

/** Reads `expect`. Of a block with several outcomes, one of them: that is reported. */
export function readExpectation(
  reading: Reading,
  path: Path,
  written: Static<typeof expectSchema>,
): Expectation {
  if (typeof written === 'string') return { outcome: written }
  if (Object.keys(written).length !== 1) {
    const cure = 'write for example { deny: not_in_group }'
    reading.findings.error(path, 'what must become of a request is one thing', cure)
  }
  if (written.deny !== undefined) return { outcome: 'deny', reason: written.deny }
  if (written.reject !== undefined) return { outcome: 'reject', reason: written.reject }
  return { outcome: 'allow', reason: written.allow }
}
