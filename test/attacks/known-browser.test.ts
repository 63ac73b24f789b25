import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { SECOND } from '../harness/gateway.js'
import {
  A_CODE,
  type AllWaysGateway,
  LONG_PASSWORD,
  SESSION_COOKIE,
  startAllWays,
} from './all-ways-gateway.js'
import { setUpAlice } from './every-secret.js'

if (noAuthenticator !== false) {
  t.plan(0, noAuthenticator)
  process.exit(0)
}

const BROWSER_COOKIE = '__Host-gatehouse-browser'
const KNOWN = { username: 'alice', password: LONG_PASSWORD }
const WRONG = { ...KNOWN, password: 'wrong' }
/** The documented bound of a known browser, in milliseconds: it does not wait at all. */
const BOUND = 0

/** A whole login of Alice. @returns the cookie by which her browser is known */
async function logIn({ ask }: AllWaysGateway, code: string, browser = ''): Promise<string> {
  const known = { [BROWSER_COOKIE]: browser }
  const login = await ask('/auth/login', { json: KNOWN, cookies: known })
  if (login.cookie(BROWSER_COOKIE) !== '') throw new Error('the password alone makes a browser known')
  const verified = await ask('/auth/mfa/verify', {
    json: { challenge: login.json.challenge, factor: 'backup_code', code },
    cookies: { ...known, [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) },
  })
  return verified.cookie(BROWSER_COOKIE)
}

t.test('f7: strangers hammer the name, and the owner logs in from a known browser', async t => {
  const ways = await startAllWays(t)
  const { ask, gateway } = ways
  const { backupCodes } = await setUpAlice(ways)
  const browser = await logIn(ways, backupCodes.pop() ?? '')
  t.match(browser, /^[A-Za-z0-9_-]{43}$/)
  const began = gateway.clock.now()
  for (let tried = 0; tried < 60; tried++) {
    const { status, header } = await ask('/auth/login', { json: WRONG })
    if (status === 429 && tried < 40) gateway.clock.advance(Number(header('retry-after')[0]) * SECOND)
  }
  t.comment(`strangers went on for ${(gateway.clock.now() - began) / SECOND} s`)
  t.equal((await ask('/auth/login', { json: KNOWN })).status, 429, 'whoever comes as a stranger waits')
  const before = gateway.clock.now()
  const byForm = await ask('/auth/login', { form: KNOWN, cookies: { [BROWSER_COOKIE]: browser } })
  t.equal(byForm.status, 303, 'the form')
  t.match(byForm.header('location')[0], /^\/auth\/mfa/, 'a second factor is due all the same')
  t.equal(await logIn(ways, backupCodes.pop() ?? '', browser), browser, 'and stays known')
  t.equal(gateway.clock.now() - before, BOUND)
})

t.test('a known browser opens nothing, and is known for its own user alone', async t => {
  const ways = await startAllWays(t)
  const { ask } = ways
  const { backupCodes } = await setUpAlice(ways)
  const cookies = { [BROWSER_COOKIE]: await logIn(ways, backupCodes.pop() ?? '') }
  for (const path of ['/auth/session', '/full/x', '/half/x'])
    t.equal((await ask(path, { cookies })).status, 401, path)
  for (let tried = 0; tried < 5; tried++)
    await ask('/auth/login', { json: { ...WRONG, username: 'bob' }, cookies })
  const bob = { ...KNOWN, username: 'bob' }
  t.equal((await ask('/auth/login', { json: bob, cookies })).status, 429, 'to Bob it is strange')
  for (let tried = 0; tried < 5; tried++)
    t.equal((await ask('/auth/login', { json: WRONG, cookies })).status, 401)
  t.equal((await ask('/auth/login', { json: KNOWN, cookies })).status, 429, 'a thief has five tries')
  t.equal((await ask('/auth/login', { json: KNOWN })).status, 202, 'and takes none from others')
})

t.test('a right code of a mail makes a browser known once the login is whole', async t => {
  const ways = await startAllWays(t)
  const { ask, message } = ways
  await setUpAlice(ways)
  const { json } = await ask('/auth/otp/send', { json: { channel: 'email', to: 'alice@app.example' } })
  const code = await message('email', A_CODE)
  const begun = await ask('/auth/otp/authenticate', { json: { id: json.id, code } })
  t.equal(begun.status, 202)
  t.equal(begun.cookie(BROWSER_COOKIE), '')
})

t.test('the answers of a login do not tell whether the browser is known', async t => {
  const ways = await startAllWays(t)
  const { ask } = ways
  const { backupCodes } = await setUpAlice(ways)
  const browser = await logIn(ways, backupCodes.pop() ?? '')
  const answers: unknown[] = []
  for (const value of [browser, 'x'.repeat(43), 'no token', undefined]) {
    const cookies = value === undefined ? {} : { [BROWSER_COOKIE]: value }
    const { status, text, header } = await ask('/auth/login', { json: WRONG, cookies })
    answers.push([status, text, header('set-cookie'), header('cache-control')])
  }
  for (const answer of answers) t.same(answer, answers[0])
})

t.test('the cookie never reaches an app', async t => {
  const ways = await startAllWays(t)
  const { ask, upstream } = ways
  upstream.forget()
  await ask('/public/x', { cookies: { [BROWSER_COOKIE]: 'x'.repeat(43), theirs: '1' } })
  t.notMatch(JSON.stringify(upstream.requests), /gatehouse-browser/)
})
