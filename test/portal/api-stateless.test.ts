import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { SECOND } from '../harness/gateway.js'
import { codeIn } from './ways-in.js'
import { createPhone } from './phone.js'
import { claimsOf, createProgram, messageTo, startOffice, textOf, tokensOf } from './program.js'

const skip = noAuthenticator
const gateway = await startOffice(t, { factors: '[totp, webauthn, backup_code, email, sms]' })
const totpOnly = await startOffice(t)
const account = (username: string) => ({ username, password: PASSWORD })
const header = (authType: string, token: string) => ({
  Authorization: `MFA authType="${authType}", token="${token}"`,
})

/** Somebody with an app, and with nothing else that would do. */
async function withApp(name: string): Promise<void> {
  await createProgram(totpOnly).logIn(name)
}

async function tokenFor(name: string): Promise<string> {
  const program = createProgram(totpOnly)
  const asked = await program.post('/challenge/get', account(name))
  const verified = await program.post('/challenge/verify', {
    ...account(name),
    id: textOf(asked, 'id'),
    response: createPhone(totpOnly, name).code(),
  })
  return textOf(verified, 'token')
}

t.test('the whole protocol with an authenticator app', { skip }, async t => {
  await withApp('alice')
  const program = createProgram(totpOnly)
  const first = await program.post('/stateless/login', account('alice'))
  t.match([first.status, first.json.reason], [401, 'mfa_required'])
  t.same(first.header('www-authenticate'), ['MFA authType="TOTP", realm="gw.example"'])
  t.match(first.json.auth_types, ['TOTP', 'BACKUP'])
  t.same(first.header('set-cookie'), [])
  const token = await tokenFor('alice')
  const second = await program.post('/stateless/login', account('alice'), header('TOTP', token))
  t.equal(second.status, 200)
  t.match(second.json, { token_type: 'Bearer', mfa_verified: true, amr: ['pwd', 'otp', 'mfa'] })
  t.same(second.header('set-cookie'), [])
  t.match(claimsOf(tokensOf(second).access_token), { sub: 'alice' })
  const third = await program.post('/stateless/login', account('alice'), header('TOTP', token))
  t.equal(third.status, 401, 'a token is good once')
  t.same(third.header('www-authenticate'), first.header('www-authenticate'))
})

t.test('older clients leave the scheme out', { skip }, async t => {
  await withApp('alice')
  for (const separator of [' ', ', ', ',']) {
    const Authorization = `authType="TOTP"${separator}token="${await tokenFor('alice')}"`
    const reply = await createProgram(totpOnly).post('/stateless/login', account('alice'), { Authorization })
    t.equal(reply.status, 200, Authorization)
  }
})

t.test('codes by mail and by text message', async t => {
  for (const [name, authType, kind, to] of [
    ['carol', 'EMAIL', 'mails', 'carol@app.example'],
    ['dave', 'SMS', 'texts', '+491701234563'],
  ] as const) {
    const program = createProgram(gateway)
    const asked = await program.post('/challenge/get', { ...account(name), auth_type: authType })
    t.equal(asked.status, 200)
    t.match(asked.json, { auth_type: authType })
    t.notMatch(asked.text, to, 'the target is masked')
    const response = codeIn(await messageTo(gateway, kind, to))
    const id = textOf(asked, 'id')
    const token = textOf(await program.post('/challenge/verify', { ...account(name), id, response }), 'token')
    const done = await program.post('/stateless/login', account(name), header(authType, token))
    t.equal(done.status, 200)
    t.match(done.json.amr, ['pwd', authType === 'SMS' ? 'sms' : 'eml', 'mfa'])
  }
})

t.test('a backup code does where the app is lost', { skip }, async t => {
  const program = createProgram(totpOnly)
  const first = await program.post('/login', { ...account('erin'), mode: 'token' })
  const { secret } = first.json.enrolment as { secret: string }
  const enrolled = await program.post('/mfa/verify', {
    challenge: textOf(first, 'challenge'),
    factor: 'totp',
    code: createPhone(totpOnly, 'erin', secret).code(),
  })
  const [response = ''] = enrolled.json.backup_codes as string[]
  const asked = await program.post('/challenge/get', { ...account('erin'), auth_type: 'BACKUP' })
  const answer = { ...account('erin'), id: textOf(asked, 'id'), response }
  const token = textOf(await program.post('/challenge/verify', answer), 'token')
  t.equal((await program.post('/stateless/login', account('erin'), header('BACKUP', token))).status, 200)
  const again = await program.post('/challenge/verify', answer)
  t.equal(again.status, 401)
})

