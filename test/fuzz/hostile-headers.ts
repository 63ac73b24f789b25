import type { Dice } from './dice.js'
import { hostileHost } from './hostile-addresses.js'

type Field = readonly [string, string]
type Some = readonly [string, ...string[]]

/** What apps take for an identity, or for the way by which a request came (a). */
const CLAIMS: Some = [
  ...([
    'Remote-User',
    'Remote-Groups',
    'Remote-Email',
    'Remote-Name',
    'Remote-Assurance',
    'Remote-Amr',
  ] as const),
  ...[
    'Gatehouse-Assertion',
    'X-Remote-User',
    'X-Auth-Request-User',
    'X-Auth-Request-Email',
    'X-Auth-Request-Groups',
  ],
  ...[
    'X-Forwarded-User',
    'X-Forwarded-Email',
    'X-Forwarded-Groups',
    'X-Forwarded-Preferred-Username',
    'X-WEBAUTH-USER',
  ],
  ...[
    'X-Authentik-Username',
    'X-Pomerium-Jwt-Assertion',
    'Cf-Access-Jwt-Assertion',
    'X-Goog-Authenticated-User-Email',
  ],
  ...['SSL-Client-S-Dn', 'X-Client-Cert', 'X-MFA-Verified', 'X-User-Id', 'X-User', 'X-Groups', 'X-Email'],
]
const WAYS: Some = [
  ...([
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-Server',
    'X-Forwarded-Ssl',
    'Forwarded',
  ] as const),
  ...[
    'X-Forwarded-Uri',
    'X-Forwarded-Method',
    'X-Original-URL',
    'X-Original-Method',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
  ],
  ...[
    'X-Real-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Cluster-Client-IP',
    'Via',
    'Front-End-Https',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
  ],
]
const HOPS: Some = [
  ...([
    'Connection',
    'Proxy',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Keep-Alive',
    'Upgrade',
    'HTTP2-Settings',
    'Trailer',
  ] as const),
  ...[
    'Expect',
    'Transfer-Encoding',
    'Content-Length',
    'Range',
    'If-None-Match',
    '__proto__',
    'constructor',
    'Origin',
    'Accept',
    'Sec-Fetch-Mode',
    'Sec-Fetch-Site',
  ],
]
const VALUES: Some = [
  ...([
    'admin',
    'alice',
    '',
    ' ',
    'close',
    'chunked',
    'close, X-Forwarded-User',
    'Host, Cookie, Content-Length',
    'upgrade',
    'h2c',
    'websocket',
  ] as const),
  ...[
    '1.2.3.4',
    '9.9.9.9, 10.0.0.1',
    'for=1.2.3.4;host=evil.com',
    'evil.com',
    'https',
    'http',
    '/public/x',
    'POST',
    '443',
    '-1',
    '0',
    '1e9',
  ],
  ...[
    '\xe9',
    '\xff\xfe',
    'a\tb',
    'x'.repeat(5_000),
    '<zq7 a=1>',
    '"zq7x="',
    '100-continue',
    'navigate',
    'text/html',
    'null',
    'https://gw.example',
  ],
  ...[
    'https://evil.com',
    'bytes=0-1,2-3',
    'trailers',
    'gzip, chunked',
    'chunked, identity',
    '+2',
    '2, 2',
    '::1',
    '[::1]:80',
    '256.1.1.1',
    'unknown',
    '_hidden',
  ],
]

/** Header fields in the shapes that have slipped through gateways. */
export function hostileFields(dice: Dice): readonly Field[] {
  const fields = dice.times(1 + dice.below(5), (): Field => {
    const kind = dice.below(10)
    const name = respelt(dice.pick(kind < 5 ? CLAIMS : kind < 8 ? WAYS : HOPS), dice)
    return [name, /forwarded-host/i.test(name) ? hostileHost(dice) : dice.pick(VALUES)]
  })
  if (dice.chance(0.02)) return dice.times(1 + dice.below(2_600), (): Field => ['A', 'b'])
  return dice.chance(0.2) ? [...fields, ...fields] : fields
}

