import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, SECOND } from '../harness/gateway.js'
import { createSecurityKey } from '../harness/security-key.js'
import { createPhone } from './phone.js'
import { createProgram, type Program, startOffice, textOf, tokensOf } from './program.js'

const skip = noAuthenticator
const gateway = await startOffice(t)
const MINUTE = 60 * SECOND

interface Listed {
  readonly id: string
  readonly factor: string
  readonly name: string
}

async function factorsOf(program: Program): Promise<readonly Listed[]> {
  return (await program.get('/mfa/factors')).json.factors as readonly Listed[]
}

t.test('factors are added, named and removed', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('alice')
  const [app] = await factorsOf(program)
  t.match(app, { factor: 'totp', name: 'Authenticator app' })
  t.equal((await program.get('/mfa/factors')).json.backup_codes_left, 10)

  const key = createSecurityKey({ origin: `https://${HOST}`, rpId: HOST })
  const offer = await program.post('/mfa/enrol/webauthn')
  t.match([offer.status, offer.json.factor], [200, 'webauthn'])
  const code = JSON.parse(key.create(offer.json.options)) as object
  t.equal((await program.post('/mfa/enrol/webauthn/confirm', { code, name: 'Blue key' })).status, 200)

  const second = await program.post('/mfa/enrol/totp')
  t.match(second.json, { factor: 'totp', otpauth_uri: /^otpauth:/, qr_svg: /^<svg/ })
  t.same((await program.post('/mfa/enrol/totp')).json, second.json, 'the same offer until it is confirmed')
  const tablet = createPhone(gateway, 'tablet', textOf(second, 'secret'))
  const wrong = await program.post('/mfa/enrol/totp/confirm', { code: '000000', name: 'Tablet' })
  t.match([wrong.status, wrong.json.reason], [401, 'wrong_code'])
  const kept = await program.post('/mfa/enrol/totp/confirm', { code: tablet.code(), name: 'Tablet' })
  t.same(kept.json, { status: 'changed' })
  const names = (await factorsOf(program)).map(({ name }) => name)
  t.same(names.sort(), ['Authenticator app', 'Blue key', 'Tablet'])

  const added = (await factorsOf(program)).find(({ name }) => name === 'Tablet')
  const path = `/auth/mfa/factors/${added?.id ?? ''}`
  t.equal((await program.send('PATCH', path, { name: 'Old tablet' })).status, 200)
  t.ok((await factorsOf(program)).some(({ name }) => name === 'Old tablet'))
  t.equal((await program.send('DELETE', path)).status, 200)
  t.equal((await factorsOf(program)).length, 2)
  t.match((await program.send('DELETE', path)).json, { status: 404, reason: 'not_found' })
  t.match((await program.send('PATCH', path, { name: 'x' })).json, { status: 400, reason: 'unsuitable' })
})

t.test('f10: each change needs a second factor of the last five minutes', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('bob')
  const { id = '' } = (await factorsOf(program))[0] ?? {}
  const { access_token } = tokensOf(
    await program.post('/token/refresh', { refresh_token: (await program.logIn('bob')).refresh_token }),
  )
  program.bearer = access_token
  gateway.clock.advance(4 * MINUTE)
  t.equal((await program.get('/mfa/factors')).status, 200)
  const { refresh_token } = await program.logIn('bob')
  gateway.clock.advance(5 * MINUTE + SECOND)
  program.bearer = tokensOf(await program.post('/token/refresh', { refresh_token })).access_token
  t.equal((await program.get('/session')).status, 200, 'the session lives')
  const asks: readonly (readonly [string, string, unknown?])[] = [
    ['GET', '/mfa/factors'],
    ['POST', '/mfa/enrol/totp', {}],
    ['POST', '/mfa/enrol/totp/confirm', { code: '123456', name: 'x' }],
    ['POST', '/mfa/enrol/webauthn', {}],
    ['POST', '/mfa/backup-codes'],
    ['PATCH', `/mfa/factors/${id}`, { name: 'x' }],
    ['DELETE', `/mfa/factors/${id}`],
  ]
  for (const [method, path, json] of asks) {
    const reply = await program.send(method, `/auth${path}`, json)
    t.match([reply.status, reply.json.reason], [401, 'step_up_required'], `${method} ${path}`)
    t.match(reply.header('www-authenticate').join(), /^Bearer error="insufficient_user_authentication"/)
  }
  const due = await program.post('/mfa/challenge')
  const verified = await program.post('/mfa/verify', {
    challenge: textOf(due, 'challenge'),
    factor: 'totp',
    code: createPhone(gateway, 'bob').code(),
  })
  program.bearer = tokensOf(verified).access_token
  t.equal((await program.get('/mfa/factors')).status, 200)
})

t.test('the last factor stays', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('carol')
  const { id = '' } = (await factorsOf(program))[0] ?? {}
  const reply = await program.send('DELETE', `/auth/mfa/factors/${id}`)
  t.match([reply.status, reply.json.reason], [409, 'last_factor'])
})

t.test('f11, f12: new backup codes kill the old ones, and each is good once', { skip }, async t => {
  const program = createProgram(gateway)
  await program.logIn('dave')
  const old = (await program.post('/mfa/backup-codes')).json.backup_codes as string[]
  const made = (await program.post('/mfa/backup-codes')).json.backup_codes as string[]
  t.equal(made.length, 10)
  const answer = async (code: string) => {
    const first = await program.post('/login', { username: 'dave', password: PASSWORD, mode: 'token' })
    return program.post('/mfa/verify', { challenge: textOf(first, 'challenge'), factor: 'backup_code', code })
  }
  program.bearer = undefined
  t.equal((await answer(old[0] ?? '')).status, 401)
  t.equal((await answer(made[0] ?? '')).status, 200)
  t.equal((await answer(made[0] ?? '')).status, 401)
})

t.test("f9: nobody's secret is taken but the gateway's, and only where it was offered", { skip }, async t => {
  const program = createProgram(gateway)
  const first = await program.post('/login', { username: 'erin', password: PASSWORD, mode: 'token' })
  program.bearer = textOf(first, 'access_token')
  const own = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const phone = createPhone(gateway, 'planted', own)
  const planted = { challenge: textOf(first, 'challenge'), factor: 'totp', code: phone.code(), secret: own }
  t.equal((await program.post('/mfa/verify', planted)).status, 401)
  const skipped = { code: phone.code(), name: 'x', secret: own }
  t.equal((await program.post('/mfa/enrol/totp/confirm', skipped)).status, 401)
})

t.test('f8: where the operator asks for a ticket, the 202 says so', async t => {
  const strict = await startOffice(t, { factors: '[totp]\n  enrolment: ticket', methods: '[password]' })
  const program = createProgram(strict)
  const first = await program.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
  t.equal(first.status, 202)
  t.same(first.json.enrolment, { factor: 'totp', ticket_required: true })
  const challenge = textOf(first, 'challenge')
  for (const body of [{ challenge }, { challenge, ticket: 'guess' }]) {
    const reply = await program.post('/mfa/enrol/totp', body)
    t.match([reply.status, reply.json.reason], [403, 'wrong_ticket'])
  }
  const early = await program.post('/mfa/verify', { challenge, factor: 'totp', code: '123456' })
  t.ok([400, 403].includes(early.status), `${early.status}`)
})
