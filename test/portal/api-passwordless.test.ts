import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, SECOND, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { createSecurityKey } from '../harness/security-key.js'
import { createPhone } from './phone.js'
import {
  claimsOf,
  createProgram,
  machineToken,
  messageCount,
  messageTo,
  phoneOf,
  type Program,
  startOffice,
  textOf,
  tokensOf,
} from './program.js'
import { openTab } from './tab.js'
import { codeIn, linkIn } from './ways-in.js'

const skip = noAuthenticator
const gateway = await startOffice(t, { factors: '[totp, webauthn, backup_code, email, sms]' })

async function backend(scopes: readonly string[] = ['authenticate']): Promise<Program> {
  const program = createProgram(gateway)
  program.bearer = await machineToken(gateway, scopes)
  return program
}

/** Has a code sent, and gives what answers it. */
async function sendCode(program: Program, channel: 'email' | 'sms', name: string) {
  const kind = channel === 'email' ? 'mails' : 'texts'
  const to = channel === 'email' ? `${name}@app.example` : phoneOf(name)
  const before = messageCount(gateway, kind)
  // There are 30 seconds between two messages to one target.
  gateway.clock.advance(31 * SECOND)
  const begun = await program.post('/otp/send', { channel, to })
  return { id: textOf(begun, 'id'), code: codeIn(await messageTo(gateway, kind, to, before)) }
}

t.test('a backend gathers several proofs in one session', async t => {
  const program = await backend()
  const first = await program.post('/otp/authenticate', await sendCode(program, 'email', 'alice'))
  t.equal(first.status, 200)
  const one = tokensOf(first)
  t.match(one, { mfa_verified: false, amr: ['eml'], token_type: 'Bearer' })
  t.same(first.header('set-cookie'), [])
  t.same(claimsOf(one.id_token).amr, ['eml'])
  const joined = { ...(await sendCode(program, 'sms', 'alice')), session_id: one.session_id }
  const second = await program.post('/otp/authenticate', joined)
  t.equal(second.status, 200)
  const two = tokensOf(second)
  t.equal(two.session_id, one.session_id)
  t.match(two, { mfa_verified: true, amr: ['eml', 'sms', 'mfa'] })
  t.same(claimsOf(two.id_token).amr, ['eml', 'sms', 'mfa'])
  gateway.clock.advance(SECOND)
  const user = createProgram(gateway)
  user.bearer = one.access_token
  t.equal((await user.get('/session')).status, 401, 'the tokens of one proof are dead')
  user.bearer = two.access_token
  t.match((await user.get('/session')).json, { user: 'alice', assurance: 'multi' })
})

t.test('a proof joins only a session of its own user, and only one that tokens carry', { skip }, async t => {
  const program = await backend()
  const first = await program.post('/otp/authenticate', await sendCode(program, 'email', 'bob'))
  const { session_id } = tokensOf(first)
  const foreign = { ...(await sendCode(program, 'sms', 'carol')), session_id }
  t.equal((await program.post('/otp/authenticate', foreign)).status, 401)
  const person = createPerson(gateway)
  await person.fetch('/auth/login', { method: 'POST', json: { username: 'bob', password: PASSWORD } })
  const { session } = (await person.fetch('/auth/session')).json as { session: string }
  const cookie = { ...(await sendCode(program, 'sms', 'bob')), session_id: session }
  t.equal((await program.post('/otp/authenticate', cookie)).status, 401)
  const another = await backend()
  const others = { ...(await sendCode(another, 'sms', 'bob')), session_id }
  t.equal((await another.post('/otp/authenticate', others)).status, 401, 'it was begun by another backend')
  const invented = { ...(await sendCode(program, 'sms', 'bob')), session_id: 'invented' }
  t.equal((await program.post('/otp/authenticate', invented)).status, 401)
})

