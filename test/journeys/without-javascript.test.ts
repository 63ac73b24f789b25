import { readFileSync } from 'node:fs'
import t from 'tap'
import { launchChromium } from '../chromium.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { installGateway, serveGateway } from './gateway-process.js'
import { pressEnter, tabTo, visit } from './keyboard.js'
import { createPhone } from './phone.js'
import { BACKUP_CODE, heading, headersAtTheApp, openWindow, readBackupCodes } from './window.js'

t.test(
  'frank has no JavaScript and no mouse: the keyboard alone leads through everything',
  { skip: noAuthenticator },
  async t => {
    const browser = await launchChromium(t)
    if (browser === undefined) return
    const app = await startSampleApp()
    t.teardown(() => app.close())
    const gateway = await serveGateway(t, await installGateway(t, { upstream: app.url }))
    const { page, complaints } = await openWindow(browser, { javaScriptEnabled: false })
    const { keyboard } = page

    t.comment('login: the cursor is in the first field, Tab leads on, Enter sends')
    await visit(page, `${gateway.origin}/desk?drawer=top`)
    await keyboard.type('frank')
    await keyboard.press('Tab')
    await keyboard.type('not his password')
    await pressEnter(page)
    t.match(await page.getByRole('alert').innerText(), /user name or the password is wrong/)
    await keyboard.type(PASSWORD)
    await pressEnter(page)

    t.comment('enrolment: the key unfolds, and the code is the next field')
    t.equal(await heading(page), 'Set up your authenticator app')
    await tabTo(page, 'summary')
    await keyboard.press('Enter')
    const phone = createPhone(await page.locator('.key').innerText())
    await tabTo(page, '#code')
    await keyboard.type('123')
    await pressEnter(page)
    t.match(await page.getByRole('alert').innerText(), /code/)
    await keyboard.type(await phone.nextCode())
    await pressEnter(page)

    t.comment('backup codes: no button that needs JavaScript, and the file all the same')
    const codes = await readBackupCodes(page)
    t.equal(codes.length, 10)
    t.equal(await page.getByRole('button').count(), 0)
    await tabTo(page, 'a[download]')
    const downloading = page.waitForEvent('download')
    await keyboard.press('Enter')
    t.same(readFileSync(await (await downloading).path(), 'utf8').match(BACKUP_CODE), codes)
    await tabTo(page, 'a.primary')
    await pressEnter(page)
    t.equal(page.url(), `${gateway.origin}/desk?drawer=top`)
    t.equal((await headersAtTheApp(page)).get('Remote-User'), 'frank')

    t.comment('account: new backup codes, then out')
    await visit(page, `${gateway.origin}/auth/account`)
    t.match(await page.locator('time').first().innerText(), / UTC$/, 'times say their zone')
    await tabTo(page, 'a[href$="/account/factors"]')
    await pressEnter(page)
    await tabTo(page, 'form[action$="/backup-codes"] button')
    await pressEnter(page)
    const [fresh = ''] = await readBackupCodes(page)
    await tabTo(page, 'a.primary')
    await pressEnter(page)
    await tabTo(page, 'a[href$="/account"]')
    await pressEnter(page)
    await tabTo(page, 'form[action$="/logout"] button')
    await pressEnter(page)
    t.equal(await heading(page), 'You are logged out')
    await tabTo(page, 'a.primary')
    await pressEnter(page)

    t.comment('back in with the code, and later with a backup code')
    await keyboard.type('frank')
    await keyboard.press('Tab')
    await keyboard.type(PASSWORD)
    await pressEnter(page)
    t.equal(await heading(page), 'Enter your code')
    await keyboard.type(await phone.nextCode())
    await pressEnter(page)
    t.equal(await heading(page), 'Your account')
    await visit(page, `${gateway.origin}/auth/logout`)
    await tabTo(page, '.button.primary')
    await pressEnter(page)
    await visit(page, `${gateway.origin}/`)
    await keyboard.type('frank')
    await keyboard.press('Tab')
    await keyboard.type(PASSWORD)
    await pressEnter(page)
    await tabTo(page, 'a[href*="factor=backup_code"]')
    await pressEnter(page)
    await keyboard.type(fresh)
    await pressEnter(page)
    t.equal(await heading(page), 'Sample app')
    t.same(complaints(), [])
  },
)
