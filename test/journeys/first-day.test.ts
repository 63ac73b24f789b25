import { readFileSync, readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Browser, Download, Page } from 'playwright-core'
import { launchChromium } from '../chromium.js'
import { freePort } from '../bench/free-port.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { installGateway, runGatehouse, serveGateway } from './gateway-process.js'
import type { GatewayProcess } from './gateway-process.js'
import { createPhone } from './phone.js'
import type { Phone } from './phone.js'
import {
  BACKUP_CODE,
  giveCode,
  heading,
  headersAtTheApp,
  logIn,
  openWindow,
  readBackupCodes,
  readKey,
} from './window.js'

t.test('alice tries the demo, from the first page to Ctrl-C', { skip: noAuthenticator }, async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const temporary = t.testdir({})
  const port = String(await freePort())
  const demo = runGatehouse(t, ['demo', '--port', port], { env: { TMPDIR: temporary } })
  await demo.says(/Ctrl-C ends the demo/)
  const origin = /http:\/\/localhost:\d+/.exec(demo.output())?.[0] ?? ''
  const password = /^ +alice +(\S+)/m.exec(demo.output())?.[1] ?? ''
  const { page, complaints } = await openWindow(browser, {
    permissions: ['clipboard-read', 'clipboard-write'],
  })

  t.comment('what is public opens to nobody in particular')
  await page.goto(`${origin}/public/hello`)
  t.notOk((await headersAtTheApp(page)).has('Remote-User'))

  t.comment('everything else asks for the password first')
  await page.goto(`${origin}/desk?drawer=top%20left&open`)
  t.equal(await heading(page), 'Log in')
  await logIn(page, 'alice', 'not her password')
  t.match(await page.getByRole('alert').innerText(), /user name or the password is wrong/)
  t.equal(await page.getByLabel('User name').inputValue(), 'alice', 'the name need not be typed again')
  await logIn(page, 'alice', password)

  t.comment('the password alone opens what is bypassed, and nothing more')
  t.equal(await heading(page), 'Set up your authenticator app')
  const enrolment = page.url()
  await page.goto(`${origin}/reports`)
  const half = await headersAtTheApp(page)
  t.equal(half.get('Remote-User'), 'alice')
  t.equal(half.get('Remote-Assurance'), 'single')
  await page.goto(enrolment)

  t.comment('the first login shows a QR code and its key')
  const qr = page.getByRole('img', { name: /QR code/ })
  t.ok(((await qr.boundingBox())?.width ?? 0) >= 150, 'large enough for a camera')
  const key = await readKey(page)
  t.match(key, /^(?:[A-Z2-7]{4} ?)+$/, 'in groups, to be typed')
  const link = new URL((await page.locator('a[href^="otpauth:"]').getAttribute('href')) ?? '')
  t.equal(link.searchParams.get('secret'), key.replaceAll(' ', ''), 'the link for phones has the same key')
  const phone = createPhone(key)
  await giveCode(page, '000000')
  t.match(await page.getByRole('alert').innerText(), /does not fit/)
  t.equal(await readKey(page), key, 'a wrong code changes nothing')
  await giveCode(page, await phone.nextCode())

  t.comment('ten backup codes are shown, once')
  t.equal(await heading(page), 'Keep your backup codes')
  const codes = await readBackupCodes(page)
  t.equal(new Set(codes).size, 10)
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  t.same(await page.evaluate('navigator.clipboard.readText()'), codes.join('\n'), 'all of them are copied')
  const file = await clickDownload(page)
  t.equal(file.suggestedFilename(), 'backup-codes.txt')
  t.same(readFileSync(await file.path(), 'utf8').match(BACKUP_CODE), codes, 'and in the file')
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()

  t.comment('then the app, at the page that was asked for, knows who is there')
  t.equal(page.url(), `${origin}/desk?drawer=top%20left&open`)
  const full = await headersAtTheApp(page)
  t.equal(full.get('Remote-User'), 'alice')
  t.equal(full.get('Remote-Name'), 'Alice Archer')
  t.equal(full.get('Remote-Email'), 'alice@example.com')
  t.equal(full.get('Remote-Groups'), 'staff,ops')
  t.equal(full.get('Remote-Assurance'), 'multi')
  t.match(full.get('Gatehouse-Assertion') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/)
  t.notOk(full.has('cookie') || full.has('Cookie'), 'the session stays at the gateway')
  await page.goto(`${origin}/ops`)
  t.equal(await heading(page), 'Sample app', 'she is in the group')

  t.comment('log out, log in again: only the code is asked')
  await page.goto(`${origin}/auth/account`)
  await page.getByRole('button', { name: 'Log out' }).click()
  t.equal(await heading(page), 'You are logged out')
  await page.goto(`${origin}/ops`)
  t.equal(await heading(page), 'Log in', 'nothing opens any more')
  await logIn(page, 'alice', password)
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal(page.url(), `${origin}/ops`)
  t.same(complaints(), [], 'the browser never complained')

  t.comment('Ctrl-C leaves nothing behind')
  t.equal(await demo.end('SIGINT'), 0)
  t.same(readdirSync(temporary), [])
})

