import type { Dice } from './dice.js'

type Some = readonly [string, ...string[]]

const SEGMENTS: Some = [
  ...([
    'admin',
    'public',
    'half',
    'reports',
    'calendar',
    'auth',
    'x',
    'ADMIN',
    '%61dmin',
    'admi%6e',
  ] as const),
  ...['..', '.', '%2e%2e', '.%2e', '%2E.', '%2e', '..;', '..;a=b', '.;', '..%3b', '%252e%252e', '%25%32%65'],
  ...[
    '..%2fadmin',
    '..%5cadmin',
    '%5c..',
    '\\..\\admin',
    '',
    'admin;x=1',
    'admin%00',
    'admin%09',
    'admin%20',
  ],
  ...['admin.', 'admin%0d%0aZq-Injected:1', '%7f', '\x01', '%c0%ae%c0%ae', '%e0%80%af', '%ef%bc%8e%ef%bc%8e'],
  ...[
    '%e2%80%a4',
    '\xe2\x80\xa4\xe2\x80\xa4',
    '%zz',
    '%',
    '%u002e',
    '%ed%a0%80',
    '\xe9',
    '%25',
    '*',
    '**',
    '~',
  ],
  ...[
    '<zq7 a=1>',
    '%3Czq7%20a=1%3E',
    '"zq7x="',
    '%22zq7x=%22',
    "'",
    '`',
    '{x}',
    ':id',
    '__proto__',
    'constructor',
  ],
]
const OWN: Some = [
  ...(['/auth/login', '/auth/mfa', '/auth/enrol', '/auth/account', '/auth/logout', '/auth/session'] as const),
  ...['/auth/account/factors', '/auth/account/tokens', '/auth/account/activity', '/auth/account/password'],
  ...[
    '/auth/jwks.json',
    '/auth/openapi.json',
    '/auth/health/live',
    '/auth/health/ready',
    '/auth/assets/x.css',
  ],
  ...['/auth/link/x', '/auth/link', '/auth/otp', '/auth/passkey', '/auth/mfa/factors', '/auth/mfa/factors/x'],
  ...[
    '/auth',
    '/auth/',
    '/auth//login',
    '/auth/login/',
    '/auth/Login',
    '/auth/%6cogin',
    '/auth/verify',
    '/metrics',
  ],
  ...['/oauth2/auth', '/api/authz/forward-auth', '/auth/../admin', '/auth/login;x', '/auth/assets/..%2fx'],
]
const QUERIES: Some = [
  ...([
    '',
    '',
    '',
    '?',
    '?/public/',
    '?x=/../public/',
    '?x=1&x=2',
    '#/public/',
    '%23/public/',
    '%3f/public/',
  ] as const),
  ...[
    '?return_to=//evil.com',
    '?reason=<zq7 a=1>',
    '?%00',
    '?a[]=1',
    '?__proto__[x]=1',
    '?x=%zz',
    '?\xff',
    '??',
    '?&&&==',
  ],
]
const ROOTS: Some = [
  ...(['', '', '', '', '/', '//', '///', '/\\', '\\', '/./', '/;/', '/%2f'] as const),
  ...[
    'http://gw.example',
    'https://gw.example',
    'http://other',
    'HtTp://u:p@gw.example',
    'http://gw.example?x=',
    'ftp://gw.example',
  ],
  ...[
    'http:/',
    'http:',
    'javascript:',
    'http://gw.example\\@evil.com',
    '//gw.example',
    '//evil.com',
    '*',
    'gw.example:443',
  ],
]

/** A request target that servers have read in more than one way (ATTACKS, b). */
export function hostileTarget(dice: Dice): string {
  if (dice.chance(0.02))
    return dice.pick([
      '*',
      '/',
      '?',
      '#',
      '',
      `/${'%25'.repeat(5_000)}`,
      `/public/${'a/'.repeat(4_000)}`,
      '/.',
    ])
  if (dice.chance(0.25)) return dice.pick(OWN) + dice.pick(QUERIES)
  const first = dice.chance(0.6) ? '/public' : ''
  const segments = dice.times(1 + dice.below(4), () => `/${dice.pick(SEGMENTS)}`).join('')
  return dice.pick(ROOTS) + first + segments + (dice.chance(0.2) ? '/' : '') + dice.pick(QUERIES)
}

/** Targets that no reading can turn into something else: what is around them is under test. */
export function plainTarget(dice: Dice): string {
  if (dice.chance(0.3))
    return dice.pick(['/auth/session', '/auth/account', '/auth/mfa', '/auth/login', '/auth/mfa/factors'])
  return dice.pick(['/public/x', '/public/x', '/full/x', '/half/x', '/reports/x', '/calendar/x', '/'])
}

/** A method, mostly one that there is (b20, b21). */
export function hostileMethod(dice: Dice): string {
  if (dice.chance(0.75)) return 'GET'
  return dice.pick([
    'HEAD',
    'POST',
    'OPTIONS',
    'DELETE',
    'PUT',
    'PATCH',
    'TRACE',
    'PROPFIND',
    'QUERY',
    'FOO',
    'get',
    'CONNECT',
    'M-SEARCH',
    'PRI',
  ])
}

/** A `Host` (b19). */
export function hostileHost(dice: Dice): string {
  return dice.pick([
    ...([
      'gw.example',
      'GW.EXAMPLE',
      'gw.example.',
      'gw.example:443',
      'gw.example:8443',
      'gw.example:',
      'gw.example:x',
    ] as const),
    ...[
      'gw@evil.com',
      'a, b',
      '',
      ' ',
      'evil.com',
      'gw.example.evil.com',
      'gw.example/x',
      'gw.example?x',
      'gw.example#x',
    ],
    ...[
      'gw_example',
      '[::1]',
      '[::1',
      '127.0.0.1',
      '0x7f.1',
      'localhost',
      'gw.example:99999',
      'gw.example:0443',
      'gw.example:+443',
    ],
    ...[
      '\xe7w.example',
      'xn--gw-.example',
      'gw.example\t',
      'gw..example',
      '.gw.example',
      'g%77.example',
      '<zq7 a=1>',
      `${'a'.repeat(300)}.example`,
    ],
  ])
}

/** Where a login may not end (d), and a few places where it may. */
export function hostileReturnTo(dice: Dice): string {
  const pieces: Some = [
    ...([
      '/',
      '//',
      '///',
      '\\',
      '/\\',
      '.',
      '..',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      '%5c',
      '%00',
      '%09',
      '%0d%0a',
      '%2e',
      ';',
    ] as const),
    ...[
      '\t',
      '\n',
      ' ',
      'https:',
      'http:',
      'javascript:',
      'data:text/html,',
      'evil.com',
      'gw.example',
      'sub.gw.example',
      ':443',
      ':8443',
    ],
    ...[
      'auth/logout',
      'auth/account',
      'public/x',
      '<zq7 a=1>',
      '"zq7x="',
      '\xe3\x80\x82',
      '%252f',
      'user:pw@',
      '[::1]',
      'x',
      'HTTPS:',
      '%40',
    ],
  ]
  if (dice.chance(0.15))
    return dice.pick(['/full/x', '/auth/account', 'https://gw.example/full/x', `/${'a'.repeat(9_000)}`])
  return dice.times(1 + dice.below(6), () => dice.pick(pieces)).join('')
}
