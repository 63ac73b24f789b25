import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, HOUR, SECOND } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { createSecurityKey, FLAG } from '../harness/security-key.js'
import { hiddenFields, logInByForms, openTab, optionsOf } from './tab.js'
import { codeIn, linkIn, startWaysIn } from './ways-in.js'

const skip = noAuthenticator
const MINUTE = 60 * SECOND
const KEY = { origin: `https://${HOST}`, rpId: HOST }
/** A form that is sent without looking at its page. */
const BLIND = { return_to: '/desk' }

t.test('a passkey alone logs in', { skip }, async t => {
  const { gateway } = await startWaysIn(t)
  const owner = openTab(gateway)
  await logInByForms(gateway, owner, 'alice')
  await owner.open('/auth/account/factors')
  await owner.send('/auth/account/factors/webauthn')
  const key = createSecurityKey(KEY)
  await owner.send('/auth/account/factors/webauthn/confirm', {
    name: 'laptop',
    code: key.create(optionsOf(owner.page())),
  })

  const tab = openTab(gateway)
  const page = await tab.open('/auth/passkey?return_to=/desk')
  t.equal(page.heading, 'Log in with a passkey')
  t.notMatch(page.reply.text, 'name="challenge"', 'the cookie says which login it is')
  t.equal((await tab.send('/auth/passkey', { code: '{}' })).reply.status, 400)
  const unknown = createSecurityKey(KEY)
  t.equal((await tab.send('/auth/passkey', { code: unknown.get(optionsOf(tab.page())) })).reply.status, 401)
  const unverified = key.get(optionsOf(tab.page()), { flags: FLAG.UP })
  t.equal((await tab.send('/auth/passkey', { code: unverified })).reply.status, 401)

  const options = optionsOf(tab.page())
  const other = openTab(gateway)
  await other.open('/auth/passkey')
  const borrowed = await other.send('/auth/passkey', { code: key.get(options) })
  t.equal(borrowed.reply.status, 401, 'what was begun in one browser ends in no other')

  const fields = { ...hiddenFields(tab.page().reply.text, '/auth/passkey'), code: key.get(options) }
  const done = await tab.send('/auth/passkey', { code: fields.code })
  t.equal(done.at, `https://${HOST}/desk`)
  const who = await tab.person.fetch('/auth/session')
  t.match(who.json, { user: 'alice', mfa_verified: true })
  t.equal((await tab.open('/auth/account')).heading, 'Your account')

  const lost = await openTab(gateway, createPerson(gateway)).person.submit('/auth/passkey', fields)
  t.match(lost.header('location')[0], 'cookies', 'without its cookie it says so')
})

