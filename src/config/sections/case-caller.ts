import Type, { type Static } from 'typebox'
import { parsePathPattern, type PathPattern } from '../../access/path-pattern.js'
import type { ApiTokenGrant } from '../../access/identity.js'
import { quote } from '../../documents/problem.js'
import type { CaseCaller } from '../policy-case.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, choice, list, text } from '../settings.js'
import { milliseconds } from './duration.js'
import { readScopes, scopeList } from './scopes.js'
import { secondFactorList } from './second-factors.js'

const AGE = '(0|[1-9][0-9]{0,4})[smhd]'
const AGE_CURE = 'write a whole number and s, m, h or d, such as 90s, 6m or 12h'

const tokenSchema = block('An API token in place of a login.', {
  scopes: scopeList('The scopes of the token.'),
  apps: Type.Optional(
    list(
      { description: 'The apps that it is kept for. Without it, any.', examples: [['wiki']] },
      text({ description: 'The name of an app.' }),
    ),
  ),
  paths: Type.Optional(
    list(
      { description: 'The paths that it is kept for. Without it, every path.', examples: [['/export/**']] },
      text({ description: 'A path as in routes.' }),
    ),
  ),
  owner: Type.Optional(
    choice(
      { description: "Whose token it is. Without it: the user's where one is named, else a machine's." },
      ['machine', 'user'],
      ["a machine's own", 'of a user, whom the route must let in'],
    ),
  ),
})

const callerSchema = block('Somebody who is logged in, or an API token.', {
  user: Type.Optional(text({ description: 'The user name.', examples: ['alice'] })),
  groups: Type.Optional(
    list(
      {
        description:
          "The groups. Without it, those of the users file; where it is given, that file isn't read.",
        examples: [['ops']],
      },
      text({ description: 'A group.' }),
    ),
  ),
  mfa_age: Type.Optional(
    text(
      {
        description: 'How long ago password and second factor were shown. Default: just now.',
        examples: ['6m'],
      },
      `^${AGE}$`,
      AGE_CURE,
    ),
  ),
  password_age: Type.Optional(
    text(
      {
        description:
          'How long ago the password was shown, if it was at another time than the second factor; none: it was not, ' +
          'as with a passkey.',
        examples: ['2h'],
      },
      `^(${AGE}|none)$`,
      `${AGE_CURE}, or none`,
    ),
  ),
  factors: Type.Optional(
    secondFactorList('The second factors that were shown. Default: totp.', ['webauthn']),
  ),
  mfa: Type.Optional(
    choice(
      { description: 'Why there is no second factor.' },
      ['none', 'not_enrolled', 'disabled'],
      [
        'none: only the password was shown; a second factor is enrolled',
        'not_enrolled: only the password was shown; no second factor is enrolled yet',
        'disabled: the users file says "mfa: disabled" of this user',
      ],
    ),
  ),
  remembered: Type.Optional(
    Type.Boolean({
      description:
        'The browser is remembered, and only the password was shown, unless factors says otherwise.',
      default: false,
    }),
  ),
  token: Type.Optional(tokenSchema),
})

export const asSchema = Type.Union(
  [text({ description: 'anonymous, or a user of the users file.', examples: ['alice'] }), callerSchema],
  {
    description:
      'Who asks. anonymous (the default): nobody is logged in. A name: that user of the users file, who has just shown ' +
      'password and second factor. A block describes somebody else.',
    examples: ['anonymous', 'alice', { user: 'alice', groups: ['ops'], mfa_age: '6m' }],
  },
)

/** Reads `as`. Nobody, if it is wrong: that has been reported. */
export function readCaller(
  reading: Reading,
  path: Path,
  written: Static<typeof asSchema> | undefined,
): CaseCaller | undefined {
  if (written === undefined || written === 'anonymous') return undefined
  if (typeof written === 'string') return { ...JUST_LOGGED_IN, user: written, isNameOnly: true }
  reportContradictions(reading, path, written)
  const { user, groups, factors, mfa, remembered, token } = written
  const factorAge = milliseconds(written.mfa_age ?? '0s')
  const passwordAge = written.password_age === 'none' ? 'none' : written.password_age
  return {
    user,
    isNameOnly: false,
    groups,
    mfa,
    factors,
    factorAge,
    passwordAge:
      passwordAge === undefined ? factorAge : passwordAge === 'none' ? 'none' : milliseconds(passwordAge),
    isRemembered: remembered === true,
    apiToken: token === undefined ? undefined : readGrant(reading, [...path, 'token'], token, user),
  }
}

const JUST_LOGGED_IN: Omit<CaseCaller, 'user' | 'isNameOnly'> = {
  groups: undefined,
  mfa: undefined,
  factors: undefined,
  factorAge: 0,
  passwordAge: 0,
  isRemembered: false,
  apiToken: undefined,
}

/** What of a block says two things at once. */
function reportContradictions(reading: Reading, path: Path, written: Static<typeof callerSchema>): void {
  const refuse = (keys: readonly (keyof typeof written)[], why: string): void => {
    for (const key of keys.filter(key => written[key] !== undefined))
      reading.findings.error([...path, key], `"${key}" ${why}`, 'leave one of the two out', 'key')
  }
  if (Object.keys(written).length === 0) {
    const cure = 'write for example { user: alice, groups: [ops] }, or anonymous for nobody'
    reading.findings.error(path, 'this says nothing of who asks', cure)
  }
  if (written.token !== undefined) {
    const keys = ['mfa_age', 'password_age', 'factors', 'mfa', 'remembered'] as const
    refuse(keys, 'is about a login, and an API token has shown nothing')
  } else if (written.mfa !== undefined) {
    refuse(
      ['factors', 'mfa_age'],
      `is about a second factor, and "mfa: ${written.mfa}" says that none was shown`,
    )
  }
}

function readGrant(
  reading: Reading,
  path: Path,
  written: Static<typeof tokenSchema>,
  user: string | undefined,
): ApiTokenGrant {
  const { scopes, apps, owner = user === undefined ? 'machine' : 'user' } = written
  readScopes(reading, [...path, 'scopes'], scopes)
  const paths = written.paths?.flatMap((one, index): PathPattern[] => {
    const parsed = parsePathPattern(one)
    if (parsed.ok) return [parsed.pattern]
    const message = `${quote(one)}: ${parsed.fault.message}`
    reading.findings.error([...path, 'paths', index], message, parsed.fault.cure)
    return []
  })
  return { scopes, apps, paths, owner }
}
