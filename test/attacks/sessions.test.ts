import t from 'tap'
import type { Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { DEMO_USERS, PASSWORD, usersYaml } from '../harness/demo-users.js'
import { HOST, HOUR, mixedPolicy, rewriteUsers, SECOND, startGateway } from '../harness/gateway.js'
import type { TestGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import type { Person } from '../harness/person.js'
import { exchange, headerOf, openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { expectAlive, get } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, { upstream: upstream.url })
const siege = { gateway, upstream }
const skip = noAuthenticator

/** The session cookie of a person: name and value. */
function sessionOf(person: Person): readonly [string, string] {
  const found = [...person.cookies].find(([name]) => name.includes('gatehouse'))
  if (found === undefined) throw new Error('there is no session cookie')
  return found
}

/** What the gateway answers for `/admin/x` with these Cookie lines. */
async function adminStatus(cookieLines: readonly string[], from: TestGateway = gateway): Promise<number> {
  const lines = [...cookieLines.map(value => `Cookie: ${value}`), 'Sec-Fetch-Mode: cors']
  const { answers } = await exchange(from, get('/admin/x', lines), { answers: 1 })
  upstream.forget()
  return answers[0]?.status ?? 0
}

/** Somebody who is logged in with both factors, at a gateway of their own where the clock may be moved. */
async function loggedInApart(t: Test, user = 'alice'): Promise<{ own: TestGateway; person: Person }> {
  const own = await startGateway(t, { upstream: upstream.url })
  const person = createPerson(own)
  await person.login(user)
  return { own, person }
}

await t.test(
  'e1: a session that was planted before the login is worth nothing after it',
  { skip },
  async t => {
    const attacker = createPerson(gateway)
    await attacker.giveUserName('mallory')
    const planted = sessionOf(attacker)
    const victim = createPerson(gateway)
    victim.cookies.set(...planted)
    await victim.giveUserName('carol')
    const afterPassword = sessionOf(victim)
    t.not(afterPassword[1], planted[1], 'a new id at the password')
    t.equal((await victim.giveCode(victim.nextCode())).status, 200)
    const afterCode = sessionOf(victim)
    t.not(afterCode[1], afterPassword[1], 'a new id at the code')
    t.equal(await adminStatus([afterCode.join('=')]), 200)
    for (const old of [planted, afterPassword]) t.equal(await adminStatus([old.join('=')]), 401)
    const who = await attacker.fetch('/auth/session')
    t.notMatch(who.text, /carol/, 'the attacker never becomes the victim')
  },
)

await t.test('e1: an id that nobody gave out is not taken over', { skip }, async t => {
  const person = createPerson(gateway)
  person.cookies.set('__Host-gatehouse', 'A'.repeat(43))
  await person.giveUserName('carol')
  t.not(sessionOf(person)[1], 'A'.repeat(43))
})

await t.test('e2: the partial session is dead once the login is whole', { skip }, async t => {
  const person = createPerson(gateway)
  await person.giveUserName('dave')
  const partial = sessionOf(person).join('=')
  t.equal(await adminStatus([partial]), 401, 'it never opened a required route')
  await person.giveCode(person.nextCode())
  t.equal(await adminStatus([person.cookieHeader()]), 200)
  const { answers } = await exchange(gateway, get('/rest', [`Cookie: ${partial}`]), { answers: 1 })
  t.equal(answers[0]?.status, 401, 'and no longer opens what the password opens')
  upstream.forget()
})

await t.test('e2: a right code does not work a second time', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('dave')
  const code = person.nextCode()
  await person.giveUserName('dave')
  t.equal((await person.giveCode(code)).status, 200)
  const other = createPerson(gateway)
  await other.giveUserName('dave')
  t.equal((await other.giveCode(code)).status, 401)
})

await t.test('e3: of fifty right codes at once exactly one opens a session', { skip }, async t => {
  await createPerson(gateway).login('erin')
  const person = createPerson(gateway)
  await person.giveUserName('erin')
  const code = person.nextCode()
  const json = { challenge: person.challenge(), factor: 'totp', code }
  const cookie = person.cookieHeader()
  const replies = await Promise.all(
    Array.from({ length: 50 }, async () =>
      createPerson(gateway).fetch('/auth/mfa/verify', { method: 'POST', json, headers: { Cookie: cookie } }),
    ),
  )
  t.equal(replies.filter(reply => reply.status === 200).length, 1)
  for (const reply of replies) {
    t.ok([200, 401, 409, 429].includes(reply.status), `answered ${reply.status}`)
    if (reply.status !== 200)
      t.same(
        reply.header('set-cookie').filter(value => !/max-age=0/i.test(value)),
        [],
      )
  }
})

await t.test('e4: a challenge belongs to its session', { skip }, async t => {
  await createPerson(gateway).login('frank')
  const tabA = createPerson(gateway)
  const tabB = createPerson(gateway)
  await tabA.giveUserName('frank')
  await tabB.giveUserName('frank')
  const json = { challenge: tabA.challenge(), factor: 'totp', code: tabB.nextCode() }
  t.equal((await tabB.fetch('/auth/mfa/verify', { method: 'POST', json })).status, 401)
  t.equal(await adminStatus([tabB.cookieHeader()]), 401)
  const nobody = createPerson(gateway)
  t.equal((await nobody.fetch('/auth/mfa/verify', { method: 'POST', json })).status, 401)
  const stranger = createPerson(gateway)
  await stranger.giveUserName('mallory')
  t.equal(
    (await stranger.fetch('/auth/mfa/verify', { method: 'POST', json })).status,
    401,
    'nor to another user',
  )
})

await t.test('e5: only the exact cookie, once and as it was given, is a session', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('grace')
  const [name, id] = sessionOf(person)
  t.equal(await adminStatus([`${name}=${id}`]), 200)
  t.equal(await adminStatus([`a=1; ${name}=${id}; b=2`]), 200)
  const first = id.charCodeAt(0).toString(16).padStart(2, '0')
  for (const [what, ...lines] of [
    ['twice, the good one first', `${name}=${id}; ${name}=${'B'.repeat(43)}`],
    ['twice, the good one last', `${name}=${'B'.repeat(43)}; ${name}=${id}`],
    ['twice the same', `${name}=${id}; ${name}=${id}`],
    ['in two headers', `${name}=${id}`, `${name}=${'B'.repeat(43)}`],
    ['in two headers, the good one last', `${name}=`, `${name}=${id}`],
    ['quoted', `${name}="${id}"`],
    ['with an escape', `${name}=%${first}${id.slice(1)}`],
    ['with another case', `${name.toLowerCase()}=${id}`],
    ['with an escape in the name', `${name.replace('g', '%67')}=${id}`],
    ['nameless', `=${name}=${id}`],
    ['with a space before the equals sign', `${name} =${id}`],
    ['with a comma', `a=1, ${name}=${id}`],
    ['with more behind it', `${name}=${id}x`],
    ['with less', `${name}=${id.slice(0, -1)}`],
    ['without the prefix', `gatehouse=${id}`],
    ['in an attribute', `x="${name}=${id}"`],
  ] as const) {
    t.equal(await adminStatus(lines), 401, what)
  }
})

