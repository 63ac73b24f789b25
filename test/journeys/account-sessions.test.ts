import type { Page } from 'playwright-core'
import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { enrolApp, logOut, mailOf, onceEnded, openPlace } from './place.js'
import { giveCode, heading, headersAtTheApp, logIn, openWindow } from './window.js'

const IPAD = 'Mozilla/5.0 (iPad; CPU OS 18_0) Safari/604.1'
const NEXT_PASSWORD = 'four words nobody would join'

/** The heading of the page when it is loaded again after a session has ended. */
function headingOfReloaded(page: Page): Promise<string> {
  return onceEnded(async () => {
    await page.reload()
    return heading(page)
  }, 'Log in')
}

t.test('ada has a browser remembered, and changes her password', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, {
    mfa: '{ remember_device: 30d }',
    more: 'routes: [{ path: /fresh/**, access: required, step_up: { max_age: 5m } }]\n',
  })
  if (place === undefined) return
  const { browser, gateway, clock, mailbox } = place
  const desk = await openWindow(browser)
  const { page } = desk
  const { phone } = await enrolApp(place, page, 'ada')
  const done = (): Promise<string> => page.getByRole('status').innerText()

  /** Logs in at the desk, with the box ticked where it is there. */
  async function logInRemembered(): Promise<void> {
    await logIn(page, 'ada', PASSWORD)
    await page.getByLabel('Remember this browser for 30 days').check()
    await giveCode(page, await phone.nextCode())
  }

  t.comment('a remembered browser is spared the code, except where a fresh one is asked for')
  await logOut(place, page)
  await page.goto(`${gateway.origin}/desk`)
  await logInRemembered()
  await mailbox.mail(mailOf('ada'), /browser is now remembered/)
  await logOut(place, page)
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'ada', PASSWORD)
  const spared = await headersAtTheApp(page)
  t.equal(spared.get('Remote-User'), 'ada')
  t.equal(spared.get('Remote-Amr'), 'pwd', 'it is told as what it is: a password')
  await page.goto(`${gateway.origin}/fresh/figures`)
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,otp,mfa')

  t.comment('it is on the account page, and forgotten there')
  await page.goto(`${gateway.origin}/auth/account`)
  const remembered = page.getByRole('region', { name: 'Remembered browsers' })
  t.match(await remembered.getByRole('listitem').innerText(), /This one/)
  await remembered.getByRole('button', { name: /^Forget/ }).click()
  t.equal(await headingOfReloaded(page), 'Log in', 'with it ends what it has begun')
  await page.goto(`${gateway.origin}/desk`)
  await logInRemembered()
  t.equal(await heading(page), 'Sample app', 'the code was asked for again')

  t.comment('two other browsers: one is ended by itself, the other with all others')
  const sofa = await openWindow(browser, { userAgent: IPAD })
  await sofa.page.goto(gateway.origin)
  await logIn(sofa.page, 'ada', PASSWORD)
  await giveCode(sofa.page, await phone.nextCode())
  await page.goto(`${gateway.origin}/auth/account`)
  await page.getByRole('button', { name: /^End the session of Safari on iPad/ }).click()
  t.match(await done(), /That session has ended/)
  t.equal(await headingOfReloaded(sofa.page), 'Log in')
  await logIn(sofa.page, 'ada', PASSWORD)
  await giveCode(sofa.page, await phone.nextCode())
  t.equal(await heading(sofa.page), 'Sample app')
  await page.reload()
  await page.getByRole('button', { name: 'End all others' }).click()
  t.match(await done(), /All other sessions have ended/)
  t.equal(await headingOfReloaded(sofa.page), 'Log in')
  await logIn(sofa.page, 'ada', PASSWORD)
  await giveCode(sofa.page, await phone.nextCode())

  t.comment('a new password: wrong ones are told, the right one ends everything')
  clock.advance(6 * 60_000)
  await page.goto(`${gateway.origin}/auth/account/factors`)
  await page.getByRole('link', { name: 'Change your password' }).click()
  t.equal(await heading(page), 'Confirm that it is you')
  await giveCode(page, await phone.nextCode())
  t.equal(await heading(page), 'Change your password')
  const change = async (current: string, next: string): Promise<void> => {
    await page.getByLabel('Current password').fill(current)
    await page.getByLabel('New password').fill(next)
    await page.getByRole('button', { name: 'Change the password' }).click()
  }
  await change('not her password', NEXT_PASSWORD)
  t.match(await page.getByRole('alert').innerText(), /current password is wrong/)
  await change(PASSWORD, 'short')
  t.match(await page.getByRole('alert').innerText(), /too short/)
  await change(PASSWORD, NEXT_PASSWORD)
  t.equal(await heading(page), 'Log in')
  t.match(await done(), /password is changed/)
  await mailbox.mail(mailOf('ada'), /password was changed/)
  t.equal(await headingOfReloaded(sofa.page), 'Log in', 'the other browser is logged out')

  t.comment('the old password opens nothing, and no browser is remembered any more')
  await logIn(page, 'ada', PASSWORD)
  t.match(await page.getByRole('alert').innerText(), /user name or the password is wrong/)
  await page.getByLabel('Password', { exact: true }).fill(NEXT_PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  t.equal(await heading(page), 'Enter your code')
  await giveCode(page, await phone.nextCode())
  t.equal(await heading(page), 'Your account')
  t.match(
    await page.getByRole('region', { name: 'Remembered browsers' }).innerText(),
    /No browser is remembered/,
  )
  t.same([...desk.complaints(), ...sofa.complaints()], [], 'neither browser complained')
})

