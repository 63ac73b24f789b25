import t from 'tap'
import { DEMO_USERS, PASSWORD, usersYaml } from '../harness/demo-users.js'
import { startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import type { Person, Reply } from '../harness/person.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'

const APP = 'app.example'
const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  yaml: `public_url: https://${APP}
upstream: ${upstream.url}
trusted_proxies: [127.0.0.1/32]
users: { file: users.yaml }
routes:
  - { path: /public/**, access: public }
  - { path: /desk/**, access: bypassed, reason: the desk has no phone }
`,
  // Done after the password, so that the redirect comes in the answer to the form.
  users: await usersYaml([...DEMO_USERS, { name: 'desk', mfa: 'disabled' }]),
})

/** Where nobody may be sent, in every spelling that has fooled a gateway. */
const PAYLOADS = [
  '//evil.com',
  '///evil.com',
  '////evil.com',
  '/\\evil.com',
  '\\/evil.com',
  '\\\\evil.com',
  '/%09/evil.com',
  '/\t/evil.com',
  '/\n/evil.com',
  '/%0a/evil.com',
  '/%0d%0aLocation:%20//evil.com',
  '/\r\nLocation: //evil.com',
  '/%2f/evil.com',
  '/%2fevil.com',
  '/%5cevil.com',
  '/.//evil.com',
  '/./\\evil.com',
  '/../\\evil.com',
  '/..//evil.com',
  '/x/..//evil.com',
  '/x/../..//evil.com',
  '/%2e/evil.com',
  '/%2e%2e//evil.com',
  'https:evil.com',
  'https:/evil.com',
  'https:///evil.com',
  'https:\\\\evil.com',
  'http://evil.com',
  'https://evil.com',
  'HTTPS://EVIL.COM',
  ' https://evil.com',
  '\thttps://evil.com',
  ' //evil.com',
  `http://${APP}/`,
  `https://${APP}@evil.com`,
  `https://evil.com@${APP}/`,
  `https://user:password@${APP}/`,
  `https://${APP}%40evil.com`,
  `https://${APP}.evil.com`,
  `https://evil${APP}`,
  `https://sub.${APP}/`,
  `https://evil.com#${APP}`,
  `https://evil.com?${APP}`,
  `https://evil.com/${APP}`,
  `https://evil.com\\.${APP}`,
  `https://evil.com%2f.${APP}`,
  `https://${APP}:8443`,
  `https://${APP}:80/`,
  `https://${APP}:443@evil.com/`,
  'https://app。example。evil.com',
  'https://app．example.evil.com',
  'https://evil.com／app.example',
  `https://${APP}\u3002evil.com`,
  'https://[::ffff:7f00:1]/',
  'https://0x7f.1/',
  'https://2130706433/',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'java%0ascript:alert(1)',
  `javascript://${APP}/%0aalert(1)`,
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'ws://evil.com',
  `wss://${APP}/`,
  `blob:https://${APP}/x`,
  `ftp://${APP}/`,
  'file:///etc/passwd',
  APP,
  'evil.com',
  'public/x',
  './public/x',
  '?x',
  '#x',
  '',
  ' ',
  `/${'a'.repeat(9_000)}`,
  '%2f%2fevil.com',
  '%252f%252fevil.com',
  '/%252f%252fevil.com',
  `https://${APP}//evil.com`,
  `https://${APP}/\\evil.com`,
  `https://${APP}/..//evil.com`,
  `https://${APP}/auth/logout?return_to=//evil.com`,
  `https://${APP}/auth/login?return_to=//evil.com`,
  '/auth/login?return_to=//evil.com',
  '/auth/mfa?return_to=https://evil.com',
  '/auth/logout',
  '/public/\u0000',
  '/public/é',
  '〱evil.com',
  '/〱evil.com',
  'https://evil.com\u0000.app.example',
  '["https://evil.com"]',
]

/** Where an answer sends the browser, as the browser works it out; undefined when it stays. */
function destination(reply: Reply): string | undefined {
  const [location, ...more] = reply.header('location')
  if (more.length > 0) return 'two Location headers'
  return location === undefined ? undefined : new URL(location, `https://${APP}/auth/login`).href
}

let newcomers = 0

/** Somebody from an address of their own, so that nobody is stopped for sending too much. */
function newcomer(): Person {
  newcomers++
  const address = `198.51.${Math.floor(newcomers / 256)}.${newcomers % 256}`
  return createPerson(gateway, { host: APP, headers: { 'X-Forwarded-For': address } })
}

/** A login by the form, with the query and the field that were asked for. */
async function loginForm(query: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
  return newcomer().submit(`/auth/login${query}`, {
    username: 'desk',
    password: PASSWORD,
    ...fields,
  })
}

const settledPerson = newcomer()
await settledPerson.submit('/auth/login', { username: 'desk', password: PASSWORD })
const plain = await loginForm('', {})
const defaultPage = destination(plain)
const settled = destination(await settledPerson.navigate('/auth/login'))
t.ok(settledPerson.cookies.size > 0, 'a person who is logged in')
t.equal(plain.status, 303, 'a login ends in a redirect')
t.equal(defaultPage, `https://${APP}/auth/account`, 'to the default page')

