import { AxeBuilder } from '@axe-core/playwright'
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { launchChromium } from '../chromium.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { installGateway, serveGateway } from './gateway-process.js'
import { createPhone, createQuickPhone } from './phone.js'
import { codeIn, linkIn, mailOf, openPlace } from './place.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, logIn, openWindow, readBackupCodes, readKey } from './window.js'

const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1280, height: 800 }
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** A folder for pictures of every page, to be looked at by people; nothing is kept without it. */
const PICTURES = process.env.PICTURES

t.test('every page that a person may meet is accessible', { skip: noAuthenticator }, async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const app = await startSampleApp()
  let open = true
  const closeApp = async (): Promise<void> => {
    if (open) await app.close()
    open = false
  }
  t.teardown(closeApp)
  const more = 'routes: [{ path: /ops/**, access: required, groups: [ops] }]\n'
  const { origin } = await serveGateway(t, await installGateway(t, { upstream: app.url, more }))
  const { page, complaints } = await openWindow(browser)

  await page.goto(`${origin}/desk`)
  await look(t, page, 'login', 'Log in')
  await logIn(page, 'grace', 'a wrong one')
  await look(t, page, 'login-wrong', 'Log in')
  await logIn(page, 'grace', PASSWORD)
  await look(t, page, 'enrol', 'Set up your authenticator app')
  const phone = createPhone(await readKey(page))
  await look(t, page, 'enrol-key', 'Set up your authenticator app')
  await giveCode(page, '000000')
  await look(t, page, 'enrol-wrong', 'Set up your authenticator app')
  await giveCode(page, await phone.nextCode())
  await look(t, page, 'backup-codes', 'Keep your backup codes')
  const [code = ''] = await readBackupCodes(page)

  // A second browser, so that the account page has something to list.
  const other = await openWindow(browser, { userAgent: 'Mozilla/5.0 (iPad; CPU OS 18_0) Safari/604.1' })
  await other.page.goto(`${origin}/`)
  await logIn(other.page, 'grace', PASSWORD)
  await look(t, other.page, 'code', 'Enter your code')
  await giveCode(other.page, '000000')
  await look(t, other.page, 'code-wrong', 'Enter your code')
  await other.page.getByRole('link', { name: /Use a backup code/ }).click()
  await look(t, other.page, 'backup-code', 'Use a backup code')
  await giveCode(other.page, code)

  await page.goto(`${origin}/auth/account`)
  await look(t, page, 'account', 'Your account')
  await page.getByRole('button', { name: 'End all others' }).click()
  await look(t, page, 'account-done', 'Your account')
  await page.goto(`${origin}/ops`)
  await look(t, page, 'denied', 'You may not open this page')
  await page.goto(`${origin}/auth/nothing`)
  await look(t, page, 'not-found', 'There is nothing here')
  await page.goto(`${origin}/a/../%2e%2e%2fetc`)
  await look(t, page, 'unreadable', 'We could not read this request')
  await closeApp()
  await page.goto(`${origin}/desk`)
  await look(t, page, 'upstream-down', 'The app does not answer')
  await page.goto(`${origin}/auth/logout`)
  await look(t, page, 'logout', 'Log out?')
  await page.getByRole('button', { name: 'Log out' }).click()
  await look(t, page, 'logged-out', 'You are logged out')
  for (let tries = 0; tries < 20 && (await heading(page)) !== 'Too many tries'; tries++) {
    await page.goto(`${origin}/auth/login`)
    await logIn(page, 'heidi', `guess ${tries}`)
  }
  await look(t, page, 'too-many-tries', 'Too many tries')
  t.same([...complaints(), ...other.complaints()], [], 'the browser never complained')
})