await t.test('e6: the cookie cannot be planted by a sibling host', { skip }, async t => {
  const person = createPerson(gateway)
  const reply = await person.giveUserName('grace')
  const [cookie = '', ...more] = reply.header('set-cookie')
  t.equal(more.length, 0)
  t.match(cookie, /^__Host-/)
  for (const attribute of [
    /; *Path=\/(;|$)/i,
    /; *Secure(;|$)/i,
    /; *HttpOnly(;|$)/i,
    /; *SameSite=(Lax|Strict)(;|$)/i,
  ]) {
    t.match(cookie, attribute)
  }
  t.notMatch(cookie, /; *Domain=/i)
})

const ODD_COOKIES: Readonly<Record<string, readonly string[]>> = {
  'a cookie of 8 kB': [`__Host-gatehouse=${'a'.repeat(8_000)}`],
  '500 cookies': [Array.from({ length: 500 }, (_, at) => `c${at}=x`).join('; ')],
  '150 Cookie headers': Array.from({ length: 150 }, (_, at) => `c${at}=x`),
  'an escape that is none': ['__Host-gatehouse=%zz; a=%'],
  'names of object members': ['__proto__=x; constructor=y; hasOwnProperty=z; toString=1'],
  'nothing at all': [''],
  'only separators': [';;;;=;=;;'],
  'letters beyond ASCII': ['__Host-gatehouse=\xe4\xf6; a=\xff'],
  'the id of a record': ['__Host-gatehouse=../../session'],
}
for (const [what, lines] of Object.entries(ODD_COOKIES)) {
  await t.test(`e7: ${what} opens nothing and breaks nothing`, async t => {
    const status = await adminStatus(lines)
    t.ok([400, 401, 431].includes(status), `answered ${status}`)
    for (const path of ['/auth/session', '/auth/login', '/auth/account', '/public/x']) {
      const { answers } = await exchange(
        gateway,
        get(
          path,
          lines.map(value => `Cookie: ${value}`),
        ),
        { answers: 1 },
      )
      t.ok((answers[0]?.status ?? 500) < 500, `${path} answers ${answers[0]?.status}`)
    }
    upstream.forget()
    await expectAlive(t, siege)
  })
}

