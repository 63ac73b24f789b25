import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import { HOST } from '../harness/gateway.js'
import type { Reply } from '../harness/person.js'
import { openRaw, type RawConnection } from '../harness/raw-client.js'
import { get } from '../harness/siege.js'
import { A_CODE, type Ask, SESSION_COOKIE } from './all-ways-gateway.js'
import {
  begin,
  KNOWN,
  NO_PROCESS,
  PROCESSES,
  type Processes,
  startProcesses,
  type Waiting,
} from './gateway-processes.js'

/** What the contract allows, in milliseconds. */
const REVOKED_WITHIN = 1_000
const CLOSED_WITHIN = 5_000
/** A whole login with a backup code. */
async function logIn({ backupCodes }: Processes, ask: Ask, mode: 'session' | 'token') {
  const { challenge, cookies } = await begin(ask, mode)
  const json = { challenge, factor: 'backup_code', code: backupCodes.pop() }
  const reply = await ask('/auth/mfa/verify', { json, cookies })
  if (reply.status !== 200) throw new Error(`the login was answered ${reply.status} ${reply.text}`)
  return { cookies: { [SESSION_COOKIE]: reply.cookie(SESSION_COOKIE) }, json: reply.json }
}

/** Asks again and again until it is refused; gives when the last request that passed was sent. */
async function lastPassed(ask: () => Promise<Reply>): Promise<number> {
  let last = -Infinity
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    const sent = performance.now()
    const { status } = await ask()
    if (status === 401) return last
    last = sent
    await sleep(20)
  }
  return Infinity
}

