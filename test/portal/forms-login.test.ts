import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, HOUR, SECOND } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { createSecurityKey } from '../harness/security-key.js'
import { logInByForms, openTab, optionsOf, type Tab } from './tab.js'
import { codeIn, hasNotice, startWaysIn } from './ways-in.js'

const skip = noAuthenticator
const MINUTE = 60 * SECOND
const DAY = 24 * HOUR
const KEY = { origin: `https://${HOST}`, rpId: HOST }

const typePassword = async (tab: Tab, user: string, returnTo = '/auth/account') => {
  await tab.open(`/auth/login?return_to=${encodeURIComponent(returnTo)}`)
  return tab.send('/auth/login', { username: user, password: PASSWORD })
}

t.test('with every way in', { skip }, async t => {
  const { gateway } = await startWaysIn(t)

  t.test('the login page offers what the configuration names, in its order', async t => {
    const { text } = await openTab(gateway).open('/auth/login?return_to=/desk')
    const places = ['Use a passkey', 'Get a code by e-mail', 'Get a link by e-mail'].map(way =>
      text.indexOf(way),
    )
    t.ok(places.every((place, index) => place > (places[index - 1] ?? 0)))
    t.notMatch(text, /text message/)
  })

  t.test('a first login sets up an app, and goes where it was going', async t => {
    const tab = openTab(gateway)
    await logInByForms(gateway, tab, 'grace', '/desk')
    t.equal(tab.page().heading, 'Keep your backup codes')
    t.match(tab.page().reply.text, 'href="/desk"')
    t.equal((await tab.person.navigate('/desk')).status, 502, 'the app is asked, which is not there')
  })

  t.test('a first login sets up a security key', async t => {
    const tab = openTab(gateway)
    await typePassword(tab, 'heidi')
    const page = await tab.open(`${tab.page().at}&factor=webauthn`)
    t.equal(page.heading, 'Set up your security key or passkey')
    const key = createSecurityKey(KEY)
    t.equal((await tab.send('/auth/enrol', { code: '' })).reply.status, 400)
    const foreign = key.create(optionsOf(tab.page()), { origin: 'https://evil.example' })
    t.equal((await tab.send('/auth/enrol', { code: foreign })).reply.status, 401)
    const done = await tab.send('/auth/enrol', { code: key.create(optionsOf(tab.page())) })
    t.equal(done.heading, 'Keep your backup codes')

    const again = openTab(gateway)
    t.equal((await typePassword(again, 'heidi')).heading, 'Use your security key or passkey')
    const wrong = await again.send('/auth/mfa', {
      code: createSecurityKey(KEY).get(optionsOf(again.page())),
    })
    t.equal(wrong.reply.status, 401)
    const right = await again.send('/auth/mfa', { code: key.get(optionsOf(again.page())) })
    t.equal(right.heading, 'Your account')
    t.match(right.text, 'which cannot be phished')
  })

  t.test('five wrong codes end the login, and it says so', async t => {
    const phone = await logInByForms(gateway, openTab(gateway), 'judy')
    const tab = openTab(gateway)
    await typePassword(tab, 'judy')
    for (let times = 0; times < 5; times++)
      t.equal((await tab.send('/auth/mfa', { code: '000000' })).reply.status, 401)
    const over = await tab.send('/auth/mfa', { code: phone.code() })
    t.equal(over.heading, 'Log in')
    t.match(over.told, 'too many wrong codes')
    gateway.clock.advance(HOUR)
    await logInByForms(gateway, tab, 'judy')
    t.equal(tab.page().heading, 'Your account', 'later the owner gets in')
  })

  t.test('what is no code at all costs no try', async t => {
    const phone = await logInByForms(gateway, openTab(gateway), 'niaj')
    const tab = openTab(gateway)
    await typePassword(tab, 'niaj')
    for (const code of ['', '12345', 'abcdef', '1234567', '12345６', '+123456', '0x1234'])
      t.equal((await tab.send('/auth/mfa', { code })).reply.status, 400, code)
    const code = phone.code()
    t.equal(
      (await tab.send('/auth/mfa', { code: ` ${code.slice(0, 3)} ${code.slice(3)} ` })).heading,
      'Your account',
    )
    const other = openTab(gateway)
    await typePassword(other, 'niaj')
    t.equal((await other.send('/auth/mfa', { code })).reply.status, 401, 'f2: in another spelling it is used')
  })

  t.test('whoever keeps no cookies is told so', async t => {
    const person = createPerson(gateway)
    for (const user of ['carol', 'judy']) {
      const reply = await person.submit('/auth/login', {
        username: user,
        password: PASSWORD,
        return_to: '/desk',
      })
      person.cookies.clear()
      const page = await openTab(gateway, person).open(reply.header('location')[0] ?? '')
      t.equal(page.heading, 'Log in')
      t.match(page.told, 'Your browser did not keep our cookie')
      t.match(page.reply.text, 'name="return_to" value="/desk"')
    }
    const page = await openTab(gateway).open('/auth/mfa?return_to=/desk')
    t.equal(page.told, '', 'a bookmark tells nothing of the sort')
  })

  t.test('a page that takes a certain factor only says what is missing', async t => {
    const tab = openTab(gateway)
    await logInByForms(gateway, tab, 'alice')
    const page = await tab.open('/auth/mfa?return_to=/keys/x')
    t.equal(page.reply.status, 403)
    t.equal(page.heading, 'This page needs another proof')
    t.match(page.text, 'a security key or passkey')
    t.match(page.reply.text, 'href="/auth/account/factors"')
  })

  t.test('a page that wants a fresh proof gets one, and a lost form is told', async t => {
    const tab = openTab(gateway)
    await logInByForms(gateway, tab, 'alice')
    gateway.clock.advance(6 * MINUTE)
    const sent = await tab.person.submit('/fresh/x', { a: 'b' })
    const page = await tab.open(sent.header('location')[0] ?? '')
    t.equal(page.heading, 'Confirm that it is you')
    t.match(page.told, 'did not arrive')
    t.match(page.text, 'from the last 5 minutes')
    t.notMatch(page.text, 'Remember this browser', 'which would spare nothing here')
    await logInByForms(gateway, openTab(gateway), 'alice')
    gateway.clock.advance(30 * SECOND)
    t.equal((await tab.send('/auth/mfa', { code: '000000' })).reply.status, 401)
    t.equal((await tab.person.navigate('/fresh/x')).status, 302, 'a wrong one opens nothing')
  })

  t.test('a login that goes nowhere allowed ends at the account', async t => {
    const tab = openTab(gateway)
    await logInByForms(gateway, tab, 'bob', 'https://evil.example/')
    t.match(tab.page().reply.text, 'href="/auth/account"')
  })
})