t.test('session_id is for backends, and no other token makes one', { skip }, async t => {
  const program = await backend()
  const { session_id } = tokensOf(
    await program.post('/otp/authenticate', await sendCode(program, 'email', 'dave')),
  )
  const anybody = createProgram(gateway)
  const answer = { ...(await sendCode(anybody, 'sms', 'dave')), mode: 'token', session_id }
  const refused = await anybody.post('/otp/authenticate', answer)
  t.match([refused.status, refused.json.reason], [401, 'login_required'])
  t.same(refused.header('www-authenticate'), ['Bearer'])
  const other = await backend(['calendar'])
  const scoped = await other.post('/otp/send', { channel: 'email', to: 'dave' })
  t.match([scoped.status, scoped.json.reason], [401, 'invalid_token'])
  anybody.bearer = `gh_${'a'.repeat(43)}`
  t.equal((await anybody.post('/otp/send', { channel: 'email', to: 'dave' })).status, 401)
})

t.test('what a backend began nobody else finishes, and the reverse', async t => {
  const program = await backend()
  const anybody = createProgram(gateway)
  const theirs = await sendCode(program, 'email', 'erin')
  t.equal((await anybody.post('/otp/authenticate', { ...theirs, mode: 'token' })).status, 401)
  const own = await sendCode(anybody, 'email', 'erin')
  t.equal((await program.post('/otp/authenticate', own)).status, 401)
})

t.test('a login by mail needs a second factor that is no mail', async t => {
  const program = createProgram(gateway)
  const answer = { ...(await sendCode(program, 'email', 'frank')), mode: 'token' }
  const first = await program.post('/otp/authenticate', answer)
  t.equal(first.status, 202)
  t.same(first.json.factors, ['sms'])
  t.match(claimsOf(textOf(first, 'access_token')), { amr: ['eml'], mfa_verified: false })
  const challenge = textOf(first, 'challenge')
  const before = messageCount(gateway, 'texts')
  const sent = await program.post('/mfa/challenge', { challenge, factor: 'sms' })
  t.match(sent.json, { status: 'sent', expires_in: 300 })
  t.notMatch(sent.text, phoneOf('frank'))
  const code = codeIn(await messageTo(gateway, 'texts', phoneOf('frank'), before))
  const second = await program.post('/mfa/verify', { challenge, factor: 'sms', code })
  t.equal(second.status, 200)
  t.match(second.json.amr, ['eml', 'sms', 'mfa'])
})

t.test('f14: users that do not exist get the same answer', async t => {
  const program = createProgram(gateway)
  const known = await program.post('/otp/send', { channel: 'email', to: 'grace' })
  gateway.clock.advance(31 * SECOND)
  const unknown = await program.post('/otp/send', { channel: 'email', to: 'nobody@nowhere.example' })
  t.same(Object.keys(unknown.json), Object.keys(known.json))
  t.equal(unknown.status, known.status)
  gateway.clock.advance(31 * SECOND)
  const link = await program.post('/link/send', { to: 'nobody@nowhere.example' })
  t.equal(link.status, 200)
  const id = textOf(unknown, 'id')
  const guess = await program.post('/otp/authenticate', { id, code: '123456', mode: 'token' })
  t.match([guess.status, guess.json.reason], [401, 'wrong_code'])
})

t.test('a link that was confirmed elsewhere shows a code that ends the login', async t => {
  const program = createProgram(gateway)
  const before = messageCount(gateway, 'mails')
  const begun = await program.post('/link/send', { to: 'heidi' })
  const link = linkIn(await messageTo(gateway, 'mails', 'heidi@app.example', before))
  const id = textOf(begun, 'id')
  const early = await program.post('/link/authenticate', { id, code: '123456', mode: 'token' })
  t.equal(early.status, 401)
  const phone = openTab(gateway)
  await phone.open(link)
  const code = codeIn((await phone.send('/auth/link/confirm')).text)
  const done = await program.post('/link/authenticate', { id, code, mode: 'token' })
  t.equal(done.status, 202)
  t.same(done.json.factors, ['sms'])
  t.equal((await program.post('/link/authenticate', { id, code, mode: 'token' })).status, 401)
})

