import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOUR, SECOND } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { createPhone } from './phone.js'
import { claimsOf, createProgram, startOffice, textOf, tokensOf } from './program.js'

const skip = noAuthenticator
const upstream = await startRecordingUpstream(t)
const gateway = await startOffice(t, { upstream: upstream.url })
const MINUTE = 60 * SECOND

t.test('a first login in token mode enrols and ends in tokens', { skip }, async t => {
  const program = createProgram(gateway)
  const first = await program.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
  t.equal(first.status, 202)
  t.same(first.header('set-cookie'), [])
  t.match(first.json, { status: 'mfa_required', expires_in: 300, enrolment: { factor: 'totp' } })
  t.notOk('refresh_token' in first.json || 'id_token' in first.json)
  const { secret } = first.json.enrolment as { secret: string }
  const second = await program.post('/mfa/verify', {
    challenge: textOf(first, 'challenge'),
    factor: 'totp',
    code: createPhone(gateway, 'alice', secret).code(),
  })
  t.equal(second.status, 200)
  t.same(second.header('set-cookie'), [])
  t.match(second.header('cache-control').join(), /no-store/)
  t.match(second.json, {
    token_type: 'Bearer',
    expires_in: 300,
    mfa_verified: true,
    amr: ['pwd', 'otp', 'mfa'],
  })
  t.equal((second.json.backup_codes as unknown[]).length, 10)
  const tokens = tokensOf(second)
  t.match(claimsOf(tokens.access_token), {
    sub: 'alice',
    sid: tokens.session_id,
    mfa_verified: true,
    acr: 'multi',
  })
  program.bearer = tokens.access_token
  t.match((await program.get('/session')).json, {
    user: 'alice',
    session: tokens.session_id,
    assurance: 'multi',
  })
  t.equal((await program.send('GET', '/wiki')).status, 200)
})

t.test(
  'g12: the token of a password alone opens what a password opens, and nothing more',
  { skip },
  async t => {
    const program = createProgram(gateway)
    const first = await program.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
    t.equal(first.status, 202)
    t.notOk('enrolment' in first.json)
    program.bearer = textOf(first, 'access_token')
    t.match(claimsOf(program.bearer), { mfa_verified: false, amr: ['pwd'], acr: 'single' })
    t.equal((await program.send('GET', '/half/x')).status, 200)
    const refused = await program.send('GET', '/wiki')
    t.equal(refused.status, 401)
    t.match(refused.header('www-authenticate').join(), /insufficient_user_authentication/)
    t.match((await program.get('/session')).json, { assurance: 'single', mfa_verified: false })
    for (const [method, path] of [
      ['GET', '/mfa/factors'],
      ['POST', '/mfa/backup-codes'],
      ['POST', '/mfa/enrol/totp'],
      ['POST', '/mfa/enrol/webauthn'],
      ['DELETE', '/mfa/factors/x'],
    ] as const) {
      const reply = await program.send(method, `/auth${path}`, method === 'POST' ? {} : undefined)
      t.match([reply.status, reply.json.reason], [401, 'step_up_required'], path)
      t.match(reply.header('www-authenticate').join(), /insufficient_user_authentication.*max_age="300"/)
      t.match(reply.json.detail, /\/auth\/mfa\/challenge/)
    }
    t.equal((await program.post('/token/refresh', { refresh_token: program.bearer })).status, 401)
  },
)

t.test('a partial token never comes with a challenge for a session that exists', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('alice')
  const due = await program.post('/mfa/challenge')
  t.equal(due.status, 202)
  t.notOk('access_token' in due.json)
})

t.test('the same flow in a cookie', { skip }, async t => {
  const person = createPerson(gateway)
  const first = await person.fetch('/auth/login', {
    method: 'POST',
    json: { username: 'bob', password: PASSWORD },
  })
  t.equal(first.status, 202)
  t.notOk('access_token' in first.json)
  const partial = person.cookieHeader()
  const { secret } = first.json.enrolment as { secret: string }
  const code = createPhone(gateway, 'bob', secret).code()
  const second = await person.fetch('/auth/mfa/verify', {
    method: 'POST',
    json: { challenge: first.json.challenge, factor: 'totp', code },
  })
  t.equal(second.status, 200)
  t.match(second.json, { status: 'ok', user: 'bob', mfa_verified: true })
  t.notOk('access_token' in second.json)
  t.not(person.cookieHeader(), partial, 'under a new id')
  t.equal((await person.fetch('/auth/session')).json.user, 'bob')
})

