import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, HOUR, SECOND } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { createSecurityKey } from '../harness/security-key.js'
import { createPhone } from './phone.js'
import { hiddenFields, keyOf, logInByForms, openTab, optionsOf, type Tab } from './tab.js'
import { hasNotice, startWaysIn } from './ways-in.js'

const skip = noAuthenticator
const MINUTE = 60 * SECOND
const KEY = { origin: `https://${HOST}`, rpId: HOST }
const FACTORS = '/auth/account/factors'
const CODE = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/g

/** Every form of the account pages, with what a browser would send. */
const CHANGES: readonly (readonly [path: string, fields: Readonly<Record<string, string>>])[] = [
  ['/auth/account/factors/totp', {}],
  ['/auth/account/factors/totp/confirm', { name: 'mine', code: '123456' }],
  ['/auth/account/factors/webauthn', {}],
  ['/auth/account/factors/webauthn/confirm', { name: 'mine', code: '{}' }],
  ['/auth/account/factors/rename', { factor: 'totp', id: 'x', name: 'mine' }],
  ['/auth/account/factors/remove', { factor: 'totp', id: 'x' }],
  ['/auth/account/backup-codes', {}],
  ['/auth/account/second-factor/off', {}],
  ['/auth/account/tokens/create', { name: 'mine', scope: 'calendar', days: '1' }],
  ['/auth/account/password', { current_password: PASSWORD, new_password: 'another long password' }],
]

const typePassword = async (tab: Tab, user: string) => {
  await tab.open('/auth/login')
  return tab.send('/auth/login', { username: user, password: PASSWORD })
}