t.test('a code by mail begins a login', { skip }, async t => {
  const { gateway, mails, mailTo } = await startWaysIn(t)
  const phone = await logInByForms(gateway, openTab(gateway), 'alice')

  t.test('and the second factor follows', async t => {
    const tab = openTab(gateway)
    await tab.open('/auth/otp?channel=email&return_to=/desk')
    t.equal((await tab.send('/auth/otp/send', { identifier: ' ' })).reply.status, 400)
    const before = mails.length
    const page = await tab.send('/auth/otp/send', { identifier: 'alice@app.example' })
    t.equal(page.heading, 'Enter the code')
    const code = codeIn(await mailTo('alice@app.example', before))
    t.equal((await tab.send('/auth/otp/authenticate', { code: '12' })).reply.status, 400)
    const wrong = await tab.send('/auth/otp/authenticate', { code: code === '123456' ? '654321' : '123456' })
    t.equal(wrong.reply.status, 401)

    const thief = openTab(gateway)
    await thief.open('/auth/otp?channel=email')
    gateway.clock.advance(31 * SECOND)
    await thief.send('/auth/otp/send', { identifier: 'alice' })
    t.equal(
      (await thief.send('/auth/otp/authenticate', { code })).reply.status,
      401,
      'good in one browser only',
    )

    const second = await tab.send('/auth/otp/authenticate', { code })
    t.equal(second.heading, 'Enter your code')
    t.notMatch(second.text, 'Get a code by e-mail', 'never over the channel of the first')
    t.notOk([...tab.person.cookies.keys()].includes('__Host-gatehouse-login-code'))
    t.equal((await tab.send('/auth/mfa', { code: phone.code() })).at, `https://${HOST}/desk`)
    const who = await tab.person.fetch('/auth/session')
    t.same(who.json.amr, ['eml', 'otp', 'mfa'])
  })

  t.test('the cookie is ours alone, short-lived, and for this host', async t => {
    gateway.clock.advance(31 * SECOND)
    const reply = await createPerson(gateway).submit('/auth/otp/send', {
      channel: 'email',
      identifier: 'alice',
      ...BLIND,
    })
    const [cookie = ''] = reply.header('set-cookie')
    t.match(cookie, /^__Host-gatehouse-login-code=[A-Za-z0-9_-]{43};/)
    for (const attribute of ['Max-Age=600', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      t.match(cookie, new RegExp(`; ${attribute}(;|$)`))
  })

  t.test('f14, i3: whoever is not known gets the same page', async t => {
    gateway.clock.advance(31 * SECOND)
    const ask = async (identifier: string) => {
      const tab = openTab(gateway)
      await tab.open('/auth/otp?channel=email')
      const { reply } = await tab.send('/auth/otp/send', { identifier })
      const hasty = await tab.send('/auth/otp/authenticate', { resend: '1' })
      const cookies = reply.header('set-cookie').map(line => line.replace(/=[^;]*/, ''))
      return [reply, hasty.reply].map(({ status, text }) => [
        status,
        text.replaceAll(identifier, 'NAME'),
        cookies,
      ])
    }
    t.same(await ask('nobody-of-this-name'), await ask('alice'))
  })

  t.test('a new code has a login of its own', async t => {
    gateway.clock.advance(31 * SECOND)
    const tab = openTab(gateway)
    await tab.open('/auth/otp?channel=email')
    let before = mails.length
    await tab.send('/auth/otp/send', { identifier: 'alice' })
    const first = codeIn(await mailTo('alice@app.example', before))
    gateway.clock.advance(31 * SECOND)
    before = mails.length
    const again = await tab.send('/auth/otp/authenticate', { code: '', resend: '1' })
    t.match(again.told, 'The earlier one no longer works')
    const second = codeIn(await mailTo('alice@app.example', before))
    if (first !== second)
      t.equal((await tab.send('/auth/otp/authenticate', { code: first })).reply.status, 401)
    gateway.clock.advance(6 * MINUTE)
    const late = await tab.send('/auth/otp/authenticate', { code: second })
    t.match(late.told, 'the login ran out')
  })

  t.test('what is not offered is not there', async t => {
    const person = createPerson(gateway)
    for (const path of ['/auth/otp/send', '/auth/otp/authenticate'])
      t.equal(
        (await person.submit(path, { channel: 'sms', identifier: 'alice', code: '123456' })).status,
        404,
      )
  })
})

t.test('f15: a link by mail', { skip }, async t => {
  const { gateway, mails, mailTo } = await startWaysIn(t)
  const phone = await logInByForms(gateway, openTab(gateway), 'alice')

  const askForLink = async () => {
    gateway.clock.advance(MINUTE)
    const tab = openTab(gateway)
    await tab.open('/auth/link?return_to=/desk')
    const before = mails.length
    const page = await tab.send('/auth/link/send', { identifier: 'alice' })
    t.equal(page.heading, 'Look into your mail')
    return { tab, link: linkIn(await mailTo('alice@app.example', before)) }
  }

  t.test('logs in in the browser that asked, after looks by GET, HEAD and prefetch, and once', async t => {
    const { tab, link } = await askForLink()
    const scanner = createPerson(gateway)
    for (let times = 0; times < 5; times++) {
      const looked = await scanner.navigate(link)
      t.equal(looked.status, 200)
      t.same(looked.header('set-cookie'), [])
    }
    t.equal((await scanner.fetch(link, { method: 'HEAD' })).status, 200)
    await scanner.navigate(link, { 'Sec-Purpose': 'prefetch;prerender', Purpose: 'prefetch' })
    t.equal((await scanner.navigate('/desk')).status, 302, 'and nobody is logged in by that')

    const page = await tab.open(link)
    t.equal(page.heading, 'Log in with this link?')
    t.notMatch(page.text, 'alice', 'it does not say whose it is')
    const second = await tab.send('/auth/link/confirm')
    t.equal(second.heading, 'Enter your code')
    t.equal(
      (await tab.send('/auth/mfa', { code: phone.code() })).at,
      `https://${HOST}/desk`,
      'the way is kept',
    )
    t.equal((await tab.open(link)).heading, 'This link no longer works')
    t.equal(tab.page().reply.status, 410)
    t.equal(
      (await tab.person.submit('/auth/link/confirm', { token: link.slice('/auth/link/'.length) })).status,
      410,
    )
    await tab.open('/auth/logout')
    await tab.send('/auth/logout')
    t.equal((await tab.open(link)).reply.status, 410, 'nor after a logout')
  })

  t.test('shows a code elsewhere, which is good where the login began', async t => {
    const { tab, link } = await askForLink()
    const mobile = openTab(gateway)
    t.equal((await mobile.open(link)).heading, 'Show the code?')
    t.equal((await tab.send('/auth/link/authenticate', { code: '123456' })).reply.status, 401)
    const shown = await mobile.send('/auth/link/confirm')
    t.equal(shown.heading, 'Your code')
    const code = codeIn(shown.text)
    t.notOk(mobile.person.cookies.has('__Host-gatehouse'), 'and nobody is logged in there')

    const thief = openTab(gateway)
    gateway.clock.advance(MINUTE)
    await thief.open('/auth/link')
    await thief.send('/auth/link/send', { identifier: 'alice' })
    t.equal((await thief.send('/auth/link/authenticate', { code })).reply.status, 401)

    const second = await tab.send('/auth/link/authenticate', { code })
    t.equal(second.heading, 'Enter your code')
    t.equal((await tab.send('/auth/mfa', { code: phone.code() })).at, `https://${HOST}/desk`)
  })

  t.test('a newer link takes the place of the browser’s earlier one', async t => {
    const { tab, link } = await askForLink()
    gateway.clock.advance(MINUTE)
    const before = mails.length
    await tab.send('/auth/link/authenticate', { code: '', resend: '1' })
    const newer = linkIn(await mailTo('alice@app.example', before))
    t.equal((await tab.open(link)).heading, 'Show the code?', 'the earlier one is another browser’s now')
    t.equal((await tab.open(newer)).heading, 'Log in with this link?')
    gateway.clock.advance(11 * MINUTE)
    t.equal((await tab.open(newer)).reply.status, 410)
  })

  t.test('i3: whoever is not known gets the same page', async t => {
    gateway.clock.advance(HOUR)
    const ask = async (identifier: string) => {
      const tab = openTab(gateway)
      await tab.open('/auth/link')
      const { reply } = await tab.send('/auth/link/send', { identifier })
      return [reply.status, reply.text.replaceAll(identifier, 'NAME')]
    }
    t.same(await ask('nobody-of-this-name'), await ask('alice'))
  })
})

t.test('what the operator has not switched on answers 404, also to a form', { skip }, async t => {
  const { gateway } = await startWaysIn(t, { methods: '[password]' })
  for (const path of ['/auth/passkey', '/auth/otp', '/auth/link'])
    t.equal((await createPerson(gateway).navigate(path)).status, 404, path)
  for (const path of [
    '/auth/otp/send',
    '/auth/otp/authenticate',
    '/auth/link/send',
    '/auth/link/authenticate',
  ]) {
    const fields = { channel: 'email', identifier: 'alice', code: '123456' }
    t.equal((await createPerson(gateway).submit(path, fields)).status, 404, path)
  }
})

t.test('where a password begins no login, none does: form, program or stateless client', async t => {
  const { gateway } = await startWaysIn(t, { methods: '[passkey, link]' })
  const page = await openTab(gateway).open('/auth/login')
  t.notMatch(page.reply.text, 'type="password"')
  const credentials = { username: 'alice', password: PASSWORD }
  const person = createPerson(gateway)
  const replies = [await person.submit('/auth/login', credentials)]
  for (const path of ['/auth/login', '/auth/stateless/login', '/auth/challenge/get'])
    replies.push(await person.fetch(path, { method: 'POST', json: credentials }))
  for (const reply of replies) {
    t.equal(reply.status, 403)
    t.same(reply.header('set-cookie'), [])
  }
})
