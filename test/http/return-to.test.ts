import t from 'tap'
import fc from 'fast-check'
import { createReturnToCheck } from '../../src/http/return-to.js'

const ORIGIN = 'https://auth.example.com'
const check = createReturnToCheck(ORIGIN, '/auth', [
  'auth.example.com',
  'wiki.example.com',
  '*.apps.example.com',
  '*.local',
])

/** How a browser that is lax in every way would read an address in `Location`. */
function laxHost(address: string): string {
  const clean = address
    .replace(/[\t\r\n]/g, '')
    .replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '')
    .replaceAll('\\', '/')
  const match = /^(?:[a-z][a-z0-9+.-]*:)?\/\/+([^/?#]*)/i.exec(clean)
  if (match === null) return /^[a-z][a-z0-9+.-]*:/i.test(clean) ? clean : 'auth.example.com'
  return (match[1] ?? '').replace(/^.*@/, '')
}

const allowed = (host: string) =>
  host === 'auth.example.com' ||
  host === 'wiki.example.com' ||
  /^[^.]+\.apps\.example\.com$/.test(host) ||
  /^[^.]+\.local$/.test(host)

const piece = fc.constantFrom(
  '/',
  '//',
  '\\',
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
  '%2e',
  '\t',
  '\n',
  ' ',
  '\0',
  ';',
  '&',
  'https:',
  'http:',
  'javascript:',
  'data:',
  'evil.com',
  'auth.example.com',
  'wiki.example.com',
  'x.apps.example.com',
  'a.b.apps.example.com',
  'apps.example.com',
  'local',
  ':443',
  ':8443',
  '[::1]',
  '。',
  'é',
  'auth',
  'a',
  '/a',
  'https://wiki.example.com',
)
const address = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join('')),
  fc.webUrl(),
  fc.string(),
)

t.test('whatever is accepted leads, for strict and for lax browsers, to a host of ours', async () => {
  fc.assert(
    fc.property(address, wanted => {
      const safe = check(wanted)
      if (safe === undefined) return true
      const url = new URL(safe, `${ORIGIN}/auth/login`)
      return (
        allowed(url.hostname) &&
        url.protocol === 'https:' &&
        url.port === '' &&
        url.username === '' &&
        allowed(laxHost(safe))
      )
    }),
    { numRuns: 5_000 },
  )
})

t.test('what is accepted is accepted again, as it is', async () => {
  fc.assert(
    fc.property(address, wanted => {
      const safe = check(wanted)
      return safe === undefined || check(safe) === safe
    }),
    { numRuns: 2_000 },
  )
})

t.test('paths and addresses of apps come back', async t => {
  for (const wanted of [
    '/',
    '/desk?a=//b#c',
    '/auth/account',
    '/auth/account/factors?done=proved',
    'https://wiki.example.com/a%20b?q',
    'https://x.apps.example.com/',
  ])
    t.equal(check(wanted), wanted)
  t.equal(check('https://wiki.example.com'), 'https://wiki.example.com/')
})

t.test('everything else does not', async t => {
  for (const wanted of [
    undefined,
    null,
    1,
    ['/a'],
    {},
    '',
    '//evil.com',
    '/\\evil.com',
    '/auth/logout',
    '/auth/login',
    '/auth',
    'wiki.example.com',
    'http://wiki.example.com/',
    'https://wiki.example.com:8443/',
    'https://wiki.example.com%2e',
    'https://wiki.example.com.',
    'https://u@wiki.example.com/',
    'https://evil.com/',
    'https://a.b.apps.example.com/',
    'https://apps.example.com/',
    'https://local/',
    'https:wiki.example.com',
    'javascript:alert(1)',
    `/${'a'.repeat(5_000)}`,
    '/a/../b',
    '/%2e/b',
    '/a%2fb',
    '/a//b',
    'https://wiki.example.com/a/../b',
    'https://wiki.example.com/auth/logout',
  ])
    t.equal(check(wanted), undefined, JSON.stringify([wanted]).slice(0, 60))
})
