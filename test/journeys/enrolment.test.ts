import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { enrolApp, logOut, mailOf, openPlace } from './place.js'
import { createQuickPhone } from './phone.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, headersAtTheApp, logIn, openWindow, readBackupCodes, readKey } from './window.js'

t.test('emil sets up a security key at the first login, and loses it', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, { mfa: '{ issuer: Example }' })
  if (place === undefined) return
  const { browser, gateway, clock, mailbox } = place
  const { page, complaints } = await openWindow(browser)

  t.comment('the first login offers an app, and a key instead')
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'emil', PASSWORD)
  t.equal(await heading(page), 'Set up your authenticator app')
  const key = await giveKey(page, 'security key')
  await page.getByRole('link', { name: 'A security key or passkey' }).click()
  t.equal(await heading(page), 'Set up your security key or passkey')
  await page.getByRole('button', { name: 'Set up and continue' }).click()
  await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor()
  const codes = await readBackupCodes(page)
  t.equal(codes.length, 10)
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()
  t.equal(page.url(), `${gateway.origin}/desk`)
  t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'phishing_resistant')
  await mailbox.mail(mailOf('emil'), /way to log in was added/)

  t.comment('the key is gone: a backup code opens, and the account page takes an app')
  await key.remove()
  await logOut(place, page)
  await page.goto(gateway.origin)
  await logIn(page, 'emil', PASSWORD)
  t.equal(await heading(page), 'Use your security key or passkey')
  await page.getByRole('link', { name: 'Use a backup code' }).click()
  await giveCode(page, codes[9] ?? '')
  t.equal(await heading(page), 'Sample app')
  await page.goto(`${gateway.origin}/auth/account/factors`)
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  const phone = createQuickPhone(await readKey(page), clock)
  await page.getByLabel('Name').fill('new phone')
  await page.getByLabel('Code from the app').fill(await phone.nextCode())
  await page.getByRole('button', { name: 'Add it' }).click()
  t.match(await page.getByRole('status').innerText(), /authenticator app is set up/)
  t.match(await page.getByRole('region', { name: 'Backup codes' }).innerText(), /9 left/)

  t.comment('the lost key opens nothing any more, and the app does')
  const keys = page.getByRole('region', { name: 'Security keys and passkeys' })
  await keys.getByText('Change').click()
  await keys.getByRole('button', { name: 'Remove' }).click()
  t.match(await keys.innerText(), /You have none/)
  await logOut(place, page)
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'emil', PASSWORD)
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal(page.url(), `${gateway.origin}/desk`)
  t.same(complaints(), [], 'the browser never complained')
})

t.test('fay has lost everything: the operator gives her a ticket', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, { mfa: '{ issuer: Example }' })
  if (place === undefined) return
  const { browser, gateway, clock, operator } = place
  const { page, complaints } = await openWindow(browser)
  const { phone: lost, codes } = await enrolApp(place, page, 'fay')

  t.comment('a ticket is for those who have no second factor')
  await t.rejects(operator('users', 'ticket', 'fay'), /fay has a second factor/)
  t.match(await operator('users', 'reset-mfa', 'fay', '--yes'), /second factors of fay are removed/)
  await page.reload()
  t.equal(await heading(page), 'Log in', 'every session has ended')

  t.comment('the password alone sets up nothing new')
  await logIn(page, 'fay', PASSWORD)
  t.equal(await heading(page), 'Enter your ticket')
  await page.goto(`${gateway.origin}/auth/account/factors`)
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  t.equal(await heading(page), 'Enter your ticket', 'not on the account page either')
  await page.getByLabel('Ticket').fill('AAAA-BBBB-CCCC-DDDD-EEEE-FFFF')
  await page.getByRole('button', { name: 'Continue' }).click()
  t.match(await page.getByRole('alert').innerText(), /ticket is not right, was used already, or has run out/)

  t.comment('the ticket does, once')
  const ticket = ticketIn(await operator('users', 'ticket', 'fay'))
  await page.getByLabel('Ticket').fill(ticket.toLowerCase())
  await page.getByRole('button', { name: 'Continue' }).click()
  const found = createQuickPhone(await readKey(page), clock)
  await giveCode(page, await lost.nextCode())
  t.match(await page.getByRole('alert').innerText(), /does not fit/, 'the lost phone is of no use')
  await giveCode(page, await found.nextCode())
  const fresh = await readBackupCodes(page)
  t.equal(new Set([...codes, ...fresh]).size, 20)
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()
  t.equal(await heading(page), 'How you log in', 'where the ticket was asked for')
  await page.goto(gateway.origin)
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,otp,mfa')

  t.comment('a ticket is good for a security key as well')
  await operator('users', 'reset-mfa', 'fay', '--yes')
  const another =
    /^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}$/m.exec(await operator('users', 'ticket', 'fay'))?.[0] ?? ''
  await giveKey(page, 'passkey')
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'fay', PASSWORD)
  await page.getByLabel('Ticket').fill(ticket)
  await page.getByRole('button', { name: 'Continue' }).click()
  t.equal(await page.getByRole('alert').count(), 1, 'but not the old one')
  await page.getByLabel('Ticket').fill(another)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('link', { name: 'A security key or passkey' }).click()
  await page.getByRole('button', { name: 'Set up and continue' }).click()
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()
  t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'phishing_resistant')
  t.same(complaints(), [], 'the browser never complained')
})

/** The ticket that a command has printed, on a line of its own. */
function ticketIn(output: string): string {
  return /^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}$/m.exec(output)?.[0] ?? ''
}
