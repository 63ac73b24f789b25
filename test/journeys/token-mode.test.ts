import t, { type Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { createSecurityKey } from '../harness/security-key.js'
import { codeIn, mailOf, phoneOf, servePlace, type ServedPlace } from './place.js'
import { createQuickPhone, type Phone } from './phone.js'
import { type Answer, createProgram } from './program.js'

const MINUTE = 60_000

t.test('a program logs emil in, and stays logged in', { skip: noAuthenticator }, async t => {
  const place = await servePlace(t, {
    mfa: '{ issuer: Example }',
    more: `tokens: { mfa_max_age: 20m }
routes:
  - { path: /half/**, access: bypassed, reason: the password is enough here }
  - { path: /fresh/**, access: required, step_up: { max_age: 5m } }
`,
  })
  const { clock } = place
  const program = createProgram(place)

  t.comment('the first login: 202, with what the authenticator app needs')
  const due = await program.logIn('emil', PASSWORD)
  t.equal(due.status, 202)
  t.match(due.json, { status: 'mfa_required', expires_in: 300, enrolment: { factor: 'totp' } })
  const half = due.text('access_token')
  t.equal((await program.get('/half/way', half)).status, 200, 'its token opens what is bypassed')
  const refused = await program.get('/desk', half)
  t.equal(refused.status, 401)
  t.match(refused.header('www-authenticate'), /insufficient_user_authentication/, 'and nothing more')
  const { secret } = due.json.enrolment as { readonly secret: string }
  const phone = createQuickPhone(secret, clock)
  t.match(await program.verify(due, 'totp', '000000'), { status: 401, json: { reason: 'wrong_code' } })
  const first = isIn(t, await program.verify(due, 'totp', await phone.nextCode()))
  const codes = first.json.backup_codes as readonly string[]
  t.equal(codes.length, 10)
  t.equal((await program.get('/desk', half)).status, 401, 'the token of the half login is dead')

  t.comment('bearer: the app hears the same as from a browser')
  const seen = await program.get('/desk', first.text('access_token'))
  t.equal(seen.status, 200)
  const identity = Object.fromEntries(seen.json.identity as [string, string][])
  t.match(identity, { 'Remote-User': 'emil', 'Remote-Assurance': 'multi', 'Remote-Amr': 'pwd,otp,mfa' })
  t.notMatch(JSON.stringify(seen.json), first.text('access_token'), 'but never sees the token')

  t.comment('refresh: each token once')
  const second = isIn(t, await program.post('/token/refresh', { refresh_token: first.text('refresh_token') }))
  clock.advance(6 * MINUTE)
  t.equal((await program.get('/desk', second.text('access_token'))).status, 401, 'access ends by itself')
  const third = isIn(t, await program.post('/token/refresh', { refresh_token: second.text('refresh_token') }))
  t.equal((await program.get('/desk', third.text('access_token'))).status, 200)

  t.comment('step-up: a fresh proof in the same session')
  const stale = await program.get('/fresh/figures', third.text('access_token'))
  t.equal(stale.status, 401)
  t.match(stale.header('www-authenticate'), /insufficient_user_authentication.*max_age="300"/)
  const asked = await program.post('/mfa/challenge', {}, third.text('access_token'))
  t.equal(asked.status, 202)
  const fourth = isIn(t, await program.verify(asked, 'totp', await phone.nextCode()))
  t.equal(fourth.text('session_id'), first.text('session_id'))
  t.equal((await program.get('/fresh/figures', fourth.text('access_token'))).status, 200)

  t.comment('after mfa_max_age a refresh asks for the second factor again')
  clock.advance(21 * MINUTE)
  const again = await program.post('/token/refresh', { refresh_token: fourth.text('refresh_token') })
  t.equal(again.status, 202)
  t.match(again.json, { status: 'mfa_required', factors: ['totp', 'backup_code'] })
  t.notOk('access_token' in again.json)
  const fifth = isIn(t, await program.verify(again, 'backup_code', codes[0]))
  t.same(fifth.json.amr, ['pwd', 'otp', 'mfa'])
  t.equal((await program.get('/desk', fifth.text('access_token'))).status, 200)

  t.comment('logout: nothing of it opens anything any more')
  t.match(await program.post('/logout', {}, fifth.text('access_token')), { status: 200 })
  t.equal((await program.get('/desk', fifth.text('access_token'))).status, 401)
  t.equal((await program.post('/token/refresh', { refresh_token: fifth.text('refresh_token') })).status, 401)

  t.comment('a refresh token that comes twice was stolen: the whole login ends')
  const later = await program.logIn('emil', PASSWORD)
  const owner = isIn(t, await program.verify(later, 'totp', await phone.nextCode()))
  const stolen = { refresh_token: owner.text('refresh_token') }
  const thief = isIn(t, await program.post('/token/refresh', stolen))
  t.equal((await program.post('/token/refresh', stolen)).status, 401)
  t.equal((await program.get('/desk', thief.text('access_token'))).status, 401)

  t.comment('lost everything: the operator removes what there was, and a ticket lets something new in')
  await place.operator('users', 'reset-mfa', 'emil', '--yes')
  const bare = await program.logIn('emil', PASSWORD)
  t.match(bare.json, { status: 'mfa_required', enrolment: { ticket_required: true } })
  const ticket = /^(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}$/m.exec(
    await place.operator('users', 'ticket', 'emil'),
  )?.[0]
  const offer = await program.post('/mfa/enrol/totp', { challenge: bare.text('challenge'), ticket })
  const fresh = createQuickPhone(offer.text('secret'), clock)
  isIn(t, await program.verify(bare, 'totp', await fresh.nextCode()))
})

t.test('a program shows each second factor of ada', { skip: noAuthenticator }, async t => {
  const place = await servePlace(t, {
    mfa: `
  factors: [email, sms, totp, webauthn, backup_code, knowledge_question]
  knowledge_questions: { count_as_second_factor: true }
  totp: { algorithm: sha512, digits: 8, period: 60s }`,
  })
  const program = createProgram(place)
  const logIn = (): Promise<Answer> => program.logIn('ada', PASSWORD)
  const prompt = (due: Answer, factor: string): Promise<Answer> =>
    program.post('/mfa/challenge', { challenge: due.text('challenge'), factor })

  t.comment('codes by e-mail and by text message')
  const byMail = await logIn()
  t.same(byMail.json.factors, ['email', 'sms'], 'what she can show without setting anything up')
  t.match(await prompt(byMail, 'email'), { status: 200, json: { status: 'sent', expires_in: 300 } })
  const mailed = codeIn(await place.mailbox.mail(mailOf('ada'), /Your code/))
  const first = isIn(t, await program.verify(byMail, 'email', mailed))
  t.same(first.json.amr, ['pwd', 'eml', 'mfa'])
  const byPhone = await logIn()
  t.match(await prompt(byPhone, 'sms'), { status: 200, json: { status: 'sent' } })
  const texted = codeIn(await place.textTo(phoneOf('ada')))
  const second = isIn(t, await program.verify(byPhone, 'sms', texted))
  t.same(second.json.amr, ['pwd', 'sms', 'mfa'])

  t.comment('an app with long codes and a security key are added with the token')
  const token = second.text('access_token')
  const offer = await program.post('/mfa/enrol/totp', {}, token)
  const sha512 = { algorithm: 'sha512', digits: 8, period: 60 } as const
  const phone = createQuickPhone(offer.text('secret'), place.clock, sha512)
  const named = { code: await phone.nextCode(), name: 'phone' }
  t.equal((await program.post('/mfa/enrol/totp/confirm', named, token)).status, 200)
  const { origin } = place.gateway
  const key = createSecurityKey({ origin, rpId: 'localhost' })
  const wanted = await program.post('/mfa/enrol/webauthn', {}, token)
  const created = { code: JSON.parse(key.create(wanted.json.options)) as object, name: 'blue key' }
  t.equal((await program.post('/mfa/enrol/webauthn/confirm', created, token)).status, 200)
  t.match((await program.get('/auth/mfa/factors', token)).json, {
    factors: [{ name: 'phone' }, { name: 'blue key' }],
  })

  const byApp = await logIn()
  isIn(t, await program.verify(byApp, 'totp', await phone.nextCode()))
  const byKey = await logIn()
  const options = (await prompt(byKey, 'webauthn')).json.options
  const keyed = isIn(t, await program.verify(byKey, 'webauthn', JSON.parse(key.get(options))))
  t.same(keyed.json.amr, ['pwd', 'hwk', 'mfa'])

  t.comment('new backup codes by the interface, and one of them')
  const made = await program.post('/mfa/backup-codes', {}, keyed.text('access_token'))
  const [code] = made.json.backup_codes as readonly string[]
  isIn(t, await program.verify(await logIn(), 'backup_code', code))
  t.match(await program.verify(await logIn(), 'backup_code', code), { status: 401 }, 'once')
})

t.test('a program logs ben in without a password', { skip: noAuthenticator }, async t => {
  const place = await servePlace(t, {
    methods: '[password, passkey, email, link]',
    mfa: '{ issuer: Example }',
  })
  const program = createProgram(place)
  const mode = 'token'
  const phone = await enrol(t, place, 'ben')

  t.comment('by a code, and then the app')
  const to = mailOf('ben')
  const begun = await program.post('/otp/send', { channel: 'email', to })
  t.equal(begun.status, 200)
  const code = codeIn(await place.mailbox.mail(to, /Your code/))
  const due = await program.post('/otp/authenticate', { id: begun.text('id'), code, mode })
  t.equal(due.status, 202)
  const byCode = isIn(t, await program.verify(due, 'totp', await phone.nextCode()))
  t.same(byCode.json.amr, ['eml', 'otp', 'mfa'])

  t.comment('by a link: whoever opens it confirms, and the program gets the code that is shown')
  place.clock.advance(MINUTE)
  const sent = await program.post('/link/send', { to })
  const mail = await place.mailbox.mail(to, /Your link/)
  const [link = ''] = /^http:\S+$/m.exec(mail) ?? []
  const confirmed = await fetch(`${place.gateway.origin}/auth/link/confirm`, {
    method: 'POST',
    headers: { origin: place.gateway.origin },
    body: new URLSearchParams({ token: link.split('/').at(-1) ?? '' }),
  })
  const shown = /class="shown-code"><code>([^<]+)</.exec(await confirmed.text())?.[1] ?? ''
  const linked = await program.post('/link/authenticate', { id: sent.text('id'), code: shown, mode })
  t.equal(linked.status, 202)
  const byLink = isIn(t, await program.verify(linked, 'totp', await phone.nextCode()))

  t.comment('by a passkey alone')
  const { origin } = place.gateway
  const passkey = createSecurityKey({ origin, rpId: 'localhost' })
  const token = byLink.text('access_token')
  const wanted = await program.post('/mfa/enrol/webauthn', {}, token)
  const created = { code: JSON.parse(passkey.create(wanted.json.options)) as object, name: 'laptop' }
  t.equal((await program.post('/mfa/enrol/webauthn/confirm', created, token)).status, 200)
  const asked = await program.post('/passkey/options', {})
  const response = JSON.parse(passkey.get(asked.json.options)) as object
  const alone = isIn(t, await program.post('/passkey/authenticate', { id: asked.text('id'), response, mode }))
  t.same(alone.json.amr, ['hwk', 'mfa'])
  t.equal((await program.get('/desk', alone.text('access_token'))).status, 200)
})

/** The first login of somebody, who sets up an authenticator app with it. */
async function enrol(t: Test, place: ServedPlace, user: string): Promise<Phone> {
  const program = createProgram(place)
  const due = await program.logIn(user, PASSWORD)
  const { secret } = due.json.enrolment as { readonly secret: string }
  const phone = createQuickPhone(secret, place.clock)
  isIn(t, await program.verify(due, 'totp', await phone.nextCode()))
  return phone
}

/** Whether the whole set of tokens was given. */
function isIn(t: Test, answer: Answer): Answer {
  t.match(answer.json, { token_type: 'Bearer', mfa_verified: true }, JSON.stringify(answer.json.detail))
  for (const name of ['access_token', 'id_token', 'refresh_token', 'session_id'])
    t.ok(answer.text(name) !== '', name)
  return answer
}
