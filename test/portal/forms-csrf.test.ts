import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf } from '../harness/raw-client.js'
import { logInByForms, openTab } from './tab.js'
import { startWaysIn } from './ways-in.js'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

t.test('e16: no form of another site does anything', { skip: noAuthenticator }, async t => {
  const { gateway, mails } = await startWaysIn(t)
  const tab = openTab(gateway)
  await logInByForms(gateway, tab, 'alice')
  const { paths } = (await createPerson(gateway).fetch('/auth/openapi.json')).json as {
    paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  const forms = Object.entries(paths).filter(([, methods]) => 'post' in methods)
  const addresses = forms.map(([path]) => (path.startsWith('/auth/') ? path : `/auth${path}`))
  for (const known of [
    '/auth/mfa',
    '/auth/link/confirm',
    '/auth/account/password',
    '/auth/account/tokens/create',
  ])
    t.ok(addresses.includes(known), known)
  const sessions = (await tab.open('/auth/account')).text

  const Cookie = tab.person.cookieHeader()
  const fields = { username: 'alice', identifier: 'alice', channel: 'email', code: '1', new_password: 'x' }
  const body = new URLSearchParams(fields).toString()
  for (const address of addresses) {
    for (const [what, headers] of Object.entries({
      'a cross-site fetch': { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
      'a sibling host': { 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.example' },
      'a foreign origin alone': { Origin: 'https://evil.example' },
      'the origin null': { Origin: 'null' },
      'no sign at all': {},
    })) {
      const lines = Object.entries({ Host: HOST, Cookie, ...FORM, ...headers, Connection: 'close' })
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const bytes = `POST ${address} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`
      const [answer] = (await exchange(gateway, bytes, { answers: 1 })).answers
      t.equal(answer?.status, 403, `${what} to ${address}`)
      t.same(headerOf(answer, 'set-cookie'), [], `${what} to ${address}`)
    }
  }
  t.equal((await tab.open('/auth/account')).text, sessions, 'everything is as it was')
  const subjects = mails.map(({ headers }) => headers.get('subject'))
  t.same(
    subjects,
    ['A way to log in was added to your account at gw.example'],
    'and no mail was sent but that of before',
  )
})