t.test('so is every page of the other ways in, and of the account', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, {
    methods: '[password, passkey, email, sms, link]',
    mfa: `
  factors: [totp, webauthn, backup_code, email, sms, knowledge_question]
  remember_device: 30d
  may_disable: true`,
    more: `tokens: { self_service_scopes: [calendar, feeds] }
routes:
  - { path: /keys/**, access: required, step_up: { methods: [webauthn] } }
  - { path: /fresh/**, access: required, step_up: { max_age: 5m } }
  - { path: /calendar/**, access: required, tokens: [calendar] }
`,
  })
  if (place === undefined) return
  const { browser, gateway, clock, mailbox } = place
  const auth = `${gateway.origin}/auth`
  const { page, complaints } = await openWindow(browser)
  const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).first().click()
  const [ada, minute] = [mailOf('ada'), 60_000]

  t.comment('codes and links')
  await page.goto(`${auth}/login?return_to=/desk`)
  await look(t, page, 'login-ways', 'Log in')
  for (const channel of ['email', 'sms']) {
    await page.goto(`${auth}/otp?channel=${channel}`)
    await look(t, page, `ask-${channel}`, /^Get a code/)
  }
  await page.goto(`${auth}/otp?channel=email`)
  await page.getByRole('textbox').fill(ada)
  await press('Send the code')
  await look(t, page, 'begin-code', 'Enter the code')
  await page.getByLabel('Code').fill('123456')
  await press('Log in')
  await look(t, page, 'begin-code-wrong', 'Enter the code')
  await press('Send a new code')
  await look(t, page, 'begin-code-too-many', 'Enter the code')
  await page.goto(`${auth}/link?return_to=/desk`)
  await look(t, page, 'ask-link', 'Get a link by e-mail')
  clock.advance(minute)
  await page.getByRole('textbox').fill('ada')
  await press('Send the link')
  await look(t, page, 'link-sent', 'Look into your mail')
  const link = linkIn(await mailbox.mail(ada, /^Your link/))
  const elsewhere = await openWindow(browser)
  await elsewhere.page.goto(link)
  await look(t, elsewhere.page, 'link-elsewhere', 'Show the code?')
  await page.goto(link)
  await look(t, page, 'link', 'Log in with this link?')
  await elsewhere.page.getByRole('button', { name: 'Show the code' }).click()
  await look(t, elsewhere.page, 'link-code', 'Your code')
  await page.goto(link)
  await look(t, page, 'link-gone', 'This link no longer works')
  await page.goto(`${auth}/passkey?return_to=/desk`)
  await look(t, page, 'passkey', 'Log in with a passkey')

  t.comment('a code by mail as the second factor')
  await page.goto(`${auth}/login`)
  await logIn(page, 'ada', PASSWORD)
  await look(t, page, 'email-unsent', 'Enter the code from your mail')
  clock.advance(minute)
  const before = mailbox.count(ada)
  await press('Send the code')
  await look(t, page, 'email', 'Enter the code from your mail')
  await press('Send a new code')
  await look(t, page, 'email-too-many', 'Enter the code from your mail')
  await page.getByLabel('Code').fill(codeIn(await mailbox.mail(ada, /^Your code/, before)))
  await press('Continue')

  t.comment('the account')
  await look(t, page, 'account-bare', 'Your account')
  await page.goto(`${auth}/account/factors`)
  await look(t, page, 'factors-bare', 'How you log in')
  await press('Add an authenticator app')
  await look(t, page, 'add-app', 'Add an authenticator app')
  const phone = createQuickPhone(await readKey(page), clock)
  await page.getByLabel('Name').fill('A phone with a name that is as long as names are ever allowed to')
  await page.getByLabel('Code from the app').fill('000000')
  await press('Add it')
  await look(t, page, 'add-app-wrong', 'Add an authenticator app')
  await page.getByLabel('Code from the app').fill(await phone.nextCode())
  await press('Add it')
  await page.goto(`${gateway.origin}/keys/x`)
  await look(t, page, 'missing-factor', 'This page needs another proof')
  await page.goto(`${auth}/account/factors`)
  await press('Add a security key or passkey')
  await look(t, page, 'add-key', 'Add a security key or passkey')
  const key = await giveKey(page, 'passkey')
  await page.getByLabel('Name').fill('my laptop')
  await press('Add it')
  await page.waitForURL(/done=key_added/)
  await press('Set up security questions')
  await look(t, page, 'questions', 'Your security questions')
  for (const number of ['1', '2', '3']) {
    await page.locator(`#question${number}`).fill(`Which is number ${number} of the things I know?`)
    await page.locator(`#answer${number}`).fill(`answer ${number}`)
  }
  await press('Keep these questions')
  await press('Make new codes')
  await look(t, page, 'new-codes', 'Keep your backup codes')
  await page.goto(`${auth}/account/factors`)
  await page.getByText('Change', { exact: false }).nth(1).click()
  await look(t, page, 'factors', 'How you log in')
  await page.goto(`${auth}/account/password`)
  await look(t, page, 'password', 'Change your password')
  await page.getByLabel('Current password', { exact: true }).fill('a wrong one')
  await page.getByLabel('New password', { exact: true }).fill('short')
  await press('Change the password')
  await look(t, page, 'password-wrong', 'Change your password')
  await page.goto(`${auth}/account/tokens`)
  await look(t, page, 'tokens-bare', 'API tokens')
  await page.getByLabel('Name').fill('calendar on my phone')
  await page.getByLabel('calendar', { exact: true }).check()
  await press('Create the token')
  await look(t, page, 'token', 'Your new token')
  await page.goto(`${auth}/account/tokens`)
  await look(t, page, 'tokens', 'API tokens')
  await page.goto(`${auth}/account/activity`)
  await look(t, page, 'activity', 'Recent activity')

  t.comment('a fresh proof, with each factor')
  clock.advance(6 * minute)
  await page.goto(`${gateway.origin}/fresh/x`)
  await look(t, page, 'step-up', 'Confirm that it is you')
  await page.goto(`${gateway.origin}/keys/x`)
  await look(t, page, 'step-up-key', 'Confirm that it is you')
  await key.remove()
  const other = await openWindow(browser)
  await other.page.goto(`${auth}/login`)
  await logIn(other.page, 'ada', PASSWORD)
  await look(t, other.page, 'code-and-others', 'Enter your code')
  await other.page.getByRole('link', { name: 'security key' }).click()
  await look(t, other.page, 'key', 'Use your security key or passkey')
  await other.page.goto(`${auth}/mfa?factor=totp`)
  await other.page.getByRole('checkbox').check()
  await giveCode(other.page, await phone.nextCode())
  await look(t, other.page, 'account', 'Your account')
  t.same(
    [complaints(), elsewhere.complaints(), other.complaints()],
    [[], [], []],
    'the browser never complained',
  )
})