t.test('f9: with the password alone nothing is seen or changed', { skip }, async t => {
  const { gateway } = await startWaysIn(t)
  const owner = openTab(gateway)
  await logInByForms(gateway, owner, 'alice')
  const thief = openTab(gateway)
  await typePassword(thief, 'alice')
  for (const page of ['', '/factors', '/tokens', '/activity', '/password'])
    t.match((await thief.open(`/auth/account${page}`)).at, '/auth/mfa', page)
  for (const [path, fields] of CHANGES) {
    const reply = await thief.person.submit(path, { ...fields, secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' })
    t.equal(reply.status, 303, path)
    t.match(reply.header('location')[0], '/auth/mfa', path)
  }
  for (const path of ['/auth/account/sessions/end-others', '/auth/account/browsers/forget-all'])
    t.equal((await thief.person.submit(path, {})).status, 303)
  gateway.clock.advance(SECOND)
  const page = await owner.open(FACTORS)
  t.equal(page.heading, 'How you log in')
  t.match(page.text, 'You have 10 left')
  t.match(page.text, 'Authenticator app')
})

t.test(
  'f8, f9: who has no factor yet gets the first one by the enrolment, with its ticket',
  { skip },
  async t => {
    const { gateway } = await startWaysIn(t, {
      mfa: '{ factors: [totp, webauthn, backup_code], enrolment: ticket, may_disable: true }',
    })
    const tab = openTab(gateway)
    t.equal((await typePassword(tab, 'mallory')).heading, 'Enter your ticket')
    t.equal((await tab.send('/auth/enrol', { ticket: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' })).reply.status, 401)
    t.equal((await tab.open('/auth/account')).heading, 'Your account', 'the page itself can be seen')
    for (const [path, fields] of CHANGES.slice(0, 4).concat(CHANGES.slice(6, 7), CHANGES.slice(8, 9))) {
      const reply = await tab.person.submit(path, fields)
      t.equal(reply.status, 303, path)
      const led = await tab.open(reply.header('location')[0] ?? '')
      t.equal(led.heading, 'Enter your ticket', path)
    }
  },
)

t.test(
  'f10: nothing is changed without a fresh proof, and nothing is done afterwards by itself',
  { skip },
  async t => {
    const { gateway } = await startWaysIn(t)
    const tab = openTab(gateway)
    const phone = await logInByForms(gateway, tab, 'alice')
    gateway.clock.advance(6 * MINUTE)
    for (const [path, fields] of CHANGES) {
      const reply = await tab.person.submit(path, fields)
      t.equal(reply.status, 303, path)
      t.match(reply.header('location')[0], '/auth/mfa', path)
    }
    await tab.open(FACTORS)
    const asked = await tab.send('/auth/account/backup-codes')
    t.equal(asked.heading, 'Confirm that it is you')
    t.match(asked.told, 'did not arrive')
    const back = await tab.send('/auth/mfa', { code: phone.code() })
    t.equal(back.at, '/auth/account/factors?done=proved')
    t.match(back.told, 'You can now do what you were about to do')
    t.equal((await tab.send('/auth/account/backup-codes')).heading, 'Keep your backup codes')
  },
)

t.test('factors', { skip }, async t => {
  const { gateway, mails } = await startWaysIn(t)
  const tab = openTab(gateway)
  await logInByForms(gateway, tab, 'alice')

  t.test('one more app is added by a code of it, under a name', async t => {
    await tab.open(FACTORS)
    const page = await tab.send('/auth/account/factors/totp')
    t.equal(page.heading, 'Add an authenticator app')
    const key = keyOf(page)
    const tablet = createPhone(gateway, 'alice-tablet', key)
    const code = tablet.code()
    for (const name of ['', ' ', 'x'.repeat(65)])
      t.equal((await tab.send('/auth/account/factors/totp/confirm', { name, code })).reply.status, 400)
    const wrong = await tab.send('/auth/account/factors/totp/confirm', { name: 'tablet', code: '000000' })
    t.equal(wrong.reply.status, 401)
    t.match(wrong.reply.text, 'value="tablet"')
    t.equal(keyOf(wrong), key, 'the offer stays')
    const done = await tab.send('/auth/account/factors/totp/confirm', { name: 'tablet', code })
    t.match(done.told, 'Your authenticator app is set up')
    t.match(done.text, 'tablet')
    const other = openTab(gateway)
    await typePassword(other, 'alice')
    t.equal((await other.send('/auth/mfa', { code: tablet.code() })).heading, 'Your account')
  })

  t.test('a security key is added, renamed and removed', async t => {
    await tab.open(FACTORS)
    await tab.send('/auth/account/factors/webauthn')
    const key = createSecurityKey(KEY)
    const foreign = key.create(optionsOf(tab.page()), { origin: 'https://evil.example' })
    const confirm = '/auth/account/factors/webauthn/confirm'
    t.equal((await tab.send(confirm, { name: 'blue', code: foreign })).reply.status, 401)
    t.equal((await tab.send(confirm, { name: 'blue', code: '' })).reply.status, 400)
    const done = await tab.send(confirm, { name: 'blue', code: key.create(optionsOf(tab.page())) })
    t.match(done.told, 'Your security key or passkey is set up')
    const { id = '' } = formOf(done.reply.text, 'webauthn')
    t.match(
      (await tab.person.submit(`${FACTORS}/rename`, { factor: 'webauthn', id, name: ' ' })).header(
        'location',
      ),
      ['refused=name'],
    )
    await tab.open(FACTORS)
    const renamed = await tab.send(`${FACTORS}/rename`, { factor: 'webauthn', id, name: '<b>green</b>' })
    t.match(renamed.text, '<b>green</b>')
    t.notMatch(renamed.reply.text, '<b>green')

    const other = openTab(gateway)
    await typePassword(other, 'alice')
    await other.open('/auth/mfa?return_to=/auth/account&factor=webauthn')
    t.equal(
      (await other.send('/auth/mfa', { code: key.get(optionsOf(other.page())) })).heading,
      'Your account',
    )
    const removed = await tab.send(`${FACTORS}/remove`, { factor: 'webauthn', id })
    t.match(removed.told, 'all your other sessions have ended')
    t.notMatch(removed.text, 'green')
    gateway.clock.advance(SECOND)
    t.match((await other.open('/auth/account')).at, '/auth/login', 'e12: the other session is over')
    t.match((await tab.person.submit(`${FACTORS}/remove`, { factor: 'webauthn', id })).header('location'), [
      'refused=gone',
    ])
  })

  t.test('f12: new backup codes kill the old ones', async t => {
    await tab.open(FACTORS)
    const old = [...(await tab.send('/auth/account/backup-codes')).text.matchAll(CODE)].map(String)
    await tab.open(FACTORS)
    const [fresh = ''] = [...(await tab.send('/auth/account/backup-codes')).text.matchAll(CODE)].map(String)
    const other = openTab(gateway)
    await typePassword(other, 'alice')
    await other.open('/auth/mfa?return_to=/auth/account&factor=backup_code')
    t.equal((await other.send('/auth/mfa', { code: old[0] ?? '' })).reply.status, 401)
    t.equal(
      (await other.send('/auth/mfa', { code: fresh.toLowerCase().replaceAll('-', ' ') })).heading,
      'Your account',
    )
    t.match((await other.open(FACTORS)).text, 'You have 9 left')
  })

  t.test('the second factor is switched off for pages that leave it to people, and on again', async t => {
    gateway.clock.advance(MINUTE)
    const owner = openTab(gateway)
    await logInByForms(gateway, owner, 'alice')
    await owner.open(FACTORS)
    t.match((await owner.send('/auth/account/second-factor/off')).told, 'switched off')
    const half = openTab(gateway)
    t.equal((await typePassword(half, 'alice')).heading, 'Your account', 'the password is enough to look')
    t.equal((await half.person.navigate('/own/x')).status, 502, 'and for such pages')
    t.equal((await half.person.navigate('/desk')).status, 302, 'for no other')
    await half.open(FACTORS)
    t.match(
      (await half.send('/auth/account/second-factor/on')).heading,
      'Enter your code',
      'but changes nothing',
    )
    await owner.open(FACTORS)
    t.match((await owner.send('/auth/account/second-factor/on')).told, 'switched on again')
    t.match((await typePassword(openTab(gateway), 'alice')).at, '/auth/mfa')
  })

  t.test('the owner was told of each by mail, and sees it on the page', async t => {
    for (const told of [/added/, /removed/, /backup codes/, /switched off/, /switched on/])
      t.ok(await hasNotice(mails, told), String(told))
    const owner = openTab(gateway)
    await logInByForms(gateway, owner, 'alice')
    const { text } = await owner.open('/auth/account/activity')
    for (const event of [
      'Showed a second factor',
      'Added a second factor',
      'Made new backup codes',
      'Switched the second factor off',
    ])
      t.match(text, event)
  })
})

t.test('questions', { skip }, async t => {
  const { gateway } = await startWaysIn(t, {
    mfa: '{ factors: [totp, webauthn, knowledge_question], knowledge_questions: { count_as_second_factor: true } }',
  })
  const tab = openTab(gateway)
  await logInByForms(gateway, tab, 'alice')
  await tab.open(FACTORS)
  t.equal((await tab.send(`${FACTORS}/knowledge_question`)).heading, 'Your security questions')
  const confirm = `${FACTORS}/knowledge_question/confirm`
  const answers = { answer1: 'blue whale', answer2: 'green door', answer3: 'red lamp' }
  const questions = { question1: 'Which animal?', question2: 'Which entrance?', question3: 'Which light?' }
  for (const fault of [
    { ...questions },
    { ...questions, ...answers, answer3: 'x' },
    { ...questions, ...answers, answer2: 'Blue  Whale' },
    { ...questions, ...answers, question4: 'And?' },
  ]) {
    const page = await tab.send(confirm, fault)
    t.equal(page.reply.status, 400)
    t.match(page.reply.text, 'Which entrance?')
    t.notMatch(page.reply.text, 'green door', 'answers never come back')
  }
  const done = await tab.send(confirm, { ...questions, ...answers })
  t.match(done.told, 'Your security questions are kept')

  const other = openTab(gateway)
  await typePassword(other, 'alice')
  const asked = await other.open('/auth/mfa?return_to=/auth/account&factor=knowledge_question')
  const [, number = ''] =
    Object.entries(questions).find(([, question]) => asked.text.includes(question)) ?? []
  const index = Object.values(questions).indexOf(number)
  const wrong = await other.send('/auth/mfa', { code: 'purple snake' })
  t.equal(wrong.reply.status, 401)
  t.match(wrong.text, number, 'the same question is asked again')
  t.equal(
    (await other.send('/auth/mfa', { code: Object.values(answers)[index] ?? '' })).heading,
    'Your account',
  )

  await tab.open(FACTORS)
  const removed = await tab.send(`${FACTORS}/remove`, { factor: 'knowledge_question', id: '' })
  t.match(removed.told, 'Your security questions are removed')
})

t.test('sessions are listed and ended', { skip }, async t => {
  const { gateway } = await startWaysIn(t)
  const [first, second, third] = [openTab(gateway), openTab(gateway), openTab(gateway)]
  for (const tab of [first, second, third]) await logInByForms(gateway, tab, 'alice')
  const page = await first.open('/auth/account')
  t.equal(page.text.match(/From 127\.0\.0\.1/g)?.length, 3)
  t.match((await first.send('/auth/account/sessions/end')).told, 'That session has ended')
  gateway.clock.advance(SECOND)
  const alive = async () =>
    (await Promise.all([second, third].map(tab => tab.open('/auth/account')))).filter(
      ({ heading }) => heading === 'Your account',
    ).length
  t.equal(await alive(), 1)
  t.match((await first.send('/auth/account/sessions/end-others')).told, 'All other sessions have ended')
  gateway.clock.advance(SECOND)
  t.equal(await alive(), 0)
  const bob = openTab(gateway)
  await logInByForms(gateway, bob, 'bob')
  await first.open('/auth/account')
  const own = await logInByForms(gateway, second, 'alice').then(() => first.open('/auth/account'))
  const { session = '' } = hiddenFields(own.reply.text, '/auth/account/sessions/end')
  const foreign = await bob.person.submit('/auth/account/sessions/end', { session })
  t.match(foreign.header('location'), ['refused=gone'], 'nobody ends the session of somebody else')
  t.equal(await alive(), 1)
})

t.test('API tokens of oneself', { skip }, async t => {
  const { gateway } = await startWaysIn(t)
  const tab = openTab(gateway)
  await logInByForms(gateway, tab, 'alice')
  await tab.open('/auth/account/tokens')
  const create = '/auth/account/tokens/create'
  for (const fault of [
    { name: '', scope: 'calendar', days: '1' },
    { name: 'phone', days: '1' },
    { name: 'phone', scope: 'authenticate', days: '1' },
    { name: 'phone', scope: 'everything', days: '1' },
    ...['', '0', '367', '1.5', 'x', '-1'].map(days => ({ name: 'phone', scope: 'calendar', days })),
  ])
    t.equal((await tab.send(create, fault)).reply.status, 400, JSON.stringify(fault))
  const made = await tab.send(create, { name: 'calendar on my phone', scope: 'calendar', days: '30' })
  t.equal(made.heading, 'Your new token')
  const token = /\bgh_[A-Za-z0-9_-]+/.exec(made.text)?.[0] ?? ''
  const ask = async (path: string) =>
    (await createPerson(gateway).fetch(path, { headers: { Authorization: `Bearer ${token}` } })).status
  t.equal(await ask('/calendar/x'), 502, 'the app is asked')
  t.not(await ask('/desk'), 502)
  const account = await createPerson(gateway).navigate('/auth/account', { Authorization: `Bearer ${token}` })
  t.equal(account.status, 302, 'a token is nobody here')

  const listed = await tab.open('/auth/account/tokens')
  t.match(listed.text, 'calendar on my phone')
  t.notMatch(listed.text, token)
  const bob = openTab(gateway)
  await logInByForms(gateway, bob, 'bob')
  await bob.person.submit(
    '/auth/account/tokens/revoke',
    hiddenFields(listed.reply.text, '/auth/account/tokens/revoke'),
  )
  t.equal(await ask('/calendar/x'), 502, 'nobody revokes the token of somebody else')
  t.match((await tab.send('/auth/account/tokens/revoke')).told, 'opens nothing any more')
  gateway.clock.advance(SECOND)
  t.not(await ask('/calendar/x'), 502)
})

t.test('e12: a new password ends every session, and the old one is over', { skip }, async t => {
  const { gateway } = await startWaysIn(t)
  const [tab, other] = [openTab(gateway), openTab(gateway)]
  await logInByForms(gateway, tab, 'alice')
  await logInByForms(gateway, other, 'alice')
  const page = '/auth/account/password'
  await tab.open(page)
  for (const [current_password, new_password, status] of [
    ['', '', 400],
    ['a wrong one', 'another long password', 401],
    [PASSWORD, 'short', 400],
    [PASSWORD, 'x'.repeat(1025), 400],
    [PASSWORD, 'Password123', 400],
    [PASSWORD, PASSWORD, 400],
  ] as const) {
    const { reply } = await tab.send(page, { current_password, new_password })
    t.equal(reply.status, status, new_password.slice(0, 30))
    t.notMatch(reply.text, 'another long password')
  }
  const done = await tab.send(page, { current_password: PASSWORD, new_password: 'another long password' })
  t.equal(done.heading, 'Log in')
  t.match(done.told, 'Your password is changed')
  gateway.clock.advance(SECOND)
  t.match((await other.open('/auth/account')).at, '/auth/login')
  t.match((await tab.open('/auth/account')).at, '/auth/login')
  t.equal((await typePassword(tab, 'alice')).reply.status, 401)
  const phone = createPhone(gateway, 'alice')
  await tab.send('/auth/login', { username: 'alice', password: 'another long password' })
  t.equal((await tab.send('/auth/mfa', { code: phone.code() })).heading, 'Your account')
})

t.test('who must not have a second factor looks after the rest with the password', { skip }, async t => {
  const { DEMO_USERS, usersYaml } = await import('../harness/demo-users.js')
  const users = await usersYaml(
    DEMO_USERS.map(user => (user.name === 'bob' ? { ...user, mfa: 'disabled' } : user)),
  )
  const { gateway } = await startWaysIn(t, { users })
  const tab = openTab(gateway)
  t.equal((await typePassword(tab, 'bob')).heading, 'Your account')
  await tab.open(FACTORS)
  t.equal((await tab.send('/auth/account/factors/totp')).heading, 'This page needs a second factor')
  gateway.clock.advance(HOUR / 2)
  const stale = await tab.open('/auth/account/password')
  t.equal(stale.heading, 'Log in', 'an old login is renewed by another one')
  const renewed = await tab.send('/auth/login', { username: 'bob', password: PASSWORD })
  t.equal(renewed.heading, 'Change your password')
})

/** The hidden fields of the form that renames a factor of a kind. */
function formOf(text: string, factor: string): Record<string, string> {
  const start = text.indexOf(`name="factor" value="${factor}"`)
  return hiddenFields(text.slice(text.lastIndexOf('<form', start)), `${FACTORS}/rename`)
}

t.test('what the app on the same host asks for is not asked for on the account pages', { skip }, async t => {
  const more = `  - path: /**
    access: required
    step_up: { methods: [webauthn] }
`
  const { gateway } = await startWaysIn(t, { more })
  const tab = openTab(gateway)
  const phone = await logInByForms(gateway, tab, 'bob')
  gateway.clock.advance(6 * MINUTE)
  await tab.open(FACTORS)
  const asked = await tab.send(`${FACTORS}/webauthn`)
  t.match(asked.at, '/auth/mfa')
  t.equal(asked.reply.status, 200, 'the app will do for adding the key that the routes ask for')
  t.match((await tab.send('/auth/mfa', { code: phone.code() })).at, FACTORS)
})