t.test('codes by mail as the second factor', { skip }, async t => {
  const { gateway, mails, mailTo } = await startWaysIn(t, { mfa: '{ factors: [totp, webauthn, email] }' })

  t.test('the page for codes by mail sends none before the button is pressed', async t => {
    const tab = openTab(gateway)
    await typePassword(tab, 'ivan')
    const before = mails.length
    const page = await tab.open('/auth/mfa?return_to=/auth/account&factor=email')
    t.match(page.text, 'We can send a code to i…@app.example')
    for (let times = 0; times < 3; times++) await tab.open(page.at)
    await tab.person.navigate(page.at, { 'Sec-Purpose': 'prefetch' })
    t.equal(mails.length, before, 'looking, reloading and prefetching send nothing')

    const sent = await tab.send('/auth/mfa')
    t.match(sent.text, 'We have sent a code to i…@app.example')
    const code = codeIn(await mailTo('ivan@app.example', before))
    const wrong = await tab.send('/auth/mfa', { code: code === '123456' ? '654321' : '123456' })
    t.equal(wrong.reply.status, 401)
    t.match(wrong.text, 'Send a new code', 'it can be typed again, or sent anew')
    const hasty = await tab.send('/auth/mfa', { code: '', resend: '1' })
    t.equal(hasty.reply.status, 429)
    t.match(hasty.text, 'We send no more codes for now')
    t.equal((await tab.send('/auth/mfa', { code })).heading, 'Your account', 'the first one is still good')
    const codes = mails
      .slice(before)
      .filter(({ headers }) => headers.get('subject')?.startsWith('Your code '))
    t.equal(codes.length, 1, 'the other mails are notices')
  })

  t.test('a new code takes the place of the earlier one', async t => {
    const tab = openTab(gateway)
    await typePassword(tab, 'ivan')
    await tab.open('/auth/mfa?return_to=/auth/account&factor=email')
    gateway.clock.advance(MINUTE)
    let before = mails.length
    await tab.send('/auth/mfa')
    const first = codeIn(await mailTo('ivan@app.example', before))
    gateway.clock.advance(MINUTE)
    before = mails.length
    const again = await tab.send('/auth/mfa', { code: '', resend: '1' })
    t.match(again.told, 'The earlier one no longer works')
    const second = codeIn(await mailTo('ivan@app.example', before))
    if (first !== second) t.equal((await tab.send('/auth/mfa', { code: first })).reply.status, 401)
    t.equal((await tab.send('/auth/mfa', { code: second })).heading, 'Your account')
  })
})