function respelt(name: string, dice: Dice): string {
  switch (dice.below(9)) {
    case 0:
      return name.replaceAll('-', '_')
    case 1:
      return name.replaceAll('-', '.')
    case 2:
      return name.replace('-', '_')
    case 3:
      return name.toUpperCase()
    case 4:
      return [...name]
        .map(letter => (dice.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase()))
        .join('')
    case 5:
      return dice.pick([`${name} `, ` ${name}`, `${name}\t`, `${name}\0`, `_${name}`, `${name}:`])
    default:
      return name
  }
}

/** Secrets of the gateway under fire, none of which is ever sent unchanged. */
export interface Secrets {
  readonly session: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly apiToken: string
  readonly challenge: string
}

/** A secret with a character changed, left out or added, so that it is another one however it is read. */
export function almost(secret: string, dice: Dice): string {
  const at = dice.below(secret.length)
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const other = letters[(letters.indexOf(secret[at] ?? '') + 1 + dice.below(62)) % 64] ?? 'A'
  switch (dice.below(5)) {
    case 0:
      return secret.slice(0, at) + secret.slice(at + 1)
    case 1:
      return secret.slice(0, at)
    case 2:
      return `${secret}${other}`
    default:
      return secret.slice(0, at) + (other === secret[at] ? '~' : other) + secret.slice(at + 1)
  }
}

