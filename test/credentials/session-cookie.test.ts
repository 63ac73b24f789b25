import t from 'tap'
import {
  isOurCookie,
  readSessionCookie,
  sessionCookieAttributes,
  sessionCookieName,
} from '../../src/credentials/session-cookie.js'

const ID = 'a'.repeat(43)
const OTHER = 'b'.repeat(43)
const HOST = { secure: true, domain: undefined }
const NAME = '__Host-gatehouse'

t.test('the name says how far the cookie reaches', async t => {
  t.equal(sessionCookieName(HOST), NAME)
  t.equal(sessionCookieName({ secure: true, domain: 'example.com' }), '__Secure-gatehouse')
  t.equal(sessionCookieName({ secure: false, domain: undefined }), 'gatehouse')
})

t.test(
  'the cookie stays on its host, out of scripts and off plain http, unless a domain is shared (e11)',
  async t => {
    const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' }
    t.strictSame(sessionCookieAttributes(HOST), attributes)
    const shared = { secure: true, domain: 'example.com' }
    t.strictSame(sessionCookieAttributes(shared), { ...attributes, domain: 'example.com' })
    t.equal(sessionCookieAttributes({ secure: false, domain: undefined }).secure, false)
  },
)

t.test('e5: the session cookie is read by its exact name, once, and as it stands', async t => {
  const reads = (header: string): string | undefined => readSessionCookie(header, NAME)
  t.equal(reads(`${NAME}=${ID}`), ID)
  t.equal(reads(`a=1; ${NAME}=${ID}; b=2`), ID)
  t.equal(reads(`a=1;${NAME}=${ID}`), ID)
  t.equal(readSessionCookie(undefined, NAME), undefined)
  const nothing: Record<string, string> = {
    'twice, other last': `${NAME}=${ID}; ${NAME}=${OTHER}`,
    'twice, other first': `${NAME}=${OTHER}; ${NAME}=${ID}`,
    'twice, one of them broken': `${NAME}=x; ${NAME}=${ID}`,
    'twice, one of them empty': `${NAME}=${ID}; ${NAME}=`,
    quoted: `${NAME}="${ID}"`,
    'percent-encoded': `${NAME}=%61${'a'.repeat(42)}`,
    'longer by one': `${NAME}=${ID}a`,
    'with a line break': `${NAME}=${ID}\n`,
    'another case': `__host-gatehouse=${ID}`,
    'a longer name': `x${NAME}=${ID}; ${NAME}x=${ID}`,
    nameless: `=${NAME}=${ID}`,
    'inside a value': `a="; b=${NAME}=${ID}"`,
    'a space before the equals sign': `${NAME} =${ID}`,
    empty: '',
    'only semicolons': ';;; ;',
  }
  for (const [what, header] of Object.entries(nothing)) t.equal(reads(header), undefined, what)
  t.equal(reads(`$Version=1; ${NAME}=${ID}; $Path=/`), ID, 'attributes of old cookies are other cookies')
})

t.test('e7: huge and odd Cookie headers are read in one pass', async t => {
  const many = Array.from({ length: 500 }, (_, i) => `c${String(i)}=__proto__`).join('; ')
  t.equal(readSessionCookie(`${many}; ${NAME}=${ID}`, NAME), ID)
  t.equal(readSessionCookie(`__proto__=x; \0=\0; %zz=%; ${NAME}=${ID}`, NAME), ID)
})

t.test('our cookies are recognised in every spelling, and others are not', async t => {
  for (const name of [
    'gatehouse',
    'GateHouse',
    '__Host-gatehouse',
    '__SECURE-GATEHOUSE',
    'gatehouse_x',
    'gatehouse-x',
    '__Host-gatehouse-csrf',
    ' gatehouse ',
  ])
    t.ok(isOurCookie(name), name)
  for (const name of ['gatehouses', 'my-gatehouse', '__Host-gate', 'gate_house', '', '__Host-x-gatehouse'])
    t.notOk(isOurCookie(name), name)
})
