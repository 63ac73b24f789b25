import t from 'tap'
import type { Page } from 'playwright-core'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { codeIn, enrolApp, logOut, mailOf, openPlace, phoneOf, type Place } from './place.js'
import { giveKey } from './security-key.js'
import { giveCode, heading, headersAtTheApp, logIn, openWindow } from './window.js'

t.test(
  'ada has an app with long codes, a security key and paper: each is a second factor',
  { skip: noAuthenticator },
  async t => {
    const place = await openPlace(t, { mfa: '{ totp: { algorithm: sha256, digits: 8 } }' })
    if (place === undefined) return
    const { browser, gateway } = place
    const { page, complaints } = await openWindow(browser)

    t.comment('the page says what the app has to be able to do')
    await page.goto(gateway.origin)
    await logIn(page, 'ada', PASSWORD)
    t.match(await page.getByRole('main').innerText(), /8 digits every 30 seconds, computed with SHA-256/)
    const sha256 = { algorithm: 'sha256', digits: 8, period: 30 } as const
    await logOut(place, page)
    const { phone, codes } = await enrolApp(place, page, 'ada', sha256)
    t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,otp,mfa')

    t.comment('a security key is added on the account page')
    await page.goto(`${gateway.origin}/auth/account/factors`)
    const key = await giveKey(page, 'security key')
    await page.getByRole('button', { name: 'Add a security key or passkey' }).click()
    await page.getByLabel('Name').fill('blue key')
    await page.getByRole('button', { name: 'Add it' }).click()
    t.match(await page.getByRole('status').innerText(), /security key or passkey is set up/)

    t.comment('the eight digits')
    await beginAgain(place, page, 'ada')
    t.match(await page.getByRole('main').innerText(), /Eight digits/)
    await giveCode(page, (await phone.nextCode()).slice(0, 6))
    t.equal(await page.getByRole('alert').count(), 1, 'six of them are no code')
    const code = await phone.nextCode()
    await giveCode(page, `${code.slice(0, 4)} ${code.slice(4)}`)
    t.equal((await headersAtTheApp(page)).get('Remote-User'), 'ada', 'however they are typed')

    t.comment('the security key')
    await beginAgain(place, page, 'ada')
    await page.getByRole('link', { name: 'Use your security key or passkey' }).click()
    t.equal(await heading(page), 'Use your security key or passkey')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Sample app' }).waitFor()
    const atTheApp = await headersAtTheApp(page)
    t.equal(atTheApp.get('Remote-Assurance'), 'phishing_resistant')
    t.equal(atTheApp.get('Remote-Amr'), 'pwd,hwk,mfa')

    t.comment('without the key the browser says so, and paper is good for it')
    await key.remove()
    await giveKey(page, 'security key')
    await beginAgain(place, page, 'ada')
    await page.getByRole('link', { name: 'Use your security key or passkey' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Nothing was confirmed. You can try again.').waitFor()
    await page.getByRole('link', { name: 'Use a backup code' }).click()
    await giveCode(page, codes[3] ?? '')
    t.equal((await headersAtTheApp(page)).get('Remote-User'), 'ada')
    t.same(complaints(), [], 'the browser never complained')
  },
)

t.test('ben has a mailbox, a telephone and answers: nothing has to be set up', async t => {
  const place = await openPlace(t, {
    mfa: `
  factors: [email, sms, knowledge_question, totp, backup_code]
  knowledge_questions: { count_as_second_factor: true }`,
  })
  if (place === undefined) return
  const { browser, gateway, clock, mailbox } = place
  const { page, complaints } = await openWindow(browser)
  const mailed = async (from: number): Promise<string> =>
    codeIn(await mailbox.mail(mailOf('ben'), /Your code/, from))

  t.comment('a code by e-mail, which is sent when it is asked for and not before')
  await page.goto(`${gateway.origin}/desk`)
  await logIn(page, 'ben', PASSWORD)
  t.match(await page.getByRole('main').innerText(), /send a code to b.*@mail\.example/)
  t.equal(mailbox.count(mailOf('ben')), 0)
  await page.getByRole('button', { name: 'Send the code' }).click()
  const first = await mailed(0)
  t.comment('a new one can be had after a while, and only the newest is good')
  await page.getByRole('button', { name: 'Send a new code' }).click()
  t.match(await page.getByRole('status').innerText(), /no more codes for now.*in (30|2\d) seconds/)
  clock.advance(31_000)
  await page.getByRole('button', { name: 'Send a new code' }).click()
  t.match(await page.getByRole('status').innerText(), /sent a new code.*earlier one no longer works/)
  const second = await mailed(1)
  if (first !== second) {
    await giveCode(page, first)
    t.match(await page.getByRole('alert').innerText(), /not right, was used already, or is too old/)
  }
  await giveCode(page, second)
  t.equal(page.url(), `${gateway.origin}/desk`)
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,eml,mfa')

  t.comment('a code by text message')
  await beginAgain(place, page, 'ben')
  await page.getByRole('link', { name: 'Get a code by text message' }).click()
  await page.getByRole('button', { name: 'Send the code' }).click()
  await giveCode(page, codeIn(await place.textTo(phoneOf('ben'))))
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,sms,mfa')

  t.comment('questions are chosen on the account page')
  await page.goto(`${gateway.origin}/auth/account/factors`)
  await page.getByRole('button', { name: 'Set up security questions' }).click()
  const answers = ['The blue boat', 'Old Mill Lane', 'Grandmother Ida']
  for (const [index, answer] of answers.entries()) {
    const number = String(index + 1)
    await page.locator(`#question${number}`).fill(`Question ${number} of his own?`)
    await page.locator(`#answer${number}`).fill(answer)
  }
  await page.getByRole('button', { name: 'Keep these questions' }).click()
  t.match(await page.getByRole('status').innerText(), /security questions are kept/)

  t.comment('one of them is asked, and its answer counts because the operator says so')
  await beginAgain(place, page, 'ben')
  await page.getByRole('link', { name: 'Answer a security question' }).click()
  t.equal(await heading(page), 'Answer your question')
  const asked = /Question (\d) of his own/.exec(await page.getByRole('main').innerText())?.[1] ?? ''
  await page.getByRole('textbox').fill('something else')
  await page.getByRole('button', { name: 'Continue' }).click()
  t.match(await page.getByRole('alert').innerText(), /not the answer that you gave/)
  await page.getByRole('textbox').fill(`  ${answers[Number(asked) - 1]?.toUpperCase() ?? ''} `)
  await page.getByRole('button', { name: 'Continue' }).click()
  t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,kba,mfa')
  t.equal((await headersAtTheApp(page)).get('Remote-Assurance'), 'multi')
  t.same(complaints(), [], 'the browser never complained')
})

/** Logs out, and in again as far as the second factor. */
async function beginAgain(place: Place, page: Page, user: string): Promise<void> {
  await logOut(place, page)
  await page.goto(place.gateway.origin)
  await logIn(page, user, PASSWORD)
}