/** A JWT of which any part may be forged (g). */
export function hostileJwt(secrets: Secrets, dice: Dice): string {
  const [head = '', claims = '', signature = ''] = secrets.accessToken.split('.')
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forgedHead = encode({
    alg: dice.pick(['none', 'None', 'HS256', 'RS256', 'ES256', 'PS256', 'EdDSA', 'PBES2-HS256+A128KW', '']),
    typ: dice.pick(['at+jwt', 'JWT', '', 'dpop+jwt']),
    kid: dice.pick<unknown>([
      undefined,
      'x',
      '../../dev/null',
      "' OR 1=1",
      'k'.repeat(4_000),
      ['x'],
      '__proto__',
      1,
      null,
    ]),
    ...dice.pick<object>([
      {},
      { crit: ['x'] },
      { b64: false, crit: ['b64'] },
      { jku: 'http://127.0.0.1:1/' },
      { p2c: 1e9 },
      { zip: 'DEF' },
    ]),
  })
  const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
  const forgedClaims = encode({
    ...decoded,
    ...dice.pick<object>([
      { mfa_verified: true, amr: ['mfa'] },
      { exp: 1e400 },
      { exp: '9' },
      { sub: 'bob' },
      { aud: ['x'] },
      { nbf: 9e9 },
      // Never nothing: with its own signature that would be the genuine token, which opens what it is for.
      { jti: 'x' },
    ]),
  })
  switch (dice.below(7)) {
    case 0:
      return `${forgedHead}.${claims}.${signature}`
    case 1:
      return `${head}.${forgedClaims}.${signature}`
    case 2:
      return `${forgedHead}.${forgedClaims}.${dice.pick(['', signature, 'AAAA', 'A'.repeat(86)])}`
    case 3:
      return dice.pick([
        '..',
        '.',
        'a.b.c',
        `${head}..${signature}`,
        `${head}.${claims}.`,
        `${head}.${claims}.${signature}.x.y`,
        '.'.repeat(2_000),
      ])
    case 4:
      return `${head}.${Buffer.from(`{"a":${'['.repeat(3_000)}`).toString('base64url')}.${signature}`
    default:
      return almost(secrets.accessToken, dice)
  }
}

/** An `Authorization` field. */
export function hostileAuthorization(secrets: Secrets, dice: Dice): Field {
  const token = dice.pick([
    hostileJwt(secrets, dice),
    almost(secrets.apiToken, dice),
    almost(secrets.refreshToken, dice),
    'gh_',
    'ghrt_x',
    'x',
    '',
  ])
  const basic = Buffer.from(
    dice.pick([`alice:${token}`, `:${token}`, token, 'alice:correct', ':', '\0:\xff', `a:b:${token}`]),
    'latin1',
  ).toString('base64')
  const mfa = dice.pick([
    `authType="TOTP", token="${token}"`,
    `authType=TOTP token=${token}`,
    'authType="SMS" token=""',
    `token="x", token="${token}"`,
    'authType="<zq7 a=1>"',
    `authType="${'x'.repeat(3_000)}"`,
  ])
  const value = dice.pick([
    ...([
      `Bearer ${token}`,
      `bearer ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Basic ${basic}`,
      `basic ${basic}=`,
    ] as const),
    ...[
      `MFA ${mfa}`,
      mfa,
      `Digest username="${token}"`,
      `Bearer\t${token}`,
      `Bearer ${token} `,
      `Negotiate ${basic}`,
      'Bearer',
      'Basic',
      'MFA',
      '',
    ],
  ])
  return [dice.chance(0.9) ? 'Authorization' : 'authorization', value]
}

/** A `Cookie` field (e5, e7). */
export function hostileCookie(secrets: Secrets, dice: Dice): Field {
  const names: Some = [
    ...([
      '__Host-gatehouse',
      '__Host-gatehouse',
      '__Host-gatehouse-device',
      '__Host-gatehouse-login-code',
      '__Host-gatehouse-login-link',
    ] as const),
    ...[
      '__Host-gatehouse-login-passkey',
      '__host-gatehouse',
      '__Host-gatehouse%31',
      'gatehouse',
      'app',
      '__proto__',
      '',
      '$Version',
      '__Host-gatehouse-known',
    ],
  ]
  const one = (): string => {
    const value = dice.pick([
      almost(secrets.session, dice),
      almost(secrets.session, dice),
      'x',
      '',
      '%zz',
      '%00',
      `"${almost(secrets.session, dice)}"`,
      '<zq7 a=1>',
      'a=b',
      'é',
      'x'.repeat(4_000),
    ])
    return dice.chance(0.9)
      ? `${dice.pick(names)}=${value}`
      : dice.pick(['=', ';', '__Host-gatehouse', '=__Host-gatehouse=x', ' ', 'a;b;c', ',', '\xff=\xff'])
  }
  return [
    'Cookie',
    dice
      .times(1 + dice.below(dice.chance(0.97) ? 4 : 400), one)
      .join(dice.pick(['; ', '; ', ';', ',', ' ; ', '; ; '])),
  ]
}

/** A WebSocket handshake, or what looks like one (c8 to c10). */
export function hostileHandshake(dice: Dice): readonly Field[] {
  const fields: Field[] = [
    [
      'Connection',
      dice.pick([
        'Upgrade',
        'upgrade, keep-alive',
        'keep-alive',
        'Upgrade, X-Forwarded-For',
        'close, Upgrade',
      ]),
    ],
    ['Upgrade', dice.pick(['websocket', 'WebSocket', 'websocket, h2c', 'h2c', 'foo', ''])],
    ['Sec-WebSocket-Version', dice.pick(['13', '1337', '', '8', '13, 8'])],
    ['Sec-WebSocket-Key', dice.pick(['dGhlIHNhbXBsZSBub25jZQ==', '', 'x', 'dGhlIHNhbXBsZSBub25jZQ==, x'])],
    [
      'Origin',
      dice.pick(['https://gw.example', 'https://evil.com', 'null', '', 'https://gw.example.evil.com']),
    ],
    ['Sec-WebSocket-Protocol', dice.pick(['chat', 'a, b', '<zq7 a=1>', ''])],
  ]
  return fields.filter(() => dice.chance(0.85))
}
