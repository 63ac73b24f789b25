import { AxeBuilder } from '@axe-core/playwright'
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { launchChromium } from '../chromium.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { installGateway, serveGateway } from './gateway-process.js'
import { createPhone } from './phone.js'
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

/** Looks at a page as it is: on a phone and on a desk, in light and in dark. */
async function look(t: Test, page: Page, name: string, title: string): Promise<void> {
  t.equal(await heading(page), title, name)
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