await t.test('e7: a NUL in a cookie is refused', async t => {
  t.equal(await adminStatus(['__Host-gatehouse=\x00']), 400)
})

await t.test(
  'e8: after the logout the cookie is dead, also on a connection that is open',
  { skip },
  async t => {
    const person = createPerson(gateway)
    await person.login('heidi')
    const cookie = person.cookieHeader()
    const kept = await openRaw(gateway)
    t.teardown(() => kept.destroy())
    kept.write(get('/admin/x', [`Cookie: ${cookie}`]))
    t.equal((await kept.answer())?.status, 200)
    const reply = await person.logout()
    t.ok(reply.status < 400, `logout answers ${reply.status}`)
    kept.write(get('/admin/x', [`Cookie: ${cookie}`]))
    t.equal((await kept.answer())?.status, 401)
    t.equal(await adminStatus([cookie]), 401)
  },
)

await t.test('e8: the logout closes the open WebSockets of the session, and no other', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('heidi')
  const other = createPerson(gateway)
  await other.login('ivan')
  upstream.answerWith(webSocketEcho)
  const open = async (cookie: string) => {
    const connection = await openRaw(gateway, 7_000)
    t.teardown(() => connection.destroy())
    connection.write(
      get('/admin/socket', [
        `Cookie: ${cookie}`,
        `Origin: https://${HOST}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ]),
    )
    t.equal((await connection.answer())?.status, 101)
    return connection
  }
  const mine = await open(person.cookieHeader())
  const theirs = await open(other.cookieHeader())
  await person.logout()
  t.ok(await mine.closed(), 'closed with the session')
  theirs.write('ping')
  t.ok(await theirs.restHas(4), 'the other one still works')
  upstream.forget()
})

await t.test('e9: neither a link nor another site can log somebody out', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('judy')
  const cookie = person.cookieHeader()
  await person.navigate('/auth/logout')
  t.equal(await adminStatus([cookie]), 200, 'GET')
  await person.navigate('/auth/logout', { 'Sec-Fetch-Site': 'cross-site' })
  t.equal(await adminStatus([cookie]), 200, 'GET of another site')
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'same-site', Origin: `https://evil.${HOST}` },
    { 'Sec-Fetch-Site': 'none', Origin: 'null' },
  ]) {
    t.equal((await person.submit('/auth/logout', {}, headers)).status, 403)
    t.equal(await adminStatus([cookie]), 200)
  }
})

await t.test('e10: a session that rests for the idle limit is over', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  own.clock.advance(HOUR - SECOND)
  t.equal(await adminStatus([cookie], own), 200, 'one second before')
  own.clock.advance(HOUR + SECOND)
  t.equal(await adminStatus([cookie], own), 401, 'one second after')
})

await t.test('e10: a session that is used all the time ends at the absolute limit', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  for (let half = 0; half < 23; half++) {
    own.clock.advance(HOUR / 2)
    t.equal(await adminStatus([cookie], own), 200)
  }
  own.clock.advance(HOUR / 2 - SECOND)
  t.equal(await adminStatus([cookie], own), 200, 'one second before')
  own.clock.advance(2 * SECOND)
  t.equal(await adminStatus([cookie], own), 401, 'one second after')
})

await t.test('e10, l15: a clock that jumps back makes no session longer', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  own.clock.advance(-HOUR)
  t.equal(await adminStatus([cookie], own), 200)
  own.clock.advance(2 * HOUR + SECOND)
  t.equal(await adminStatus([cookie], own), 401)
  own.clock.advance(-2 * HOUR)
  t.equal(await adminStatus([cookie], own), 401, 'and what has ended does not come back')
})

