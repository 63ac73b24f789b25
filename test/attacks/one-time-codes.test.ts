import t, { type Test } from 'tap'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import { SECOND } from '../harness/gateway.js'
import type { Reply } from '../harness/person.js'
import { A_CODE, DEVICE_COOKIE, LONG_PASSWORD, SESSION_COOKIE, startAllWays } from './all-ways-gateway.js'
import { beginMoment, setUpAlice } from './every-secret.js'

if (noAuthenticator !== false) {
  t.plan(0, noAuthenticator)
  process.exit(0)
}
const MINUTE = 60 * SECOND
const STEP = 30 * SECOND
const ways = await startAllWays(t, 'session: { idle: 1h }\n')
const { ask, gateway, store, upstream } = ways
const { clock } = gateway
const alice = await setUpAlice(ways)
const moment = await beginMoment(alice)
const KNOWN = { username: 'alice', password: LONG_PASSWORD }
const base = clock.now()
store.keep()

/** Everything as it was, at the beginning of a step: every secret is good, and nothing was used. */
t.beforeEach(() => {
  store.rewind()
  upstream.forget()
  clock.advance(base - clock.now())
})

/** A login that waits for its second factor. Without a code, the factor is asked to do its part. */
async function begin(username = 'alice'): Promise<(factor: string, code: unknown) => Promise<Reply>> {
  const login = await ask('/auth/login', { json: { ...KNOWN, username } })
  const cookies = { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) }
  const { challenge } = login.json
  return (factor, code) =>
    code === undefined
      ? ask('/auth/mfa/challenge', { json: { challenge, factor }, cookies })
      : ask('/auth/mfa/verify', { json: { challenge, factor, code }, cookies })
}

const codeOf = (steps: number): string => totpCode(alice.totpKey, clock.now() + steps * STEP)

/** The status of one code in a login of its own. */
async function statusOf(code: unknown, factor = 'totp'): Promise<number> {
  const verify = await begin()
  return (await verify(factor, code)).status
}

t.test('f1: a code of an app is good once, over every way that takes one', async t => {
  const code = codeOf(0)
  t.equal(await statusOf(code), 200)
  t.equal(await statusOf(code), 401, 'another session')
  const { challenge } = (await ask('/auth/login', { json: { ...KNOWN, mode: 'token' } })).json
  t.equal(
    (await ask('/auth/mfa/verify', { json: { challenge, factor: 'totp', code } })).status,
    401,
    'tokens',
  )
  const { id } = (await ask('/auth/challenge/get', { json: { ...KNOWN, auth_type: 'TOTP' } })).json
  const stateless = await ask('/auth/challenge/verify', { json: { ...KNOWN, id, response: code } })
  t.equal(stateless.status, 401, 'the stateless protocol')
  const login = await ask('/auth/login', { json: KNOWN })
  const form = { challenge: String(login.json.challenge), factor: 'totp', code }
  const cookies = { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) }
  t.equal((await ask('/auth/mfa', { form, cookies })).cookie(SESSION_COOKIE), '', 'the form')
})

t.test('f1: a code that was used without a session is used for those with one', async t => {
  const { id } = (await ask('/auth/challenge/get', { json: { ...KNOWN, auth_type: 'TOTP' } })).json
  const code = codeOf(0)
  t.equal((await ask('/auth/challenge/verify', { json: { ...KNOWN, id, response: code } })).status, 200)
  t.equal(await statusOf(code), 401)
})

t.test('f2: a code has one form for checking and consuming, and is a text', async t => {
  const code = codeOf(0)
  const wide = [...code].map(digit => String.fromCodePoint(0xff10 + Number(digit))).join('')
  const arabic = [...code].map(digit => String.fromCodePoint(0x660 + Number(digit))).join('')
  for (const odd of [
    Number(code),
    null,
    [code],
    { code },
    true,
    '',
    wide,
    arabic,
    `+${code}`,
    `0${code}`,
    `${code}0`,
  ])
    t.equal(await statusOf(odd), 400, JSON.stringify(odd))
  const spellings = [`${code} `, ` ${code}`, `${code.slice(0, 3)} ${code.slice(3)}`]
  for (const spelling of spellings) {
    store.rewind()
    t.equal(await statusOf(spelling), 200, JSON.stringify(spelling))
    for (const other of [code, ...spellings]) {
      const status = await statusOf(other)
      t.ok([401, 429].includes(status), `${JSON.stringify(other)} is no second use: ${status}`)
    }
  }
})

t.test('f3: this step and the one before, and never back', async t => {
  for (const [steps, expected] of [
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 401],
  ] as const) {
    store.rewind()
    t.equal(await statusOf(codeOf(steps)), expected, `${steps}`)
  }
  store.rewind()
  t.equal(await statusOf(codeOf(-1)), 200)
  t.equal(await statusOf(codeOf(0)), 200, 'this one after the one before')
  t.equal(await statusOf(codeOf(-1)), 401, 'but not the one before after this one')
})