t.test('the challenge of a cookie is worth nothing without it', { skip }, async t => {
  const person = createPerson(gateway)
  const first = await person.fetch('/auth/login', {
    method: 'POST',
    json: { username: 'alice', password: PASSWORD },
  })
  const answer = {
    challenge: first.json.challenge,
    factor: 'totp',
    code: createPhone(gateway, 'alice').code(),
  }
  const stranger = await createProgram(gateway).post('/mfa/verify', answer)
  t.match([stranger.status, stranger.json.reason], [401, 'expired'])
  t.equal((await person.fetch('/auth/mfa/verify', { method: 'POST', json: answer })).status, 200)
})

t.test('f1, e3: of twenty answers with one code, one gets tokens', { skip }, async t => {
  const program = createProgram(gateway)
  const first = await program.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
  const code = createPhone(gateway, 'alice').code()
  const answer = { challenge: textOf(first, 'challenge'), factor: 'totp', code }
  const replies = await Promise.all(Array.from({ length: 20 }, () => program.post('/mfa/verify', answer)))
  t.equal(replies.filter(reply => reply.status === 200).length, 1)
  t.same(
    [...new Set(replies.map(reply => reply.status))].filter(status => ![200, 401, 429].includes(status)),
    [],
  )
})

t.test('wrong codes use a challenge up', { skip }, async t => {
  const program = createProgram(gateway)
  const first = await program.post('/login', { username: 'carol', password: PASSWORD, mode: 'token' })
  const challenge = textOf(first, 'challenge')
  const { secret } = first.json.enrolment as { secret: string }
  for (let tries = 0; tries < 5; tries++) {
    const wrong = await program.post('/mfa/verify', { challenge, factor: 'totp', code: '000000' })
    t.match([wrong.status, wrong.json.reason], [401, 'wrong_code'])
    t.same(wrong.header('www-authenticate'), ['Bearer'])
  }
  const code = createPhone(gateway, 'carol', secret).code()
  const late = await program.post('/mfa/verify', { challenge, factor: 'totp', code })
  t.ok([401, 429].includes(late.status), `${late.status} ${late.text}`)
  if (late.status === 429) t.match(late.header('retry-after').join(), /^\d+$/)
})

t.test('g10: a refresh token is good once; using it again ends the family', { skip }, async t => {
  const program = createProgram(gateway)
  const first = await program.logIn('alice')
  const refreshed = await program.post('/token/refresh', { refresh_token: first.refresh_token })
  t.equal(refreshed.status, 200)
  const second = tokensOf(refreshed)
  t.not(second.refresh_token, first.refresh_token)
  t.equal(second.session_id, first.session_id)
  t.match(second, { mfa_verified: true, amr: ['pwd', 'otp', 'mfa'] })
  t.notOk('backup_codes' in second)
  program.bearer = second.access_token
  t.equal((await program.send('GET', '/wiki')).status, 200)
  const again = await program.post('/token/refresh', { refresh_token: first.refresh_token })
  t.match([again.status, again.json.reason], [401, 'invalid_token'])
  t.same(again.header('www-authenticate'), ['Bearer error="invalid_token"'])
  gateway.clock.advance(SECOND)
  t.equal((await program.send('GET', '/wiki')).status, 401, 'and every token of the family is dead')
  t.equal((await program.post('/token/refresh', { refresh_token: second.refresh_token })).status, 401)
})

t.test('g10: of twenty refreshes at once at most one succeeds, and the family is over', { skip }, async t => {
  const program = createProgram(gateway)
  const { refresh_token } = await program.logIn('alice')
  program.bearer = undefined
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => program.post('/token/refresh', { refresh_token })),
  )
  const good = replies.filter(reply => reply.status === 200)
  t.equal(good.length, 1)
  t.same(
    replies.filter(reply => ![200, 401].includes(reply.status)),
    [],
  )
  const next = good.map(tokensOf).map(tokens => tokens.refresh_token)
  t.equal((await program.post('/token/refresh', { refresh_token: next[0] })).status, 401)
})

t.test('g11: no refresh moves the end of a family', { skip }, async t => {
  const program = createProgram(gateway)
  let { refresh_token } = await program.logIn('alice')
  program.bearer = undefined
  for (let hours = 0; hours < 11; hours++) {
    gateway.clock.advance(HOUR)
    const reply = await program.post('/token/refresh', { refresh_token })
    t.equal(reply.status, 200, `after ${hours + 1} hours`)
    refresh_token = tokensOf(reply).refresh_token
  }
  gateway.clock.advance(HOUR + SECOND)
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 401)
})