await t.test(
  'l15: a clock that jumps to and fro breaks nothing, and makes no session of before longer',
  { skip },
  async t => {
    const { own, person } = await loggedInApart(t)
    const cookie = person.cookieHeader()
    const year = 365 * 24 * HOUR
    for (const jump of [-year, year, -SECOND, SECOND, -24 * HOUR, 24 * HOUR]) {
      own.clock.advance(jump)
      const status = await adminStatus([cookie], own)
      t.ok(status === 200 || status === 401, `${jump}: ${status}`)
    }
    own.clock.advance(year)
    t.equal(await adminStatus([cookie], own), 401, 'far ahead it is over')
    const later = createPerson(own)
    await later.login('alice')
    t.equal(await adminStatus([later.cookieHeader()], own), 200, 'and people log in')
    own.clock.advance(-year)
    const carol = createPerson(own)
    t.equal((await carol.giveUserName('carol')).status, 202, 'and so they do when it is back')
    own.clock.advance(25 * HOUR)
    for (const old of [cookie, carol.cookieHeader()])
      t.equal(await adminStatus([old], own), 401, 'neither is longer for it')
    t.same(
      own.logLines.filter(line => /"level":(?:50|60)/.test(line)),
      [],
    )
  },
)

await t.test('e11: the logout deletes the cookie under the attributes it was set with', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('judy')
  const [name] = sessionOf(person)
  const cleared =
    (await person.logout()).header('set-cookie').find(value => value.startsWith(`${name}=`)) ?? ''
  t.match(cleared, new RegExp(`^${name}=;`))
  for (const attribute of [/; *Path=\/(;|$)/i, /; *Secure(;|$)/i, /; *Max-Age=0(;|$)/i])
    t.match(cleared, attribute)
  t.notMatch(cleared, /; *Domain=/i)
})

const withChange = (name: string, change: Readonly<Record<string, unknown>>) =>
  usersYaml(DEMO_USERS.map(user => (user.name === name ? { ...user, ...change } : user)))

/** Waits until the gateway has seen the new users file: its watcher runs by the machine's clock. */
async function waitFor(condition: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    if (await condition()) return true
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return false
}

await t.test('e12: the sessions of a user who was disabled are over', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  t.equal(await adminStatus([cookie], own), 200)
  rewriteUsers(own, await withChange('alice', { disabled: true }))
  t.ok(await waitFor(async () => (await adminStatus([cookie], own)) === 401))
  t.equal((await createPerson(own).giveUserName('alice')).status, 401)
})

await t.test('e12: the sessions of a user whose password was changed are over', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  t.equal(await adminStatus([cookie], own), 200)
  rewriteUsers(own, await withChange('alice', { password: 'another long password' }))
  t.ok(await waitFor(async () => (await adminStatus([cookie], own)) === 401))
})

await t.test('e12: the sessions of a user who was removed are over', { skip }, async t => {
  const { own, person } = await loggedInApart(t)
  const cookie = person.cookieHeader()
  rewriteUsers(own, await usersYaml(DEMO_USERS.filter(user => user.name !== 'alice')))
  t.ok(await waitFor(async () => (await adminStatus([cookie], own)) === 401))
})

await t.test('e13: a group that was taken away is gone at the next request', { skip }, async t => {
  const own = await startGateway(t, {
    yaml: mixedPolicy(upstream.url).replace('access: required', 'access: required\n    groups: [ops]'),
  })
  const person = createPerson(own)
  await person.login('alice')
  const cookie = person.cookieHeader()
  t.equal(await adminStatus([cookie], own), 200)
  rewriteUsers(own, await withChange('alice', { groups: ['staff'] }))
  t.ok(await waitFor(async () => (await adminStatus([cookie], own)) === 403))
})

await t.test('e14: what sets a cookie or tells who somebody is is not stored', { skip }, async t => {
  const person = createPerson(gateway)
  const replies = [await person.giveUserName('niaj')]
  replies.push(await person.giveCode(person.nextCode()))
  for (const path of [
    '/auth/session',
    '/auth/login',
    '/auth/account',
    '/auth/mfa',
    '/auth/logout',
    '/auth/nothing',
  ]) {
    replies.push(await person.navigate(path))
  }
  replies.push(
    await createPerson(gateway).navigate('/admin/x'),
    await createPerson(gateway).fetch('/admin/x'),
  )
  replies.push(await person.logout())
  for (const reply of replies) t.match(reply.header('cache-control').join(), /no-store/)
})

await t.test('e14: what an app answers to somebody is kept out of shared caches', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('niaj')
  const { answers } = await exchange(gateway, get('/admin/x', [`Cookie: ${person.cookieHeader()}`]), {
    answers: 1,
  })
  t.match(headerOf(answers[0], 'cache-control').join(), /private|no-store/)
  upstream.forget()
})