t.test('f4, f5: a right password, a new challenge or another address buys no further try', async t => {
  const statuses: number[] = []
  for (let round = 0; round < 4; round++) {
    const verify = await begin()
    for (let tries = 0; tries < 4; tries++) statuses.push((await verify('totp', '000000')).status)
  }
  t.equal(statuses.filter(status => status === 401).length, 5)
  t.equal(statuses.filter(status => status === 429).length, 11)
  t.equal(await statusOf(codeOf(0)), 429, 'the right one is not looked at either')
  const from = '10.99.0.1'
  const logins = []
  for (let count = 0; count < 40; count++) logins.push(await begin())
  const replies = await Promise.all(logins.map(async verify => verify('totp', '111111')))
  const many = replies.map(({ status }) => status)
  t.same(new Set(many), new Set([429]), 'nor in parallel')
  t.equal((await ask('/auth/login', { json: KNOWN, from })).status, 202, 'the password is counted apart')
})

t.test('f7: wrong passwords of strangers leave the second factor alone', async t => {
  const verify = await begin()
  for (let tries = 0; tries < 30; tries++) await ask('/auth/login', { json: { ...KNOWN, password: 'wrong' } })
  t.equal((await verify('totp', codeOf(0))).status, 200, 'a login under way ends well')
})

t.test('f9: a password alone changes nothing of the factors, and brings no secret of its own', async t => {
  const cookies = { [SESSION_COOKIE]: await moment.secret('partial cookie') }
  const challenge = await moment.secret('login challenge')
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  const own = { code: totpCode(secret, clock.now()), name: 'x', secret, key: secret }
  const asked: readonly (readonly [string, string, object | undefined])[] = [
    ['POST', '/auth/mfa/enrol/totp', {}],
    ['POST', '/auth/mfa/enrol/totp', { challenge }],
    ['POST', '/auth/mfa/enrol/webauthn', {}],
    ['POST', '/auth/mfa/enrol/totp/confirm', own],
    ['POST', '/auth/mfa/backup-codes', {}],
    ['GET', '/auth/mfa/factors', undefined],
    ['DELETE', '/auth/mfa/factors/1', undefined],
    ['POST', '/auth/mfa/verify', { ...own, challenge, factor: 'totp' }],
  ]
  for (const [method, path, json] of asked) {
    const headers = { Origin: 'https://gw.example' }
    const { status } = await ask(path, { method, json, cookies, headers })
    t.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
  }
  const full = { [SESSION_COOKIE]: await moment.secret('full cookie') }
  t.equal((await ask('/auth/mfa/enrol/totp', { json: { secret }, cookies: full })).status, 200)
  const confirmed = await ask('/auth/mfa/enrol/totp/confirm', { json: own, cookies: full })
  t.equal(confirmed.status, 401, 'the secret is the gateway’s also for whoever may')
})

t.test('f10: a factor is added after a fresh proof only', async t => {
  const cookies = { [SESSION_COOKIE]: await moment.secret('full cookie') }
  clock.advance(6 * MINUTE)
  t.equal((await ask('/full/x', { cookies })).status, 200, 'the session is good')
  for (const path of ['/auth/mfa/enrol/totp', '/auth/mfa/enrol/webauthn', '/auth/mfa/backup-codes']) {
    const reply = await ask(path, { json: {}, cookies })
    t.match(reply, { status: 401, json: { reason: 'step_up_required' } }, path)
    t.match(reply.header('www-authenticate').join(), /insufficient_user_authentication.*max_age="300"/)
  }
})

t.test('f11: a backup code is good once, in whatever spelling', async t => {
  const code = await moment.secret('backup code')
  t.equal(await statusOf(` ${code.toLowerCase().replaceAll('-', ' ')}`, 'backup_code'), 200)
  for (const spelling of [code, code.toLowerCase(), code.replaceAll('-', '')])
    t.equal(await statusOf(spelling, 'backup_code'), 401, spelling)
})

t.test('f13: a code that was sent is good for one login, five minutes and five tries', async t => {
  const code = await moment.secret('e-mail code')
  const cookies = { [SESSION_COOKIE]: await moment.secret('partial cookie') }
  const challenge = await moment.secret('login challenge')
  const verify = (typed: string) =>
    ask('/auth/mfa/verify', { json: { challenge, factor: 'email', code: typed }, cookies })
  t.equal(await statusOf(code, 'email'), 401, 'another login')
  const bob = await begin('bob')
  t.equal((await bob('email', code)).status, 401, 'another user')

  await bob('sms', undefined)
  const first = await ways.message('sms', A_CODE)
  clock.advance(31 * SECOND)
  await bob('sms', undefined)
  const second = await ways.message('sms', A_CODE)
  t.equal((await bob('sms', first)).status, first === second ? 200 : 401, 'a newer one was sent')
  if (first !== second) t.equal((await bob('sms', second)).status, 200, 'which is good')

  store.rewind()
  clock.advance(base - clock.now() + 10 * MINUTE)
  t.equal((await verify(code)).status, 401, 'ten minutes later')

  store.rewind()
  clock.advance(base - clock.now())
  for (let tries = 0; tries < 5; tries++) await verify('000000')
  clock.advance(2 * SECOND)
  t.equal((await verify(code)).status, 401, 'five wrong ones later')

  store.rewind()
  t.equal((await verify(code)).status, 200, 'and otherwise it is right')
})

