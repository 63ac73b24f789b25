import t from 'tap'
import { isOurCookie } from '../../src/credentials/session-cookie.js'
import { deviceCookieAttributes, deviceCookieName, readDeviceCookie } from '../../src/http/device-cookie.js'

const TOKEN = 'a'.repeat(43)
const OTHER = 'b'.repeat(43)
const NAME = '__Host-gatehouse-device'

t.test('the cookie stays on its host, out of scripts and off plain http', async t => {
  t.equal(deviceCookieName(true), NAME)
  t.equal(deviceCookieName(false), 'gatehouse-device')
  const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 2_592_000 }
  t.strictSame(deviceCookieAttributes(true, 30 * 24 * 60 * 60_000), attributes)
  t.strictSame(deviceCookieAttributes(false, 1), { ...attributes, secure: false, maxAge: 1 })
  t.equal(deviceCookieAttributes(true, 0).maxAge, 0)
  t.equal(deviceCookieAttributes(true, -5).maxAge, 0)
})

t.test('it is one of ours: it never goes upstream, and no upstream sets it', async t => {
  for (const name of [NAME, 'gatehouse-device', '__host-GATEHOUSE-Device', '__Secure-gatehouse-device'])
    t.ok(isOurCookie(name), name)
})

t.test('the token is read by its exact name, once, and as it stands', async t => {
  const reads = (header: string | undefined): string | undefined => readDeviceCookie(header, true)
  t.equal(reads(`${NAME}=${TOKEN}`), TOKEN)
  t.equal(reads(`__Host-gatehouse=${OTHER}; ${NAME}=${TOKEN};x=y`), TOKEN)
  t.equal(readDeviceCookie(`gatehouse-device=${TOKEN}`, false), TOKEN)
  const nothing: Record<string, string | undefined> = {
    absent: undefined,
    empty: '',
    'twice, other last': `${NAME}=${TOKEN}; ${NAME}=${OTHER}`,
    'twice, one of them broken': `${NAME}=x; ${NAME}=${TOKEN}`,
    quoted: `${NAME}="${TOKEN}"`,
    'percent-encoded': `${NAME}=%61${'a'.repeat(42)}`,
    'longer by one': `${NAME}=${TOKEN}a`,
    'with a line break': `${NAME}=${TOKEN}\n`,
    'without the prefix': `gatehouse-device=${TOKEN}`,
    'of a parent domain': `__Secure-gatehouse-device=${TOKEN}`,
    'another case': `__host-gatehouse-device=${TOKEN}`,
    'a longer name': `x${NAME}=${TOKEN}; ${NAME}x=${TOKEN}`,
    'the session cookie': `__Host-gatehouse=${TOKEN}`,
  }
  for (const [what, header] of Object.entries(nothing)) t.equal(reads(header), undefined, what)
})