t.test(
  'f16: another user, another factor, too late, or invented: 401 as without a token',
  { skip },
  async t => {
    await withApp('alice')
    await withApp('frank')
    const program = createProgram(totpOnly)
    const without = await program.post('/stateless/login', account('frank'))
    const refusals = {
      'of another user': header('TOTP', await tokenFor('alice')),
      'as another factor': header('BACKUP', await tokenFor('frank')),
      invented: header('TOTP', 'a'.repeat(43)),
    }
    for (const [what, headers] of Object.entries(refusals)) {
      const reply = await program.post('/stateless/login', account('frank'), headers)
      t.equal(reply.status, 401, what)
      t.same(reply.json, without.json, what)
      t.same(reply.header('www-authenticate'), without.header('www-authenticate'), what)
    }
    const late = await tokenFor('frank')
    totpOnly.clock.advance(301 * SECOND)
    t.equal((await program.post('/stateless/login', account('frank'), header('TOTP', late))).status, 401)
    const good = await tokenFor('frank')
    const query = await program.send('POST', `/auth/stateless/login?token=${good}`, account('frank'))
    t.equal(query.status, 401, 'in the query')
    const wrong = { username: 'frank', password: 'wrong' }
    const stolen = await program.post('/stateless/login', wrong, header('TOTP', good))
    t.match([stolen.status, stolen.json.reason], [401, 'wrong_credentials'])
    program.bearer = good
    t.equal((await program.get('/session')).status, 401, 'as a bearer token')
  },
)

t.test('f16: of twenty logins with one token, one succeeds', { skip }, async t => {
  await withApp('alice')
  const token = await tokenFor('alice')
  const program = createProgram(totpOnly)
  const replies = await Promise.all(
    Array.from({ length: 20 }, () =>
      program.post('/stateless/login', account('alice'), header('TOTP', token)),
    ),
  )
  t.equal(replies.filter(reply => reply.status === 200).length, 1)
})

t.test('an Authorization that is not exactly this is 400', async t => {
  const program = createProgram(totpOnly)
  for (const Authorization of [
    'MFA',
    'MFA token="abc"',
    'MFA authType="TOTP"',
    'MFA authType="NONE", token="abc"',
    'MFA authType="totp", token="abc"',
    'MFA authType=TOTP, token=abc',
    'MFA authType="TOTP", token=""',
    'MFA authType="TOTP", token="a b"',
    'MFA authType="TOTP", token="abc", token="abd"',
    'MFA authType="TOTP", token="abc" ,',
    `MFA authType="TOTP", token="${'a'.repeat(257)}"`,
    'authType="TOTP"token="abc"',
    'authType="TOTP";token="abc"',
    'Bearer abc',
    'Basic YTpi',
  ]) {
    const reply = await program.post('/stateless/login', account('grace'), { Authorization })
    t.match([reply.status, reply.json.reason], [400, 'invalid_input'], Authorization)
  }
})

t.test('a challenge is for one user, one answer and five tries', { skip }, async t => {
  await withApp('alice')
  await withApp('heidi')
  const program = createProgram(totpOnly)
  const id = textOf(await program.post('/challenge/get', account('alice')), 'id')
  const foreign = { ...account('heidi'), id, response: createPhone(totpOnly, 'heidi').code() }
  t.match((await program.post('/challenge/verify', foreign)).json, { status: 401, reason: 'expired' })
  const response = createPhone(totpOnly, 'alice').code()
  t.equal((await program.post('/challenge/verify', { ...account('alice'), id, response })).status, 200)
  t.equal((await program.post('/challenge/verify', { ...account('alice'), id, response })).status, 401)
})

t.test('who has no factor that needs no browser is told so', async t => {
  const reply = await createProgram(totpOnly).post('/stateless/login', account('ivan'))
  t.match([reply.status, reply.json.reason], [403, 'no_suitable_factor'])
})