t.test('f15: a link is spent by the button, not by looking, and only once', async t => {
  const token = await moment.secret('link token')
  const path = `/auth/link/${token}`
  for (const method of ['GET', 'HEAD', 'GET'])
    t.equal(
      (await ask(path, { method, headers: { 'Sec-Purpose': 'prefetch', Accept: 'text/html' } })).status,
      200,
    )
  const elsewhere = await ask('/auth/link/confirm', { form: { token } })
  t.equal(elsewhere.status, 200)
  t.equal(elsewhere.cookie(SESSION_COOKIE), '', 'another browser gets a code, no session')
  t.equal((await ask('/auth/link/confirm', { form: { token } })).status, 410, 'once')
  t.equal((await ask(path)).status, 410)
})

t.test('f16: the token of a stateless login is good once, for five minutes, and for its owner', async t => {
  const token = await moment.secret('stateless token')
  const authorization = `MFA authType="BACKUP", token="${token}"`
  const login = (more: object = {}, header = authorization) =>
    ask('/auth/stateless/login', { json: { ...KNOWN, ...more }, authorization: header })
  t.equal((await login()).status, 200)
  t.equal((await login()).status, 401, 'twice')
  store.rewind()
  t.equal((await login({ username: 'bob' })).status, 401, 'another user')
  store.rewind()
  t.equal((await login({}, authorization.replace('BACKUP', 'TOTP'))).status, 401, 'another factor')
  store.rewind()
  const inQuery = await ask(`/auth/stateless/login?token=${token}&authType=BACKUP`, { json: KNOWN })
  t.equal(inQuery.status, 401, 'in the query')
  t.equal((await ask('/full/x', { authorization })).status, 401, 'a route')
  clock.advance(5 * MINUTE + SECOND)
  t.equal((await login()).status, 401, 'too late')
})

t.test('f18: a clock that is put right makes no used code good again', async t => {
  const code = codeOf(0)
  t.equal(await statusOf(code), 200)
  for (const jump of [-45, -20, 20, 45]) {
    clock.advance(base - clock.now() + jump * SECOND)
    const status = await statusOf(code)
    t.ok([401, 429].includes(status), `${jump} s: ${status}`)
  }
  store.rewind()
  clock.advance(base - clock.now())
  t.equal(await statusOf(totpCode(alice.totpKey, clock.now() + 60 * SECOND)), 401, 'a phone that is ahead')
  t.equal(
    await statusOf(totpCode(alice.totpKey, clock.now() - 60 * SECOND)),
    401,
    'a phone that is far behind',
  )
  t.equal(
    await statusOf(totpCode(alice.totpKey, clock.now() - 30 * SECOND)),
    200,
    'a phone that is a little behind',
  )
})

t.test('f19: what sets an app up is told once, kept nowhere, and in no address', async t => {
  const cookies = { [SESSION_COOKIE]: await moment.secret('full cookie') }
  const offer = await ask('/auth/mfa/enrol/totp', { json: {}, cookies })
  t.match(offer.header('cache-control').join(), /no-store/)
  t.match(String(offer.json.qr_svg), /^<svg/, 'the picture is inline')
  const page = await ask('/auth/account/factors/totp', { form: {}, cookies })
  t.match(page.text, /otpauth:|<svg/)
  t.match(page.header('cache-control').join(), /no-store/)
  t.match(page.header('referrer-policy').join(), /no-referrer|same-origin/)
  t.equal((await ask('/auth/account/factors/totp', { cookies })).status, 404, 'nothing is shown by a GET')
  const log = gateway.logLines.join('\n')
  for (const secret of [String(offer.json.secret), 'otpauth://', await moment.secret('login challenge')])
    t.notOk(log.includes(secret))
})

t.test('f20: a remembered browser spares its owner the second factor, and nobody else', async t => {
  const cookies = { [DEVICE_COOKIE]: await moment.secret('device cookie') }
  const logIn = async (t: Test, username: string, path: string): Promise<number> => {
    const form = { username, password: LONG_PASSWORD, return_to: path }
    const session = (await ask('/auth/login', { form, cookies })).cookie(SESSION_COOKIE)
    t.not(session, '')
    return (await ask(path, { cookies: { [SESSION_COOKIE]: session } })).status
  }
  t.equal(await logIn(t, 'alice', '/full/x'), 200)
  t.equal(await logIn(t, 'bob', '/full/x'), 401, 'another user')
  store.rewind()
  clock.advance(31 * 24 * 60 * MINUTE)
  t.equal(await logIn(t, 'alice', '/full/x'), 401, 'after its time')
})