t.test('carol has two browsers, and loses her phone', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t)
  if (place === undefined) return
  const { browser, gateway } = place
  const desk = await openWindow(browser, { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
  const { codes } = await firstLogin(desk.page, gateway, 'carol')

  t.comment('a backup code opens where the authenticator app is not at hand, once')
  const sofa = await openWindow(browser, { userAgent: 'Mozilla/5.0 (iPad; CPU OS 18_0) Safari/604.1' })
  await sofa.page.goto(`${gateway.origin}/`)
  await logIn(sofa.page, 'carol', PASSWORD)
  await sofa.page.getByRole('link', { name: /Use a backup code/ }).click()
  t.equal(await heading(sofa.page), 'Use a backup code')
  await giveCode(sofa.page, (codes[0] ?? '').toLowerCase().replaceAll('-', ' '))
  t.equal((await headersAtTheApp(sofa.page)).get('Remote-User'), 'carol', 'however it is typed')

  t.comment('the account page knows both browsers, and ends the other one')
  await desk.page.goto(`${gateway.origin}/auth/account`)
  const sessions = desk.page.getByRole('region', { name: 'Where you are logged in' }).getByRole('listitem')
  t.equal(await sessions.count(), 2)
  t.match(await sessions.filter({ hasText: 'This one' }).innerText(), /Firefox on Linux/)
  await desk.page.getByRole('button', { name: /^End the session of Safari on iPad/ }).click()
  t.match(await desk.page.getByRole('status').innerText(), /That session has ended/)
  t.equal(await sessions.count(), 1)
  await sofa.page.reload()
  t.equal(await heading(sofa.page), 'Log in', 'over there nothing opens any more')

  t.comment('new backup codes replace the old ones')
  await desk.page.getByRole('link', { name: 'How you log in' }).click()
  t.match(await desk.page.getByRole('region', { name: 'Backup codes' }).innerText(), /9 left/)
  await desk.page.getByRole('button', { name: 'Make new codes' }).click()
  const fresh = await readBackupCodes(desk.page)
  t.equal(new Set([...codes, ...fresh]).size, 20)
  await logIn(sofa.page, 'carol', PASSWORD)
  await sofa.page.getByRole('link', { name: /Use a backup code/ }).click()
  for (const dead of codes.slice(0, 2)) {
    await giveCode(sofa.page, dead)
    t.match(await sofa.page.getByRole('alert').innerText(), /not right, or it was used already/)
  }
  await giveCode(sofa.page, fresh[0] ?? '')
  t.equal(await heading(sofa.page), 'Sample app')

  t.same([...desk.complaints(), ...sofa.complaints()], [], 'neither browser complained')
})

t.test('what is wrong, forbidden or too much says so', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t)
  if (place === undefined) return
  const { browser, gateway } = place
  const { page, complaints } = await openWindow(browser)
  const { phone } = await firstLogin(page, gateway, 'dave')

  t.comment('a page for another group says which')
  await page.goto(`${gateway.origin}/ops`)
  t.equal(await heading(page), 'You may not open this page')
  t.match(await page.getByRole('main').innerText(), /the group ops.*ask whoever runs this site/s)

  t.comment('wrong codes, malformed codes and used codes are refused; the next one opens')
  await page.goto(`${gateway.origin}/auth/logout`)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.goto(`${gateway.origin}/`)
  await logIn(page, 'dave', PASSWORD)
  await giveCode(page, '000000')
  t.match(await page.getByRole('alert').innerText(), /not right, or it was used already/)
  await giveCode(page, 'hello')
  t.match(await page.getByRole('alert').innerText(), /Please type the code/)
  await page.context().clearCookies()
  await giveCode(page, '000000')
  t.match(await page.getByRole('status').innerText(), /ran out.*log in again/, 'a lost login says so')
  await logIn(page, 'dave', PASSWORD)
  await giveCode(page, await phone.nextCode())
  t.equal(await heading(page), 'Sample app')

  t.comment('somebody who guesses passwords has to wait, and their owner is not locked out for long')
  const guesser = await openWindow(browser)
  let tries = 0
  do {
    await guesser.page.goto(`${gateway.origin}/desk?drawer=top`)
    await logIn(guesser.page, 'erin', `guess ${++tries}`)
  } while ((await heading(guesser.page)) === 'Log in' && tries < 20)
  t.equal(await heading(guesser.page), 'Too many tries')
  t.match(await guesser.page.getByRole('main').innerText(), /wait \d+ seconds?/)
  t.ok(tries > 5 && tries < 12, `after ${tries} tries`)
  await guesser.page.getByRole('link', { name: 'Try again' }).click()
  t.equal(await heading(guesser.page), 'Log in')
  t.match(
    guesser.page.url(),
    /return_to=%2Fdesk%3Fdrawer%3Dtop$/,
    'it is not forgotten where they were going',
  )
  await page.reload()
  t.equal(await heading(page), 'Sample app', 'others go on working')

  t.same([...complaints(), ...guesser.complaints()], [], 'neither browser complained')
})

/** A browser and a gateway, as it is run in production: https, the embedded store, one app behind it. */
async function openPlace(
  t: Test,
): Promise<{ readonly browser: Browser; readonly gateway: GatewayProcess } | undefined> {
  const browser = await launchChromium(t)
  if (browser === undefined) return undefined
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const more = 'routes: [{ path: /ops/**, access: required, groups: [ops] }]\n'
  const gateway = await serveGateway(t, await installGateway(t, { upstream: app.url, more }))
  return { browser, gateway }
}

/** Logs in for the first time, and gives what a person keeps of it. Ends at the app. */
async function firstLogin(
  page: Page,
  gateway: GatewayProcess,
  username: string,
): Promise<{ readonly phone: Phone; readonly codes: readonly string[] }> {
  await page.goto(`${gateway.origin}/`)
  await logIn(page, username, PASSWORD)
  const phone = createPhone(await readKey(page))
  await giveCode(page, await phone.nextCode())
  const codes = await readBackupCodes(page)
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()
  return { phone, codes }
}

async function clickDownload(page: Page): Promise<Download> {
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download' }).click()
  return downloading
}
