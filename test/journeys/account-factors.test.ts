import t from 'tap'
import type { Locator } from 'playwright-core'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { enrolApp, logOut, mailOf, openPlace } from './place.js'
import { createQuickPhone } from './phone.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, headersAtTheApp, logIn, openWindow, readBackupCodes, readKey } from './window.js'

const MINUTE = 60_000

t.test(
  'hana looks after her ways in, and each change is told by mail',
  { skip: noAuthenticator },
  async t => {
    const place = await openPlace(t, {
      mfa: '{ may_disable: true }',
      more: 'routes: [{ path: /own/**, access: enrolled }]\n',
    })
    if (place === undefined) return
    const { browser, gateway, clock, mailbox } = place
    const { page, complaints } = await openWindow(browser, {
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    })
    const { phone, codes } = await enrolApp(place, page, 'hana')
    let seen = 0
    const toldByMail = async (subject: RegExp): Promise<string> => {
      const told = await mailbox.mail(mailOf('hana'), subject, seen)
      seen = mailbox.count(mailOf('hana'))
      return told
    }
    const done = (): Promise<string> => page.getByRole('status').innerText()
    t.match(
      await toldByMail(/way to log in was added/),
      /An authenticator app can now.*hana at localhost.*Firefox/s,
    )

    t.comment('whoever comes back later shows the second factor once more')
    clock.advance(6 * MINUTE)
    await page.goto(`${gateway.origin}/auth/account`)
    await page.getByRole('link', { name: 'How you log in' }).click()
    await page.getByRole('button', { name: 'Add a security key or passkey' }).click()
    t.equal(await heading(page), 'Confirm that it is you')
    await giveCode(page, await phone.nextCode())
    t.match(await done(), /now do what you were about to do/)

    t.comment('a key is added, named anew, and removed')
    await giveKey(page, 'security key')
    await page.getByRole('button', { name: 'Add a security key or passkey' }).click()
    await page.getByLabel('Name').fill('blue key')
    await page.getByRole('button', { name: 'Add it' }).click()
    t.match(await toldByMail(/was added/), /A security key or passkey \(“blue key”\) can now/)
    const keys = page.getByRole('region', { name: 'Security keys and passkeys' })
    await change(keys, 'blue key')
    await keys.getByLabel('Name').fill('key at home')
    await keys.getByRole('button', { name: 'Rename' }).click()
    t.match(await done(), /new name is kept/)
    t.match(await keys.innerText(), /key at home/)
    t.comment('an app as well: two of them go on side by side')
    await page.getByRole('button', { name: 'Add an authenticator app' }).click()
    const second = createQuickPhone(await readKey(page), clock)
    await page.getByLabel('Name').fill('tablet')
    await page.getByLabel('Code from the app').fill('000000')
    await page.getByRole('button', { name: 'Add it' }).click()
    t.match(await page.getByRole('alert').innerText(), /does not fit/)
    t.equal(await page.getByLabel('Name').inputValue(), 'tablet', 'the name need not be typed again')
    await page.getByLabel('Code from the app').fill(await second.nextCode())
    await page.getByRole('button', { name: 'Add it' }).click()
    t.match(await done(), /authenticator app is set up/)
    const apps = page.getByRole('region', { name: 'Authenticator apps' })
    t.equal(await apps.getByRole('listitem').count(), 2)

    t.comment('new backup codes: the old ones are dead')
    await page.getByRole('button', { name: 'Make new codes' }).click()
    const fresh = await readBackupCodes(page)
    t.equal(new Set([...codes, ...fresh]).size, 20)
    await page.getByRole('link', { name: 'I have kept them, continue' }).click()
    t.equal(await heading(page), 'How you log in')
    await toldByMail(/New backup codes/)

    t.comment('what is removed opens nothing; the browser elsewhere is logged out')
    const other = await openWindow(browser)
    await other.page.goto(gateway.origin)
    await logIn(other.page, 'hana', PASSWORD)
    await giveCode(other.page, await second.nextCode())
    t.equal(await heading(other.page), 'Sample app')
    await change(apps, 'tablet')
    await apps.getByRole('button', { name: 'Remove tablet' }).click()
    t.match(await done(), /removed, and all your other sessions have ended/)
    await toldByMail(/was removed/)
    await other.page.reload()
    t.equal(await heading(other.page), 'Log in')
    await logIn(other.page, 'hana', PASSWORD)
    await giveCode(other.page, await second.nextCode())
    t.match(await other.page.getByRole('alert').innerText(), /not right/, 'the tablet is of no use now')
    await change(keys, 'key at home')
    await keys.getByRole('button', { name: 'Remove' }).click()
    t.match(await keys.innerText(), /You have none/)

    t.comment('the second factor off: the password is enough where the app leaves it to her')
    await page.getByRole('button', { name: 'Switch the second factor off' }).click()
    t.match(await done(), /is switched off/)
    await toldByMail(/switched off/)
    await logOut(place, page)
    await page.goto(`${gateway.origin}/own/notes`)
    await logIn(page, 'hana', PASSWORD)
    t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'single')
    await page.goto(`${gateway.origin}/desk`)
    t.equal(await heading(page), 'Enter your code', 'where it is required it still is')
    await giveCode(page, await phone.nextCode())
    t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'multi')
    t.comment('and on again')
    await page.goto(`${gateway.origin}/auth/account/factors`)
    await page.getByRole('button', { name: 'Switch the second factor on' }).click()
    t.match(await done(), /switched on again/)
    await toldByMail(/switched on/)
    await logOut(place, page)
    await page.goto(`${gateway.origin}/own/notes`)
    await logIn(page, 'hana', PASSWORD)
    t.equal(await heading(page), 'Enter your code')
    await giveCode(page, await phone.nextCode())

    t.comment('all of it is among the recent activity')
    await page.goto(`${gateway.origin}/auth/account/activity`)
    const activity = await page.getByRole('main').innerText()
    for (const told of [
      'Added a second factor',
      'Renamed a second factor',
      'Removed a second factor',
      'Made new backup codes',
      'First step right, second factor wrong',
      'Switched the second factor off',
      'Switched the second factor on',
      'Showed a second factor',
    ])
      t.match(activity, told)
    t.match(activity, /Firefox on Linux, from 127\.0\.0\.1/)
    t.notMatch(activity, /undefined|_/, 'in words')
    t.same([...complaints(), ...other.complaints()], [], 'neither browser complained')
  },
)

/** Unfolds what can be done with one of several. */
async function change(region: Locator, name: string): Promise<void> {
  await region.getByRole('listitem').filter({ hasText: name }).getByText('Change').click()
}