t.test('a step-up makes new tokens, and the old ones are dead', { skip }, async t => {
  const program = createProgram(gateway)
  const old = await program.logIn('alice')
  gateway.clock.advance(4 * MINUTE)
  const due = await program.post('/mfa/challenge')
  t.equal(due.status, 202)
  t.match(due.json.factors, ['totp'])
  const answer = {
    challenge: textOf(due, 'challenge'),
    factor: 'totp',
    code: createPhone(gateway, 'alice').code(),
  }
  const verified = await program.post('/mfa/verify', answer)
  t.equal(verified.status, 200)
  const { access_token, refresh_token, session_id } = tokensOf(verified)
  t.equal(session_id, old.session_id)
  gateway.clock.advance(SECOND)
  t.equal((await program.get('/session')).status, 401, 'the old access token')
  const stale = await program.post('/token/refresh', { refresh_token: old.refresh_token })
  t.equal(stale.status, 401, 'the old refresh token: a copy of it would go unnoticed')
  program.bearer = access_token
  t.equal((await program.get('/session')).status, 200, 'and the login is not ended by it')
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 200)
})

t.test('after mfa_max_age a refresh asks for the second factor, and not before', { skip }, async t => {
  const strict = await startOffice(t, { upstream: upstream.url, more: 'tokens: { mfa_max_age: 1h }\n' })
  const program = createProgram(strict)
  const { refresh_token: first } = await program.logIn('alice')
  program.bearer = undefined
  strict.clock.advance(HOUR - MINUTE)
  const early = await program.post('/token/refresh', { refresh_token: first })
  t.equal(early.status, 200)
  const { refresh_token } = tokensOf(early)
  strict.clock.advance(2 * MINUTE)
  const due = await program.post('/token/refresh', { refresh_token })
  t.equal(due.status, 202)
  t.notOk('access_token' in due.json, 'no token tells of a second factor that is too old')
  const asked = { challenge: textOf(due, 'challenge'), factor: 'totp' }
  const wrong = await program.post('/mfa/verify', { ...asked, code: '000000' })
  t.equal(wrong.status, 401)
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 202, 'it stays good until then')
  const verified = await program.post('/mfa/verify', { ...asked, code: createPhone(strict, 'alice').code() })
  t.equal(verified.status, 200)
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 401)
  const next = tokensOf(verified).refresh_token
  t.equal((await program.post('/token/refresh', { refresh_token: next })).status, 200)
})

t.test('logout ends a session with all its tokens', { skip }, async t => {
  const program = createProgram(gateway)
  const { refresh_token } = await program.logIn('alice')
  const other = createProgram(gateway)
  await other.logIn('alice')
  t.match((await program.post('/logout')).json, { status: 'logged_out', everywhere: false })
  gateway.clock.advance(SECOND)
  t.equal((await program.get('/session')).status, 401)
  t.equal((await program.send('GET', '/wiki')).status, 401)
  t.equal((await program.post('/token/refresh', { refresh_token })).status, 401)
  t.equal((await other.get('/session')).status, 200)
  const third = createProgram(gateway)
  await third.logIn('alice')
  t.match((await third.post('/logout', { everywhere: true })).json, { everywhere: true })
  gateway.clock.advance(SECOND)
  t.equal((await other.get('/session')).status, 401)
})

t.test('a logout needs no body, and tells a token that ends nothing', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('alice')
  t.match((await program.send('POST', '/auth/logout')).json, { status: 'logged_out' })
  gateway.clock.advance(SECOND)
  const again = await program.send('POST', '/auth/logout')
  t.match([again.status, again.json.reason], [401, 'invalid_token'])
})

t.test('whoever has a password alone ends nobody else', { skip }, async t => {
  const owner = createProgram(gateway)
  await owner.logIn('alice')
  const thief = createProgram(gateway)
  const first = await thief.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
  thief.bearer = textOf(first, 'access_token')
  t.match((await thief.post('/logout', { everywhere: true })).json, { everywhere: false })
  gateway.clock.advance(SECOND)
  t.equal((await owner.get('/session')).status, 200)
})

t.test('wrong passwords and unknown users get the same answer', async t => {
  const program = createProgram(gateway)
  const wrong = await program.post('/login', { username: 'dave', password: 'wrong', mode: 'token' })
  const unknown = await program.post('/login', { username: 'nobody', password: 'wrong', mode: 'token' })
  t.equal(wrong.status, 401)
  t.same(wrong.json, unknown.json)
  t.same(wrong.header('www-authenticate'), unknown.header('www-authenticate'))
})