t.test('so are the pages before a first second factor', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, { mfa: '{ enrolment: ticket }' })
  if (place === undefined) return
  const { browser, gateway } = place
  const { page, complaints } = await openWindow(browser)
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'ben', PASSWORD)
  await look(t, page, 'ticket', 'Enter your ticket')
  await page.getByRole('textbox').fill('AAAA-AAAA')
  await page.getByRole('button', { name: 'Continue' }).click()
  await look(t, page, 'ticket-wrong', 'Enter your ticket')
  const said = await place.operator('users', 'ticket', 'ben')
  await page.getByRole('textbox').fill(/[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}/.exec(said)?.[0] ?? '')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('link', { name: 'A security key or passkey' }).click()
  await look(t, page, 'enrol-a-key', 'Set up your security key or passkey')
  await page.context().clearCookies()
  await page.goto(`${gateway.origin}/auth/mfa?began=1`)
  await look(t, page, 'cookies', 'Log in')
  t.same(complaints(), [], 'the browser never complained')
})

/** Looks at a page as it is: on a phone and on a desk, in light and in dark. */
async function look(t: Test, page: Page, name: string, title: string | RegExp): Promise<void> {
  t.match(await heading(page), title, name)
  for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    await page.setViewportSize(size)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const view = `${name}-${device}-${colorScheme}`
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${view}.png`, fullPage: true })
      // Nothing but contrast depends on the colours, and those not on the size.
      if (colorScheme === 'dark' && device === 'phone') continue
      const axe = new AxeBuilder({ page }).setLegacyMode(true)
      const rules = colorScheme === 'light' ? axe.withTags(RULES) : axe.withRules('color-contrast')
      const { violations } = await rules.analyze()
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(', ')}`)
      t.same(found, [], view)
    }
    const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    t.ok(Number(excess) <= 0, `${name} does not scroll sideways on a ${device}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