t.test('a passkey is a whole login', { skip }, async t => {
  const plain = await startOffice(t)
  const program = createProgram(plain)
  const first = await program.post('/login', { username: 'ivan', password: PASSWORD, mode: 'token' })
  const challenge = textOf(first, 'challenge')
  t.match(first.json.factors, ['totp', 'webauthn'])
  const key = createSecurityKey({ origin: `https://${HOST}`, rpId: HOST })
  const offer = await program.post('/mfa/enrol/webauthn', { challenge })
  t.match(offer.json, { factor: 'webauthn' })
  const code = JSON.parse(key.create(offer.json.options)) as object
  const enrolled = await program.post('/mfa/verify', { challenge, factor: 'webauthn', code })
  t.equal(enrolled.status, 200)
  t.match(enrolled.json.amr, ['pwd', 'hwk', 'mfa'])

  const asked = await program.post('/passkey/options')
  t.equal(asked.status, 200)
  const id = textOf(asked, 'id')
  const response = JSON.parse(key.get(asked.json.options)) as object
  const done = await program.post('/passkey/authenticate', { id, response, mode: 'token' })
  t.equal(done.status, 200)
  t.match(done.json, { mfa_verified: true, amr: ['hwk', 'mfa'] })
  const again = await program.post('/passkey/authenticate', { id, response, mode: 'token' })
  t.equal(again.status, 401, 'f17: an assertion is good once')

  const due = await program.post('/login', { username: 'ivan', password: PASSWORD, mode: 'token' })
  const asking = { challenge: textOf(due, 'challenge'), factor: 'webauthn' }
  const options = await program.post('/mfa/challenge', asking)
  t.equal(options.json.status, 'webauthn')
  const shown = JSON.parse(key.get(options.json.options)) as object
  t.equal((await program.post('/mfa/verify', { ...asking, code: shown })).status, 200)
})

t.test('what is not offered is refused, and offered to backends all the same', async t => {
  const own = await startGateway(t, { upstream: 'http://127.0.0.1:1' })
  const program = createProgram(own)
  for (const [path, body] of [
    ['/otp/send', { channel: 'email', to: 'alice' }],
    ['/link/send', { to: 'alice' }],
  ] as const) {
    const reply = await program.post(path, body)
    t.match([reply.status, reply.json.reason], [403, 'not_offered'], path)
  }
})

t.test('an app as second factor after a code by mail', { skip }, async t => {
  const user = createProgram(gateway)
  const first = await user.post('/otp/authenticate', {
    ...(await sendCode(user, 'sms', 'judy')),
    mode: 'token',
  })
  const asked = { challenge: textOf(first, 'challenge'), factor: 'email' }
  const before = messageCount(gateway, 'mails')
  t.equal((await user.post('/mfa/challenge', asked)).status, 200)
  const code = codeIn(await messageTo(gateway, 'mails', 'judy@app.example', before))
  const full = await user.post('/mfa/verify', { ...asked, code })
  user.bearer = tokensOf(full).access_token
  const offer = await user.post('/mfa/enrol/totp')
  const phone = createPhone(gateway, 'judy', textOf(offer, 'secret'))
  const kept = await user.post('/mfa/enrol/totp/confirm', { code: phone.code(), name: 'Phone' })
  t.equal(kept.status, 200)
  user.bearer = undefined
  const again = await user.post('/otp/authenticate', {
    ...(await sendCode(user, 'sms', 'judy')),
    mode: 'token',
  })
  const challenge = textOf(again, 'challenge')
  t.same(again.json.factors, ['totp', 'email'])
  const done = await user.post('/mfa/verify', { challenge, factor: 'totp', code: phone.code() })
  t.match(done.json.amr, ['sms', 'otp', 'mfa'])
})

t.test('where no login may begin with a password, none does, over no protocol', async t => {
  const own = await startOffice(t, { methods: '[passkey, email]' })
  const program = createProgram(own)
  const account = { username: 'alice', password: PASSWORD }
  for (const [path, more] of [
    ['/login', {}],
    ['/login', { mode: 'token' }],
    ['/stateless/login', {}],
    ['/challenge/get', {}],
    ['/challenge/verify', { id: 'x', response: '123456' }],
  ] as const) {
    const reply = await program.post(path, { ...account, ...more })
    t.match([reply.status, reply.json.reason], [403, 'not_offered'], path)
    t.same(reply.header('set-cookie'), [])
  }
  const form = await createPerson(own).submit('/auth/login', account)
  t.same(form.header('set-cookie'), [])
  t.ok(form.status >= 400, `the form answers ${form.status}`)
})
