import type { Dice } from './dice.js'
import { hostileReturnTo } from './hostile-addresses.js'
import { almost, hostileJwt, type Secrets } from './hostile-headers.js'

type Some = readonly [string, ...string[]]

/** Where forms are taken. */
export const FORMS: Some = [
  ...([
    '/auth/login',
    '/auth/mfa',
    '/auth/enrol',
    '/auth/logout',
    '/auth/otp/send',
    '/auth/otp/authenticate',
    '/auth/passkey',
  ] as const),
  ...[
    '/auth/link/send',
    '/auth/link/authenticate',
    '/auth/link/confirm',
    '/auth/account/password',
    '/auth/account/tokens/create',
  ],
  ...[
    '/auth/account/tokens/revoke',
    '/auth/account/factors/totp',
    '/auth/account/factors/totp/confirm',
    '/auth/account/factors/remove',
  ],
  ...[
    '/auth/account/factors/webauthn/confirm',
    '/auth/account/factors/knowledge_question/confirm',
    '/auth/account/sessions/end',
  ],
]
/** Where JSON is taken. */
export const OPERATIONS: Some = [
  ...([
    '/auth/login',
    '/auth/mfa/challenge',
    '/auth/mfa/verify',
    '/auth/token/refresh',
    '/auth/logout',
    '/auth/stateless/login',
  ] as const),
  ...[
    '/auth/challenge/get',
    '/auth/challenge/verify',
    '/auth/otp/send',
    '/auth/otp/authenticate',
    '/auth/link/send',
    '/auth/link/authenticate',
  ],
  ...[
    '/auth/passkey/options',
    '/auth/passkey/authenticate',
    '/auth/mfa/enrol/totp',
    '/auth/mfa/enrol/totp/confirm',
    '/auth/mfa/enrol/webauthn',
  ],
  ...[
    '/auth/mfa/enrol/webauthn/confirm',
    '/auth/mfa/enrol/knowledge_question',
    '/auth/mfa/backup-codes',
    '/auth/mfa/enrol/email/confirm',
  ],
]
const MEMBERS: Some = [
  ...([
    'username',
    'password',
    'mode',
    'challenge',
    'factor',
    'code',
    'remember_device',
    'return_to',
    'ticket',
    'refresh_token',
  ] as const),
  ...[
    'id',
    'response',
    'auth_type',
    'session_id',
    'token',
    'name',
    'everywhere',
    'user',
    'address',
    'answer',
    'question',
    'step',
    'csrf',
  ],
  ...[
    'mfa_verified',
    'secret',
    'expires_in',
    '__proto__',
    'constructor',
    'toString',
    'username[]',
    'username[x]',
    '',
    '<zq7 a=1>',
    '"zq7x="',
  ],
]
const TEXTS: Some = [
  ...([
    'alice',
    'bob',
    'ALICE',
    'alice ',
    'al\xc4\xb1ce',
    'nobody',
    'correct',
    'totp',
    'webauthn',
    'backup_code',
    'email',
    'sms',
    'password',
  ] as const),
  ...[
    'session',
    'token',
    '123456',
    ' 123456',
    '12 34 56',
    '\xef\xbc\x91\xef\xbc\x92',
    '+123456',
    'TOTP',
    'SMS',
    'PVQ',
    'BACKUP',
    'x',
    '',
    ' ',
    '\0',
  ],
  ...[
    '<zq7 a=1>',
    '"zq7x="',
    "'zq7x='",
    '</title><zq7 a=1>',
    '%0d%0aZq-Injected: 1',
    '\r\nZq-Injected: 1',
    '{{7*7}}',
    '${7*7}',
    "' OR 1=1 --",
  ],
  ...[
    'a@b',
    'alice@app.example',
    'a@b@c',
    'alice@app.example\r\nBcc: x@evil.com',
    '+491701234567',
    '../../etc/passwd',
    '\xff\xfe',
    '\xed\xa0\x80',
  ],
]

