import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf } from '../harness/raw-client.js'
import { describedBy } from './description.js'
import { createProgram, machineToken, startOffice, textOf } from './program.js'

const skip = noAuthenticator
const gateway = await startOffice(t)
const account = { username: 'alice', password: PASSWORD }

t.test('what is missing or of another type is named, and never repeated', async t => {
  const program = createProgram(gateway)
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{}, /"username" is missing/],
    [{ username: 'alice' }, /"password" is missing/],
    [{ username: 'alice', password: 12345678 }, /"password" is not right.*a text/],
    [{ username: ['alice'], password: 'geheim' }, /"username"/],
    [{ username: { a: 'alice' }, password: 'geheim' }, /"username"/],
    [{ username: 'alice', password: null }, /"password"/],
    [{ username: 'alice', password: '' }, /"password".*1 to 1024/],
    [{ username: 'alice', password: 'p'.repeat(1025) }, /"password".*1 to 1024/],
    [{ username: 'alice', password: 'geheim', mode: 'cookie' }, /"mode".*"session" or "token"/],
    [{ username: 'alice', password: 'geheim', mode: true }, /"mode"/],
    [[account], /a JSON object/],
    ['text', /a JSON object/],
    [7, /a JSON object/],
    [null, /"username" is missing/],
  ]
  for (const [json, detail] of cases) {
    const reply = await program.post('/login', json)
    t.match([reply.status, reply.json.reason], [400, 'invalid_input'], JSON.stringify(json))
    t.match(reply.json.detail, detail)
    t.notMatch(reply.text, /geheim|12345678/)
    t.match(reply.header('content-type').join(), /^application\/problem\+json/)
  }
})

t.test('members that nobody knows are passed over', async t => {
  const reply = await createProgram(gateway).post('/login', { ...account, mode: 'token', colour: 'blue' })
  t.equal(reply.status, 202)
})

t.test('f2: a code is a text, in one form for checking and for using up', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('bob')
  program.bearer = undefined
  const first = await program.post('/login', { ...account, username: 'bob', mode: 'token' })
  const challenge = textOf(first, 'challenge')
  const codes = [
    123456,
    null,
    ['123456'],
    { code: '123456' },
    true,
    '',
    '1234567',
    '12345',
    '+12345',
    'a'.repeat(2000),
  ]
  for (const code of codes) {
    const reply = await program.post('/mfa/verify', { challenge, factor: 'totp', code })
    t.match([reply.status, reply.json.reason], [400, 'invalid_input'], JSON.stringify(code))
  }
})

t.test('l4: what no JSON parser may accept, and what is too large', async t => {
  const bodies: Readonly<Record<string, string>> = {
    broken: '{"username":',
    'two values': '{} {}',
    'a prototype': '{"__proto__":{"username":"alice"},"username":"alice","password":"x"}',
    'a constructor': '{"constructor":{"prototype":{}},"username":"alice","password":"x"}',
    'a deep one': `{"username":${'['.repeat(8000)}${']'.repeat(8000)},"password":"x"}`,
    NaN: '{"username":NaN,"password":"x"}',
  }
  for (const [what, body] of Object.entries(bodies)) {
    const reply = await createPerson(gateway).fetch('/auth/login', {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    })
    t.equal(reply.status, 400, what)
    t.equal(reply.json.reason, 'invalid_input', what)
  }
  const large = JSON.stringify({ ...account, more: 'x'.repeat(40_000) })
  const reply = await createPerson(gateway).fetch('/auth/login', {
    method: 'POST',
    body: large,
    headers: { 'Content-Type': 'application/json' },
  })
  t.equal(reply.status, 413)
})

t.test('a key that answers with something deep is no fault of ours', async t => {
  const program = createProgram(gateway)
  const first = await program.post('/login', { ...account, mode: 'token' })
  const deep = `${'['.repeat(9000)}${']'.repeat(9000)}`
  const response = '{"clientDataJSON":"e30","signature":"AA","authenticatorData":"AA"}'
  const code = `{"id":"AA","rawId":"AA","type":"public-key","response":${response},"more":${deep}}`
  const body = `{"challenge":"${textOf(first, 'challenge')}","factor":"webauthn","code":${code}}`
  const reply = await createPerson(gateway).fetch('/auth/mfa/verify', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  })
  t.ok([400, 401].includes(reply.status), `${reply.status} ${reply.text}`)
})

t.test('forms and texts are not JSON, also where they could be read', async t => {
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
    const reply = await createPerson(gateway).fetch('/auth/stateless/login', {
      method: 'POST',
      body: new URLSearchParams(account).toString(),
      headers: { 'Content-Type': type },
    })
    t.match([reply.status, reply.json.reason], [415, 'unsupported_media_type'], type)
  }
})

