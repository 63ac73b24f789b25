import t from 'tap'
import { PASSWORD } from '../harness/demo-users.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { pressEnter, tabTo, visit } from './keyboard.js'
import { codeIn, mailOf, openPlace } from './place.js'
import { createQuickPhone } from './phone.js'
import { giveKey } from './security-key.js'
import { heading, headersAtTheApp, openWindow } from './window.js'

t.test(
  'dina has no mouse: every way in and her account by the keyboard',
  { skip: noAuthenticator },
  async t => {
    const place = await openPlace(t, {
      methods: '[password, passkey, email]',
      mfa: '{ factors: [email, totp, webauthn, backup_code], remember_device: 30d }',
      more: 'tokens: { self_service_scopes: [calendar] }\nroutes: [{ path: /cal, access: required, tokens: [calendar] }]\n',
    })
    if (place === undefined) return
    const { browser, gateway, clock, mailbox } = place
    const { page, complaints } = await openWindow(browser)
    const { keyboard } = page
    const code = page.locator('#code')

    t.comment('password, code by mail; the box to be remembered is on the way')
    await visit(page, `${gateway.origin}/desk`)
    await keyboard.type('dina')
    await keyboard.press('Tab')
    await keyboard.type(PASSWORD)
    await pressEnter(page)
    await tabTo(page, 'button.primary')
    await pressEnter(page)
    await keyboard.type(codeIn(await mailbox.mail(mailOf('dina'), /Your code/)))
    await tabTo(page, 'input[name=remember_device]')
    await keyboard.press('Space')
    t.equal(await page.getByRole('checkbox').isChecked(), true)
    await tabTo(page, '#code')
    await pressEnter(page)
    t.equal(page.url(), `${gateway.origin}/desk`, 'Enter has sent the code, and not for a new one')

    t.comment('an app and a passkey are added, and one is named anew')
    await visit(page, `${gateway.origin}/auth/account`)
    await tabTo(page, 'a[href$="/account/factors"]')
    await pressEnter(page)
    await tabTo(page, 'form[action$="/factors/totp"] button')
    await pressEnter(page)
    await tabTo(page, 'summary')
    await keyboard.press('Enter')
    const phone = createQuickPhone(await page.locator('.key').innerText(), clock)
    await tabTo(page, '#name')
    await keyboard.press('ControlOrMeta+A')
    await keyboard.type('phone')
    await tabTo(page, '#code')
    await keyboard.type(await phone.nextCode())
    await pressEnter(page)
    await giveKey(page, 'passkey')
    await tabTo(page, 'form[action$="/factors/webauthn"] button')
    await pressEnter(page)
    await tabTo(page, '#name')
    await keyboard.press('ControlOrMeta+A')
    await keyboard.type('laptop')
    await pressEnter(page)
    t.match(await page.getByRole('status').innerText(), /security key or passkey is set up/)
    await tabTo(page, 'section[aria-labelledby=webauthn] summary')
    await keyboard.press('Enter')
    await tabTo(page, 'section[aria-labelledby=webauthn] input[name=name]')
    await keyboard.press('ControlOrMeta+A')
    await keyboard.type('my laptop')
    await pressEnter(page)
    t.match(await page.getByRole('region', { name: 'Security keys' }).innerText(), /my laptop/)

    t.comment('a token, with the box for its scope')
    await tabTo(page, 'a[href$="/account/tokens"]')
    await pressEnter(page)
    await tabTo(page, '#name')
    await keyboard.type('calendar')
    await tabTo(page, 'input[name=scope]')
    await keyboard.press('Space')
    await tabTo(page, 'form[action$="/create"] button')
    await pressEnter(page)
    t.equal(await heading(page), 'Your new token')
    await tabTo(page, 'a.primary')
    await pressEnter(page)
    await tabTo(page, 'form[action$="/revoke"] button')
    await pressEnter(page)
    t.match(await page.getByRole('status').innerText(), /opens nothing any more/)

    t.comment('out, and in again with the passkey')
    await tabTo(page, 'nav a[href$="/account"]')
    await pressEnter(page)
    t.match(
      await page.getByRole('region', { name: 'Remembered' }).innerText(),
      /No browser is remembered/,
      'new factors have ended that',
    )
    await tabTo(page, 'form[action$="/logout"] button')
    await pressEnter(page)
    await visit(page, `${gateway.origin}/desk`)
    await tabTo(page, 'a[href*="/passkey"]')
    await pressEnter(page)
    await tabTo(page, 'button.primary')
    await keyboard.press('Enter')
    await page.waitForURL(`${gateway.origin}/desk`)
    t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'phishing_resistant')

    t.comment('and once more with a code by mail and the app')
    await visit(page, `${gateway.origin}/auth/logout`)
    await tabTo(page, '.button.primary')
    await pressEnter(page)
    await visit(page, `${gateway.origin}/desk`)
    await tabTo(page, 'a[href*="channel=email"]')
    await pressEnter(page)
    clock.advance(31_000)
    const before = mailbox.count(mailOf('dina'))
    await keyboard.type('dina')
    await pressEnter(page)
    await code.waitFor()
    await keyboard.type(codeIn(await mailbox.mail(mailOf('dina'), /Your code/, before)))
    await pressEnter(page)
    await keyboard.type(await phone.nextCode())
    await pressEnter(page)
    t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'eml,otp,mfa')
    t.same(complaints(), [], 'the browser never complained')
  },
)
