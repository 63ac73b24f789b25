import t from 'tap'
import type { Page } from 'playwright-core'
import { noAuthenticator } from '../harness/authenticator.js'
import { codeIn, enrolApp, linkIn, logOut, mailOf, openPlace, type Place } from './place.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, headersAtTheApp, openWindow } from './window.js'

const METHODS = '[password, passkey, email, link]'
const MFA = '{ issuer: Example }'

t.test('cleo logs in with a passkey and nothing else', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, { methods: METHODS, mfa: MFA })
  if (place === undefined) return
  const { browser, gateway } = place
  const { page, complaints } = await openWindow(browser)

  t.comment('nobody knows the passkey before it is set up')
  await giveKey(page, 'passkey')
  await toWay(place, page, 'Use a passkey')
  await page.getByRole('button', { name: 'Use my passkey' }).click()
  await page.getByText('Nothing was confirmed. You can try again.').waitFor()

  await enrolApp(place, page, 'cleo')
  await page.goto(`${gateway.origin}/auth/account/factors`)
  await page.getByRole('button', { name: 'Add a security key or passkey' }).click()
  await page.getByLabel('Name').fill('my laptop')
  await page.getByRole('button', { name: 'Add it' }).click()
  const keys = page.getByRole('region', { name: 'Security keys and passkeys' })
  t.match(await keys.getByRole('listitem').innerText(), /my laptop\s+Passkey/)
  await logOut(place, page)

  t.comment('afterwards it is a whole login: no name, no password, no code')
  await page.goto(`${gateway.origin}/desk?drawer=2`)
  await page.getByRole('link', { name: 'Use a passkey' }).click()
  await page.getByRole('button', { name: 'Use my passkey' }).click()
  await page.getByRole('heading', { name: 'Sample app' }).waitFor()
  t.equal(page.url(), `${gateway.origin}/desk?drawer=2`)
  const atTheApp = await headersAtTheApp(page)
  t.equal(atTheApp.get('Remote-User'), 'cleo')
  t.equal(atTheApp.get('Remote-Assurance'), 'phishing_resistant')
  t.match(atTheApp.get('Remote-Amr'), /wk/)
  t.same(complaints(), [], 'the browser never complained')
})

t.test('dina gets a code, or a link, instead of a password', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, { methods: METHODS, mfa: MFA })
  if (place === undefined) return
  const { browser, gateway, mailbox } = place
  const { page, complaints } = await openWindow(browser)
  const { phone } = await enrolApp(place, page, 'dina')
  await logOut(place, page)

  t.comment('a code by e-mail, to the address or to the name; then the app')
  await toWay(place, page, 'Get a code by e-mail')
  await page.getByRole('textbox').fill(mailOf('dina'))
  await page.getByRole('main').getByRole('button').click()
  t.match(await page.getByRole('main').innerText(), /If dina@mail\.example is known here/)
  const mailed = codeIn(await mailbox.mail(mailOf('dina'), /Your code/))
  const telephone = await openWindow(browser, { userAgent: 'Mozilla/5.0 (iPhone; CPU OS 18_0) Safari/604.1' })
  await toWay(place, telephone.page, 'Get a code by e-mail')
  await telephone.page.getByRole('textbox').fill(mailOf('dina'))
  await telephone.page.getByRole('main').getByRole('button').click()
  const wait = await telephone.page.getByRole('status').innerText()
  t.match(wait, /sent a moment ago.*ask for more in \d+ seconds/, 'no field for a code of another browser')
  t.equal(await telephone.page.getByRole('textbox').inputValue(), mailOf('dina'))
  await page.getByLabel('Code').fill(mailed === '000000' ? '111111' : '000000')
  await page.getByRole('button', { name: 'Log in' }).click()
  t.match(await page.getByRole('alert').innerText(), /not right, was used already, or is too old/)
  await page.getByLabel('Code').fill(mailed)
  await page.getByRole('button', { name: 'Log in' }).click()
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'eml,otp,mfa')

  t.comment('whoever asks for a code for nobody sees the same page, and no mail goes out')
  await logOut(place, page)
  await toWay(place, page, 'Get a code by e-mail')
  await page.getByRole('textbox').fill('nobody@mail.example')
  await page.getByRole('main').getByRole('button').click()
  t.match(await page.getByRole('main').innerText(), /If nobody@mail\.example is known here/)
  t.equal(mailbox.count('nobody@mail.example'), 0)

  t.comment('a link in the browser that asked: scanners open it first and spend nothing')
  const link = await askForLink(place, page, 'dina')
  const scanner = await openWindow(browser)
  for (const method of ['HEAD', 'GET', 'GET']) {
    const response = await fetch(link, { method, redirect: 'manual' })
    t.equal(response.status, 200)
    t.equal(response.headers.get('set-cookie'), null, 'no cookie for whoever only looks')
  }
  await scanner.page.goto(link)
  t.equal(await heading(scanner.page), 'Show the code?', 'not even with JavaScript')
  await page.goto(link)
  t.equal(await heading(page), 'Log in with this link?')
  await page.getByRole('button', { name: 'Log in' }).click()
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal(page.url(), `${gateway.origin}/`)
  t.equal((await headersAtTheApp(page)).get('Remote-User'), 'dina')
  await page.goto(link)
  t.match(await page.getByRole('main').innerText(), /Error 410/, 'it works once')

  t.comment('a link that is opened on another device shows a code for the browser that asked')
  await logOut(place, page)
  const other = await askForLink(place, page, 'dina')
  await telephone.page.goto(other)
  t.match(await telephone.page.getByRole('main').innerText(), /Whoever types the code is logged in as you/)
  await telephone.page.getByRole('button', { name: 'Show the code' }).click()
  const shown = await telephone.page.locator('.shown-code').innerText()
  await telephone.page.goto(`${gateway.origin}/desk`)
  t.equal(await heading(telephone.page), 'Log in', 'the other device is not logged in by it')
  await page.getByLabel('Code from the other device').fill(shown)
  await page.getByRole('button', { name: 'Log in' }).click()
  await giveCode(page, await phone.nextCode())
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'eml,otp,mfa')
  t.same([...complaints(), ...scanner.complaints(), ...telephone.complaints()], [])
})

/** Opens the login page, and leaves it by one of the other ways. */
async function toWay({ gateway }: Place, page: Page, way: string): Promise<void> {
  await page.goto(gateway.origin)
  await page.getByRole('link', { name: way }).click()
}

/** Has a link sent, and gives it. Waits until one more may be sent. */
async function askForLink(place: Place, page: Page, user: string): Promise<string> {
  place.clock.advance(31_000)
  const before = place.mailbox.count(mailOf(user))
  await toWay(place, page, 'Get a link by e-mail')
  await page.getByRole('textbox').fill(user)
  await page.getByRole('main').getByRole('button').click()
  return linkIn(await place.mailbox.mail(mailOf(user), /Your link/, before))
}
