import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { codeIn, linkIn, logOut, mailOf, openPlace, phoneOf } from './place.js'
import { createQuickPhone } from './phone.js'
import { giveCode, heading, headersAtTheApp, logIn, openWindow, readBackupCodes, readKey } from './window.js'

const NEXT_PASSWORD = 'four words nobody would join'

t.test(
  'gus has no JavaScript: every way in but keys, and all of his account',
  { skip: noAuthenticator },
  async t => {
    const place = await openPlace(t, {
      methods: '[password, passkey, email, sms, link]',
      mfa: `
  factors: [sms, email, totp, webauthn, backup_code, knowledge_question]
  knowledge_questions: { count_as_second_factor: true }
  remember_device: 30d
  may_disable: true`,
      more: `tokens: { self_service_scopes: [calendar] }
routes:
  - { path: /calendar/**, access: required, tokens: [calendar] }
  - { path: /own/**, access: enrolled }
`,
    })
    if (place === undefined) return
    const { browser, gateway, clock, mailbox } = place
    const { page, complaints } = await openWindow(browser, { javaScriptEnabled: false })
    const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).first().click()
    const done = (): Promise<string> => page.getByRole('status').innerText()
    const toFactors = () => page.goto(`${gateway.origin}/auth/account/factors`)

    t.comment('a code by e-mail, then one by text message')
    await page.goto(`${gateway.origin}/desk`)
    await page.getByRole('link', { name: 'Get a code by e-mail' }).click()
    await page.getByRole('textbox').fill('gus')
    await page.getByRole('main').getByRole('button').click()
    await page.getByLabel('Code').fill(codeIn(await mailbox.mail(mailOf('gus'), /Your code/)))
    await press('Log in')
    await press('Send the code')
    await page.getByRole('checkbox').check()
    await giveCode(page, codeIn(await place.textTo(phoneOf('gus'))))
    t.equal(page.url(), `${gateway.origin}/desk`)
    t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'eml,sms,mfa')

    t.comment('keys say what they need, and take nobody anywhere')
    await toFactors()
    await press('Add a security key or passkey')
    t.match(await page.getByRole('main').innerText(), /need JavaScript, which is switched off/)
    await page.getByRole('link', { name: 'Back without any change' }).click()

    t.comment('an app, a new name for it, questions, backup codes')
    await press('Add an authenticator app')
    const phone = createQuickPhone(await readKey(page), clock)
    await page.getByLabel('Name').fill('phone')
    await page.getByLabel('Code from the app').fill(await phone.nextCode())
    await press('Add it')
    t.match(await done(), /authenticator app is set up/)
    const apps = page.getByRole('region', { name: 'Authenticator apps' })
    await apps.getByText('Change').click()
    await apps.getByLabel('Name').fill('old phone')
    await press(/^Rename/)
    t.match(await apps.innerText(), /old phone/)
    await press('Set up security questions')
    await page.locator('#question1').fill('Only one?')
    for (const number of ['1', '2', '3']) {
      await page.locator(`#question${number}`).fill(`Question ${number}?`)
      await page.locator(`#answer${number}`).fill(number === '3' ? 'answer 2' : `answer ${number}`)
    }
    await press('Keep these questions')
    t.match(await page.getByRole('alert').innerText(), /different answer/)
    t.equal(await page.locator('#question3').inputValue(), 'Question 3?', 'questions need not be typed again')
    for (const number of ['1', '2', '3']) await page.locator(`#answer${number}`).fill(`answer ${number}`)
    await press('Keep these questions')
    t.match(await done(), /questions are kept/)
    await press('Make new codes')
    const [backup = ''] = await readBackupCodes(page)
    await page.getByRole('link', { name: 'I have kept them, continue' }).click()

    t.comment('a token, and the browser that is remembered')
    await page.getByRole('link', { name: 'API tokens' }).click()
    await page.getByLabel('Name').fill('calendar')
    await page.getByRole('checkbox').check()
    await press('Create the token')
    t.match(await page.locator('.key').first().innerText(), /^gh_/)
    t.equal(await page.getByRole('button', { name: 'Copy' }).count(), 0, 'no button that does nothing')
    await page.getByRole('link', { name: 'I have kept it, continue' }).click()
    await press('Revoke calendar')

    t.comment('out, and back by the question, by paper, and by a link')
    const passwordAnd = async (way: string): Promise<void> => {
      await logOut(place, page)
      await page.goto(`${gateway.origin}/desk`)
      await logIn(page, 'gus', PASSWORD)
      await page.getByRole('link', { name: way }).click()
    }
    await passwordAnd('Answer a security question')
    const asked = /Question (\d)\?/.exec(await page.getByRole('main').innerText())?.[1] ?? ''
    await page.getByRole('textbox').fill(`Answer ${asked}`)
    await press('Continue')
    t.equal((await headersAtTheApp(page)).get('Remote-Amr'), 'pwd,kba,mfa')
    await passwordAnd('Use a backup code')
    await giveCode(page, backup)
    t.equal(await heading(page), 'Sample app')
    await logOut(place, page)
    await page.goto(`${gateway.origin}/desk`)
    await page.getByRole('link', { name: 'Get a link by e-mail' }).click()
    await page.getByRole('textbox').fill(mailOf('gus'))
    clock.advance(31_000)
    await page.getByRole('main').getByRole('button').click()
    await page.goto(linkIn(await mailbox.mail(mailOf('gus'), /Your link/)))
    await press('Log in')
    await page.getByRole('link', { name: 'Use your authenticator app' }).click()
    await giveCode(page, await phone.nextCode())
    t.equal(page.url(), `${gateway.origin}/desk`)

    t.comment('second factor off and on, the app removed, a new password')
    await toFactors()
    await press('Switch the second factor off')
    t.match(await done(), /is switched off/)
    await press('Switch the second factor on')
    t.match(await done(), /on again/)
    await apps.getByText('Change').click()
    await press(/^Remove/)
    t.match(await apps.innerText(), /You have none/)
    await press('Remove the questions')
    t.match(await done(), /questions are removed/)
    await page.getByRole('link', { name: 'Change your password' }).click()
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.getByLabel('New password').fill(NEXT_PASSWORD)
    await press('Change the password')
    t.match(await done(), /password is changed/)
    await logIn(page, 'gus', NEXT_PASSWORD)
    t.equal(await heading(page), 'Enter the code from your phone')
    t.same(complaints(), [], 'the browser never complained')
  },
)