await t.test('a path of this host, and an address of an app, are where a login may end', async t => {
  for (const wanted of ['/desk/x', '/desk/x?a=//b&c=%2F', `https://${APP}/desk/x?y#z`, '/desk/a%20b']) {
    const reply = await loginForm('', { return_to: wanted })
    t.equal(destination(reply), new URL(wanted, `https://${APP}`).href)
  }
})

for (const payload of PAYLOADS) {
  const shown = payload.length > 60 ? `${payload.length} characters` : JSON.stringify(payload)

  await t.test(`d: ${shown} is nowhere to end a login`, async t => {
    const query = `?return_to=${encodeURIComponent(payload)}`
    t.equal(destination(await loginForm('', { return_to: payload })), defaultPage, 'as a field')
    t.equal(destination(await loginForm(query, {})), defaultPage, 'in the query')
    t.equal(
      destination(await loginForm(query, { return_to: '' })),
      defaultPage,
      'in the query, and an empty field',
    )
    if (payload !== '' && /^[\x21-\x7e]*$/.test(payload) && !payload.includes('#')) {
      t.equal(
        destination(await loginForm(`?return_to=${payload}`, {})),
        defaultPage,
        'unencoded in the query',
      )
    }
  })

  await t.test(`d: ${shown} leads nowhere for somebody who is logged in`, async t => {
    const query = `?return_to=${encodeURIComponent(payload)}`
    const loggedIn = newcomer()
    for (const [name, value] of settledPerson.cookies) loggedIn.cookies.set(name, value)
    for (const page of ['login', 'mfa', 'enrol', 'logout', 'account']) {
      const reply = await loggedIn.navigate(`/auth/${page}${query}`)
      t.ok(reply.status < 500, `/auth/${page} answers ${reply.status}`)
      const where = destination(reply)
      if (where !== undefined) {
        t.equal(new URL(where).origin, `https://${APP}`)
        t.notMatch(decodeURIComponent(where), /evil/i)
        if (page === 'login') t.equal(where, settled)
      }
      const links = [...reply.text.matchAll(/(?:href|action|src)="([^"]*)"/g)]
        .map(([, link = '']) => new URL(link.replaceAll('&amp;', '&'), `https://${APP}/auth/${page}`))
        .filter(link => link.origin !== `https://${APP}` || /evil/i.test(link.pathname))
      t.same(links, [], `no link of /auth/${page} leads away`)
    }
  })
}

await t.test('d: two addresses at once are none', async t => {
  for (const query of [
    '?return_to=/desk/a&return_to=//evil.com',
    '?return_to=//evil.com&return_to=/desk/a',
    '?return_to[]=//evil.com',
    '?return_to[0]=//evil.com',
    '?rd=//evil.com',
    '?redirect_uri=//evil.com',
  ]) {
    const where = destination(await loginForm(query, {}))
    t.ok(where === defaultPage || where === `https://${APP}/desk/a`, `${query} ends at ${where}`)
  }
  const both = destination(await loginForm('?return_to=//evil.com', { return_to: '/desk/a' }))
  t.ok(both === defaultPage || both === `https://${APP}/desk/a`)
  const swapped = destination(await loginForm('?return_to=/desk/a', { return_to: '//evil.com' }))
  t.ok(swapped === defaultPage || swapped === `https://${APP}/desk/a`)
})

await t.test('d: what the gateway itself writes as return_to comes back as it was asked', async t => {
  const stranger = newcomer()
  for (const path of ['/desk/x?y=1', '/desk/x?next=//evil.com', '/desk/a%20b', '/desk/?a=%2f%2fevil.com']) {
    const sent = await stranger.navigate(path)
    t.equal(sent.status, 302)
    const login = new URL(destination(sent) ?? '')
    t.equal(login.origin + login.pathname, `https://${APP}/auth/login`)
    const reply = await loginForm('', { return_to: login.searchParams.get('return_to') ?? '' })
    t.equal(destination(reply), `https://${APP}${path}`)
  }
})

await t.test("d: an odd Host cannot turn the login page into somebody else's", async t => {
  for (const host of ['evil.com', `${APP}.evil.com`, `${APP}@evil.com`, `evil.com/${APP}`]) {
    const reply = await newcomer().navigate('/desk/x', { Host: host })
    t.ok(reply.status >= 400 && reply.status < 500, `${host}: ${reply.status}`)
  }
  const untrusting = await startGateway(t, { upstream: upstream.url })
  const forged = { 'X-Forwarded-Host': 'evil.com', 'X-Forwarded-Proto': 'gopher', Forwarded: 'host=evil.com' }
  const reply = await createPerson(untrusting).navigate('/desk/x', forged)
  t.equal(reply.status, 302)
  t.notMatch(destination(reply), /evil|gopher/)
})