t.test('g16: two credentials at once are 400 at every address', { skip }, async t => {
  const program = createProgram(gateway)
  const { access_token } = await program.logIn('carol')
  const person = createPerson(gateway)
  await person.giveUserName('carol')
  const { paths } = await describedBy(gateway)
  for (const [path, operations] of Object.entries(paths)) {
    if (/health|jwks|openapi|assets/.test(path)) continue
    for (const [method, { tags }] of Object.entries(operations)) {
      // What another proxy asks about has credentials of its own, of which forward-auth.test.ts tells.
      if (tags.includes('forward-auth')) continue
      const reply = await person.fetch(path.replace(/\{\w+\}/g, 'x'), {
        method: method.toUpperCase(),
        headers: { Authorization: `Bearer ${access_token}` },
        ...(method === 'get' || method === 'delete' ? {} : { json: {} }),
      })
      t.match([reply.status, reply.json.reason], [400, 'ambiguous_credential'], `${method} ${path}`)
      t.same(reply.header('set-cookie'), [])
    }
  }
})

t.test('g16: a token counts in one form and in one place', { skip }, async t => {
  const program = createProgram(gateway)
  const { access_token: token, refresh_token, id_token } = await program.logIn('dave')
  const get = async (...lines: readonly string[]) => {
    const head = [`GET /auth/session HTTP/1.1`, `Host: ${HOST}`, ...lines]
    const { answers } = await exchange(gateway, `${head.join('\r\n')}\r\n\r\n`, { answers: 1 })
    return answers[0]
  }
  t.equal((await get(`Authorization: bearer ${token}`))?.status, 200, 'the scheme has no case')
  const twice = await get(`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`)
  t.equal(twice?.status, 400)
  t.equal((await get(`Authorization: Bearer  ${token}`))?.status, 400)
  t.equal((await get(`Authorization: Bearer ${token}, Bearer ${token}`))?.status, 400)
  t.equal((await get(`Authorization: Token ${token}`))?.status, 400)
  program.bearer = undefined
  t.equal((await program.get(`/session?access_token=${token}`)).status, 401)
  for (const other of [refresh_token, id_token, await machineToken(gateway, ['authenticate'])]) {
    program.bearer = other
    const reply = await program.get('/session')
    t.match([reply.status, reply.json.reason], [401, 'invalid_token'], other.slice(0, 8))
    t.same(reply.header('www-authenticate'), ['Bearer error="invalid_token"'])
  }
  program.bearer = undefined
  for (const other of [token, id_token, 'ghrt_x', 'x'])
    t.equal((await program.post('/token/refresh', { refresh_token: other })).status, 401)
  program.bearer = refresh_token
  t.equal((await program.post('/token/refresh')).status, 400, 'a refresh token is read from the body only')
  program.bearer = undefined
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 200)
})

t.test('every 401 says how to authenticate, and nothing is stored on the way', async t => {
  const program = createProgram(gateway)
  const { paths } = await describedBy(gateway)
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { tags }] of Object.entries(operations)) {
      if (tags.includes('pages') || tags.includes('service')) continue
      const json =
        method === 'get' || method === 'delete'
          ? undefined
          : { ...account, password: 'wrong', refresh_token: 'x', to: 'x' }
      const reply = await program.send(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), json)
      t.match(reply.header('cache-control').join(), /no-store/, path)
      if (reply.status !== 401) continue
      t.equal(reply.header('www-authenticate').length, 1, `${method} ${path}`)
      t.match(reply.json, { type: 'about:blank', title: 'Unauthorized', status: 401 })
    }
  }
})

t.test('e16: a page of another site makes no browser do any of it', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('erin')
  const { paths } = await describedBy(gateway)
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { tags }] of Object.entries(operations)) {
      if (method === 'get' || tags.includes('forward-auth')) continue
      for (const headers of [
        { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
        { 'Sec-Fetch-Site': 'same-site', Origin: `https://other.${HOST}` },
      ]) {
        const reply = await person.fetch(path.replace(/\{\w+\}/g, 'x'), {
          method: method.toUpperCase(),
          ...(method === 'delete' ? {} : { json: { everywhere: true } }),
          headers,
        })
        t.match([reply.status, reply.json.reason], [403, 'foreign_origin'], `${method} ${path}`)
      }
    }
  }
  t.equal((await person.fetch('/auth/session')).status, 200)
})

t.test('e16: a cookie alone changes nothing without a sign of where it comes from', { skip }, async t => {
  const person = createPerson(gateway)
  await person.login('frank')
  const lines = ['Host: gw.example', `Cookie: ${person.cookieHeader()}`, 'Content-Length: 0']
  for (const target of ['POST /auth/logout', 'POST /auth/mfa/backup-codes', 'DELETE /auth/mfa/factors/x']) {
    const bytes = `${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
    const { answers } = await exchange(gateway, bytes, { answers: 1 })
    t.equal(answers[0]?.status, 403, target)
    t.same(headerOf(answers[0], 'set-cookie'), [])
  }
  t.equal((await person.fetch('/auth/session')).status, 200)
})