t.test('ben makes a token for his calendar, and takes it back', { skip: noAuthenticator }, async t => {
  const place = await openPlace(t, {
    mfa: '{ issuer: Example }',
    more: `tokens: { self_service_scopes: [calendar, feeds] }
routes: [{ path: /calendar/**, access: required, tokens: [calendar] }]
`,
  })
  if (place === undefined) return
  const { browser, gateway, mailbox } = place
  const { page, complaints } = await openWindow(browser)
  await enrolApp(place, page, 'ben')
  const statusFor = async (path: string, authorization: string): Promise<number> => {
    const { origin } = gateway
    return (await fetch(origin + path, { headers: { authorization }, redirect: 'manual' })).status
  }

  await page.goto(`${gateway.origin}/auth/account`)
  await page.getByRole('link', { name: 'API tokens' }).click()
  await page.getByLabel('Name').fill('calendar on my phone')
  await page.getByRole('button', { name: 'Create the token' }).click()
  t.match(await page.getByRole('alert').innerText(), /tick what it is for/)
  t.equal(await page.getByLabel('Name').inputValue(), 'calendar on my phone')
  await page.getByLabel('calendar', { exact: true }).check()
  await page.getByLabel('Days until it ends').fill('30')
  await page.getByRole('button', { name: 'Create the token' }).click()
  t.equal(await heading(page), 'Your new token')
  const token = (await page.getByRole('group', { name: 'Token' }).innerText()).trim()
  t.match(token, /^gh_/)
  t.match(await mailbox.mail(mailOf('ben'), /token for programs was made/), /“calendar on my phone”/)

  t.comment('it opens what it is for, by either kind of Authorization, and nothing else')
  const basic = `Basic ${Buffer.from(`ben:${token}`).toString('base64')}`
  t.equal(await statusFor('/calendar/ben.ics', `Bearer ${token}`), 200)
  t.equal(await statusFor('/calendar/ben.ics', basic), 200)
  t.not(await statusFor('/desk', `Bearer ${token}`), 200)
  t.not(await statusFor('/auth/account', `Bearer ${token}`), 200)

  t.comment('shown once, listed by its name, dead at once when it is revoked')
  await page.getByRole('link', { name: 'I have kept it, continue' }).click()
  const tokens = page.getByRole('region', { name: 'Your tokens' })
  t.match(await tokens.getByRole('listitem').innerText(), /calendar on my phone/)
  t.notMatch(await page.content(), token)
  await tokens.getByRole('button', { name: 'Revoke calendar on my phone' }).click()
  t.match(await page.getByRole('status').innerText(), /opens nothing any more/)
  for (const authorization of [`Bearer ${token}`, basic])
    t.equal(await onceEnded(() => statusFor('/calendar/ben.ics', authorization), 401), 401)
  await page.getByRole('link', { name: 'Recent activity' }).click()
  t.match(await page.getByRole('main').innerText(), /Revoked an API token.*Created an API token/s)
  t.same(complaints(), [], 'the browser never complained')
})