/** Opens a WebSocket through the gateway. */
async function openSocket(port: number, credential: string): Promise<RawConnection> {
  const connection = await openRaw({ port, tls: false }, 2 * CLOSED_WITHIN)
  connection.write(
    get('/calendar/socket', [
      credential,
      'X-Forwarded-Proto: https',
      `Origin: https://${HOST}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]),
  )
  const status = (await connection.answer())?.status
  if (status !== 101) throw new Error(`the WebSocket was answered ${status ?? 'nothing'}`)
  return connection
}

/** Sends many requests at once, each to another process than the one before. */
async function race(
  { asks }: Processes,
  count: number,
  send: (ask: Ask, index: number) => Promise<Reply>,
): Promise<ReadonlyMap<number, number>> {
  const replies = await Promise.all(
    Array.from({ length: count }, async (_, index) => send(asks[index % asks.length] ?? NO_PROCESS, index)),
  )
  const statuses = new Map<number, number>()
  for (const { status } of replies) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  return statuses
}

/** One success, and refusals that are none of the gateway's faults. */
function expectOne(t: Test, statuses: ReadonlyMap<number, number>): void {
  t.comment(Object.fromEntries(statuses))
  t.equal(statuses.get(200), 1, 'one success')
  t.same(
    [...statuses.keys()].filter(status => ![200, 401, 403, 429, 503].includes(status)),
    [],
    'and refusals',
  )
}

await t.test(`${PROCESSES} processes on one store`, { skip: noAuthenticator }, async t => {
  const processes = await startProcesses(t)
  const [here = NO_PROCESS, there = NO_PROCESS] = processes.asks
  const port = processes.ports[1] ?? 0

  await t.test('e8, g9: an end of a session holds on another process within a second', async t => {
    const session = await logIn(processes, here, 'session')
    const tokens = await logIn(processes, here, 'token')
    const authorization = `Bearer ${String(tokens.json.access_token)}`
    const byCookie = () => there('/full/x', { cookies: session.cookies })
    const byToken = () => there('/full/x', { authorization })
    t.equal((await byCookie()).status, 200)
    t.equal((await byToken()).status, 200)
    const socket = await openSocket(port, `Cookie: ${SESSION_COOKIE}=${session.cookies[SESSION_COOKIE]}`)
    t.teardown(() => socket.destroy())

    const watched = [lastPassed(byCookie), lastPassed(byToken)]
    await sleep(100)
    const out = await here('/auth/logout', { json: { everywhere: true }, cookies: session.cookies })
    const ended = performance.now()
    t.match(out.json, { everywhere: true })
    for (const last of await Promise.all(watched)) t.ok(last - ended < REVOKED_WITHIN, `${last - ended} ms`)
    t.ok(await socket.closed(), 'the WebSocket is closed')
    t.ok(performance.now() - ended < CLOSED_WITHIN, `after ${performance.now() - ended} ms`)
    const refreshed = await there('/auth/token/refresh', {
      json: { refresh_token: tokens.json.refresh_token },
    })
    t.equal(refreshed.status, 401, 'the refresh token is dead')
  })

  await t.test('a revoked API token opens nothing on another process within a second', async t => {
    const created = await processes.operator(
      ...['tokens', 'create', 'calendars', '--scope', 'calendar', '--expires', '1d'],
    )
    const token = /gh_[A-Za-z0-9_-]+/.exec(created)?.[0] ?? ''
    const reference = /reference ([A-Za-z0-9_-]+)/.exec(created)?.[1] ?? ''
    const authorization = `Bearer ${token}`
    const asked = () => there('/calendar/x', { authorization })
    t.equal((await asked()).status, 200)
    const socket = await openSocket(port, `Authorization: ${authorization}`)
    t.teardown(() => socket.destroy())
    const watched = lastPassed(asked)
    await processes.operator('tokens', 'revoke', reference)
    const ended = performance.now()
    const last = await watched
    t.ok(last - ended < REVOKED_WITHIN, `${last - ended} ms`)
    t.ok(await socket.closed(), 'the WebSocket is closed')
    t.ok(performance.now() - ended < CLOSED_WITHIN, `after ${performance.now() - ended} ms`)
  })

  await t.test('g10: of 50 who refresh at once one succeeds, and the family is over', async t => {
    const { json } = await logIn(processes, here, 'token')
    const statuses = await race(processes, 50, ask =>
      ask('/auth/token/refresh', { json: { refresh_token: json.refresh_token } }),
    )
    expectOne(t, statuses)
    const { status } = await there('/full/x', { authorization: `Bearer ${String(json.access_token)}` })
    t.equal(status, 401, 'somebody has a copy')
  })

  await t.test('f16: of 200 logins with one stateless token one succeeds', async t => {
    const { json } = await here('/auth/challenge/get', { json: { ...KNOWN, auth_type: 'BACKUP' } })
    const answer = { ...KNOWN, id: json.id, response: processes.backupCodes.pop() }
    const { token } = (await here('/auth/challenge/verify', { json: answer })).json
    const authorization = `MFA authType="BACKUP", token="${String(token)}"`
    expectOne(
      t,
      await race(processes, 200, ask => ask('/auth/stateless/login', { json: KNOWN, authorization })),
    )
  })

  await t.test('f1: of 200 verifications of one code of an app one succeeds', async t => {
    // Half of the logins are in a cookie, half in tokens; four answers each.
    const logins: Waiting[] = []
    for (let index = 0; index < 50; index++)
      logins.push(await begin(here, index % 2 === 0 ? 'session' : 'token'))
    const code = totpCode(processes.totpKey, Date.now())
    expectOne(
      t,
      await race(processes, 200, (ask, index) => {
        const { challenge = '', cookies = {} } = logins[index % logins.length] ?? ({} as Partial<Waiting>)
        return ask('/auth/mfa/verify', { json: { challenge, factor: 'totp', code }, cookies })
      }),
    )
  })

  await t.test('f11: of 200 uses of one backup code one succeeds', async t => {
    const logins: Waiting[] = []
    for (let index = 0; index < 50; index++) logins.push(await begin(here, 'session'))
    const code = processes.backupCodes.pop()
    expectOne(
      t,
      await race(processes, 200, (ask, index) => {
        const { challenge = '', cookies = {} } = logins[index % logins.length] ?? ({} as Partial<Waiting>)
        return ask('/auth/mfa/verify', { json: { challenge, factor: 'backup_code', code }, cookies })
      }),
    )
  })

  await t.test('f13: of 200 uses of one code of a mail one succeeds', async t => {
    const { challenge, cookies } = await begin(here, 'session', 'bob')
    await here('/auth/mfa/challenge', { json: { challenge, factor: 'email' }, cookies })
    const code = await processes.message('email', A_CODE)
    expectOne(
      t,
      await race(processes, 200, ask =>
        ask('/auth/mfa/verify', { json: { challenge, factor: 'email', code }, cookies }),
      ),
    )
  })
})
