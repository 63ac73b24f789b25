import t from 'tap'
import type { Page } from 'playwright-core'
import { noAuthenticator } from '../harness/authenticator.js'
import { enrolApp, openPlace } from './place.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, headersAtTheApp, openWindow } from './window.js'

const MINUTE = 60_000

t.test('some pages ask gus for more than a login', { skip: noAuthenticator }, async t => {
  const more = `routes:
  - { path: /fresh/**, access: required, step_up: { max_age: 5m } }
  - { path: /keys/**, access: required, step_up: { methods: [webauthn] } }
`
  const place = await openPlace(t, { mfa: '{ remember_device: 30d }', more })
  if (place === undefined) return
  const { browser, gateway, clock } = place
  const { page, complaints } = await openWindow(browser)
  const { phone } = await enrolApp(place, page, 'gus')

  t.comment('max_age: a proof of now opens, the same one later does not')
  await page.goto(`${gateway.origin}/fresh/figures?year=1`)
  t.equal(await heading(page), 'Sample app')
  clock.advance(6 * MINUTE)
  await page.reload()
  t.equal(await heading(page), 'Confirm that it is you')
  t.match(await page.getByRole('main').innerText(), /a proof from the last 5 minutes/)
  t.equal(await page.getByRole('checkbox').count(), 0, 'being remembered would spare nothing here')
  await page.goto(`${gateway.origin}/desk`)
  t.equal(await heading(page), 'Sample app', 'other pages stay open')
  await page.goto(`${gateway.origin}/fresh/figures?year=1`)
  await giveCode(page, '000000')
  t.match(await page.getByRole('alert').innerText(), /not right, or it was used already/)
  t.equal(await heading(page), 'Confirm that it is you')
  await giveCode(page, await phone.nextCode())
  t.equal(page.url(), `${gateway.origin}/fresh/figures?year=1`)

  t.comment('a form that was on its way did not arrive, and is never sent behind his back')
  clock.advance(6 * MINUTE)
  await sendForm(page, '/fresh/transfer')
  t.equal(await heading(page), 'Confirm that it is you')
  t.match(await page.getByRole('status').innerText(), /did not arrive.*go back and send it again/)
  await giveCode(page, await phone.nextCode())
  t.equal(await heading(page), 'Sample app')
  t.match(await page.getByRole('main').innerText(), /GET \/fresh\/transfer/, 'the page, and not the form')
  await sendForm(page, '/fresh/transfer')
  t.match(await page.getByRole('main').innerText(), /POST \/fresh\/transfer/, 'sent again, it arrives')

  t.comment('methods: who has no key is told so, adds one, and comes back')
  await page.goto(`${gateway.origin}/keys/safe`)
  t.equal(await heading(page), 'This page needs another proof')
  t.match(await page.getByRole('main').innerText(), /opens with a security key or passkey/)
  await giveKey(page, 'security key')
  await page.getByRole('link', { name: 'Add it to your account' }).click()
  await page.getByRole('button', { name: 'Add a security key or passkey' }).click()
  await page.getByLabel('Name').fill('blue key')
  await page.getByRole('button', { name: 'Add it' }).click()
  await page.waitForURL(/done=key_added/)
  await page.goto(`${gateway.origin}/keys/safe`)
  t.equal(await heading(page), 'Confirm that it is you')
  t.match(await page.getByRole('main').innerText(), /asks for one more proof: a security key or passkey/)
  t.equal(await page.getByRole('link', { name: /Use/ }).count(), 0, 'nothing else would do')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(`${gateway.origin}/keys/safe`)
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,otp,hwk,mfa')

  t.comment('a program is told the same by the answer (RFC 9470)')
  clock.advance(6 * MINUTE)
  const cookies = await page.context().cookies()
  const headers = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }
  const answer = await fetch(`${gateway.origin}/fresh/figures`, { headers, redirect: 'manual' })
  t.equal(answer.status, 401)
  t.match(
    answer.headers.get('www-authenticate'),
    /^Bearer .*error="insufficient_user_authentication".*max_age="300"/,
  )
  t.same(complaints(), [], 'the browser never complained')
})

/** Sends a form of the app's own, as one of its pages would. */
async function sendForm(page: Page, address: string): Promise<void> {
  const arrived = page.waitForEvent('load')
  await page.evaluate(`{
    const form = document.createElement('form')
    form.method = 'post'
    form.action = ${JSON.stringify(address)}
    form.innerHTML = '<input name="amount" value="7">'
    document.body.append(form)
    form.submit()
  }`)
  await arrived
}