await t.test('e15: over plain http nobody logs in, and no session is looked at', { skip }, async t => {
  const own = await startGateway(t, { upstream: upstream.url, tls: false })
  for (const path of ['/auth/login', '/public/x', '/admin/x', '/auth/session']) {
    t.same((await createPerson(own).navigate(path)).header('set-cookie'), [], path)
  }
  const reply = await createPerson(own).giveUserName('alice')
  t.ok(reply.status >= 400 && reply.status < 500, `the login answers ${reply.status}`)
  t.same(reply.header('set-cookie'), [])
  const form = await createPerson(own).submit('/auth/login', { username: 'alice', password: PASSWORD })
  t.same(form.header('set-cookie'), [])
  upstream.forget()
})

/** Ways in which another site can make a browser send a POST. */
const FOREIGN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'from another site': { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
  'from another site, without Origin': { 'Sec-Fetch-Site': 'cross-site' },
  'from a sibling host': { 'Sec-Fetch-Site': 'same-site', Origin: `https://other.${HOST}` },
  'from an opaque origin': { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' },
  'with Origin null alone': { Origin: 'null' },
  'with a foreign Origin alone': { Origin: 'https://evil.example' },
  'with an Origin of the other scheme': { Origin: `http://${HOST}` },
  'with an Origin of another port': { Origin: `https://${HOST}:8443` },
  'with an Origin that only begins alike': { Origin: `https://${HOST}.evil.example` },
  'with a lie in Sec-Fetch-Site': {
    'Sec-Fetch-Site': 'same-origin, cross-site',
    Origin: 'https://evil.example',
  },
}
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const CREDENTIALS = { username: 'niaj', password: PASSWORD, mode: 'session' }

/** A POST with exactly these headers, over a raw connection. */
async function post(path: string, headers: Readonly<Record<string, string>>, body: string) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const bytes =
    get(path, [...lines, `Content-Length: ${Buffer.byteLength(body)}`]).replace('GET', 'POST') + body
  const { answers } = await exchange(gateway, bytes, { answers: 1 })
  return answers[0]
}

for (const [what, headers] of Object.entries(FOREIGN)) {
  await t.test(`e16: a POST ${what} changes nothing`, { skip }, async t => {
    const person = createPerson(gateway)
    await person.login('niaj')
    const Cookie = person.cookieHeader()
    const form = new URLSearchParams(CREDENTIALS).toString()
    for (const path of [
      '/auth/login',
      '/auth/mfa',
      '/auth/enrol',
      '/auth/logout',
      '/auth/account/sessions',
    ]) {
      const answer = await post(path, { ...FORM, ...headers, Cookie }, form)
      t.ok([403, 404].includes(answer?.status ?? 0), `${path} answers ${answer?.status}`)
      t.same(headerOf(answer, 'set-cookie'), [], path)
    }
    for (const type of ['application/json', 'text/plain']) {
      for (const path of ['/auth/login', '/auth/mfa/verify', '/auth/logout']) {
        const answer = await post(
          path,
          { 'Content-Type': type, ...headers, Cookie },
          JSON.stringify(CREDENTIALS),
        )
        t.ok([403, 415].includes(answer?.status ?? 0), `${path} as ${type} answers ${answer?.status}`)
        t.same(headerOf(answer, 'set-cookie'), [], path)
      }
    }
    t.equal(await adminStatus([Cookie]), 200, 'the session lives')
  })
}

await t.test('e16: JSON dressed as a form or as text is no login', async t => {
  const json = JSON.stringify(CREDENTIALS)
  for (const type of [
    'text/plain',
    'text/plain; charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ]) {
    const answer = await post('/auth/login', type === '' ? {} : { 'Content-Type': type }, json)
    t.ok((answer?.status ?? 0) >= 400 && (answer?.status ?? 500) < 500, `${type} answers ${answer?.status}`)
    t.same(headerOf(answer, 'set-cookie'), [])
  }
})

await t.test(
  'e16: a form without any sign of where it comes from is refused, a JSON client is not',
  async t => {
    const form = await post('/auth/login', FORM, new URLSearchParams(CREDENTIALS).toString())
    t.equal(form?.status, 403)
    t.same(headerOf(form, 'set-cookie'), [])
    const json = await post(
      '/auth/login',
      { 'Content-Type': 'application/json' },
      JSON.stringify(CREDENTIALS),
    )
    t.equal(json?.status, 202)
  },
)