/** A text for a member: a word, a secret with a fault, a place to go, or very much of something. */
export function hostileText(secrets: Secrets, dice: Dice): string {
  if (dice.chance(0.02))
    return dice.pick(['x', '\xe2\x80\xae', '%', '9', 'a@']).repeat(1_000 + dice.below(20_000))
  if (dice.chance(0.15)) return hostileReturnTo(dice)
  if (dice.chance(0.2)) {
    const { challenge, refreshToken, session, apiToken } = secrets
    return dice.chance(0.2)
      ? hostileJwt(secrets, dice)
      : almost(dice.pick([challenge, refreshToken, session, apiToken]), dice)
  }
  return dice.pick(TEXTS)
}

/** An urlencoded form. */
export function hostileForm(secrets: Secrets, dice: Dice): string {
  const encode = (text: string): string =>
    dice.chance(0.85)
      ? escapeBytes(text)
      : dice.pick([text, text.replaceAll(' ', '+'), escapeBytes(escapeBytes(text))])
  const pairs = dice.times(dice.below(dice.chance(0.98) ? 8 : 1_500), () => {
    const name = encode(dice.pick(MEMBERS))
    return dice.chance(0.95) ? `${name}=${encode(hostileText(secrets, dice))}` : name
  })
  return pairs.join(dice.pick(['&', '&', '&', '&', ';', '&&']))
}

function escapeBytes(text: string): string {
  return text.replace(/[^\w.-]/g, letter => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** JSON, mostly an object as the API takes it, with wrong types, depth, size and doubled keys. */
export function hostileJson(secrets: Secrets, dice: Dice): string {
  const roll = dice.below(40)
  if (roll === 0) return '['.repeat(1 + dice.below(30_000))
  if (roll === 1) return '{"a":'.repeat(1 + dice.below(5_000))
  if (roll === 2)
    return dice.pick([
      '',
      'null',
      '[]',
      '1',
      '"x"',
      'true',
      '{',
      '{}',
      '{"a":1,}',
      '\xef\xbb\xbf{}',
      ' {} ',
      '{}{}',
      'NaN',
      "{'a':1}",
      '\0',
      '{"a":\u0001}',
    ])
  if (roll === 3) return `{${'"a":1,'.repeat(4_000)}"b":2}`
  const members = dice.times(
    dice.below(7),
    () => `${JSON.stringify(dice.pick(MEMBERS))}:${value(secrets, dice, 0)}`,
  )
  return `{${members.join(',')}}`
}

function value(secrets: Secrets, dice: Dice, depth: number): string {
  switch (dice.below(depth > 3 ? 8 : 11)) {
    case 0:
      return dice.pick([
        'null',
        'true',
        'false',
        '0',
        '-1',
        '1e400',
        '-0',
        '1.5',
        '9007199254740993',
        '123456',
        '0123456',
        'undefined',
      ])
    case 8:
      return `[${dice.times(dice.below(4), () => value(secrets, dice, depth + 1)).join(',')}]`
    case 9:
      return `{${dice.times(dice.below(4), () => `${JSON.stringify(dice.pick(MEMBERS))}:${value(secrets, dice, depth + 1)}`).join(',')}}`
    case 10:
      return webauthnAnswer(secrets, dice)
    default:
      return dice.chance(0.95)
        ? JSON.stringify(hostileText(secrets, dice))
        : dice.pick(['"\\ud800"', '"\\u0000"', '"\\x"', '"', '"\\u202e"'])
  }
}

function webauthnAnswer(secrets: Secrets, dice: Dice): string {
  const client = {
    type: dice.pick(['webauthn.get', 'webauthn.create', 'x']),
    challenge: hostileText(secrets, dice),
    origin: dice.pick(['https://gw.example', 'https://evil.com']),
  }
  const bytes = (): string =>
    Buffer.from(dice.times(dice.below(90), () => dice.below(256))).toString('base64url')
  const answer = {
    id: dice.pick([bytes(), 'x', '']),
    rawId: dice.pick<unknown>([bytes(), 1]),
    type: dice.pick(['public-key', 'x']),
    response: dice.pick<unknown>([
      {
        clientDataJSON: Buffer.from(dice.chance(0.9) ? JSON.stringify(client) : '{').toString('base64url'),
        authenticatorData: bytes(),
        attestationObject: dice.pick([
          '',
          bytes(),
          Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex').toString(
            'base64url',
          ),
        ]),
        signature: bytes(),
        userHandle: dice.pick<unknown>([bytes(), null, 1]),
      },
      {},
      null,
    ]),
    clientExtensionResults: {},
  }
  return JSON.stringify(answer)
}