t.test('f20: a remembered browser', { skip }, async t => {
  const { gateway, mails } = await startWaysIn(t)
  const phone = await logInByForms(gateway, openTab(gateway), 'alice')
  await logInByForms(gateway, openTab(gateway), 'mallory')
  const home = openTab(gateway)
  await typePassword(home, 'alice', '/desk')
  t.match(home.page().text, 'Remember this browser for 30 days')
  await home.send('/auth/mfa', { code: phone.code(), remember_device: 'true' })
  const name = '__Host-gatehouse-device'
  const device = home.person.cookies.get(name) ?? ''
  t.match(device, /^[A-Za-z0-9_-]{43}$/)
  t.ok(await hasNotice(mails, /remembered/), 'its owner is told by mail')

  /** Where the password alone leads in a browser with this cookie. */
  const arrive = async (user: string, cookie: string | undefined, returnTo = '/desk') => {
    const tab = openTab(gateway)
    if (cookie !== undefined) tab.person.cookies.set(name, cookie)
    await typePassword(tab, user, returnTo)
    return { tab, at: tab.page().at }
  }

  t.equal((await arrive('alice', device)).at, `https://${HOST}/desk`, 'is not asked again')
  t.match((await arrive('alice', undefined)).at, '/auth/mfa', 'another browser is')
  t.match((await arrive('mallory', device)).at, '/auth/mfa', 'another user is')
  t.match((await arrive('alice', device, '/fresh/x')).at, '/auth/mfa', 'a page that wants a fresh proof asks')
  t.match((await arrive('alice', device, '/keys/x')).at, '/auth/mfa', 'a page that wants a key asks')

  const spared = (await arrive('alice', device)).tab
  const who = await spared.person.fetch('/auth/session')
  t.same([who.json.mfa_verified, who.json.amr], [false, ['pwd']], 'it proves nothing')
  t.match((await spared.open('/auth/account')).at, '/auth/mfa', 'and opens no account page')

  const owner = openTab(gateway)
  await logInByForms(gateway, owner, 'alice')
  const listed = await owner.open('/auth/account')
  t.match(listed.text, 'Remembered browsers')
  t.match((await owner.send('/auth/account/browsers/forget')).told, 'asked for a second factor again')
  gateway.clock.advance(SECOND)
  t.match((await arrive('alice', device)).at, '/auth/mfa', 'a forgotten one is asked again')
  t.equal((await spared.person.navigate('/desk')).status, 302, 'and what rested on it has ended')

  const again = openTab(gateway)
  await typePassword(again, 'alice', '/desk')
  await again.send('/auth/mfa', { code: phone.code(), remember_device: 'true' })
  const newer = again.person.cookies.get(name) ?? ''
  t.equal((await arrive('alice', newer)).at, `https://${HOST}/desk`)
  gateway.clock.advance(30 * DAY)
  t.match((await arrive('alice', newer)).at, '/auth/mfa', 'an old one is asked again')
})

t.test('without the feature no browser is remembered, whatever a form says', { skip }, async t => {
  const { gateway } = await startWaysIn(t, { mfa: '{ factors: [totp, webauthn] }' })
  const phone = await logInByForms(gateway, openTab(gateway), 'alice')
  const tab = openTab(gateway)
  await typePassword(tab, 'alice')
  t.notMatch(tab.page().text, 'Remember')
  await tab.send('/auth/mfa', { code: phone.code(), remember_device: 'true' })
  t.equal(tab.page().heading, 'Your account')
  t.notOk([...tab.person.cookies.keys()].some(name => name.includes('device')))
})
