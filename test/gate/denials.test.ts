import t, { type Test } from 'tap'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { type Store, StoreUnavailable } from '../../src/store/store.js'
import { DEMO_USERS, usersYaml } from '../harness/demo-users.js'
import { HOST, startGateway, type TestGateway } from '../harness/gateway.js'
import { createPerson, type Reply } from '../harness/person.js'

const GROUP = '<i>hr</i>'

const yaml = (explainTo: string) => `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
${explainTo}
routes:
  - path: /secret-door/**
    access: required
    users: [dave]
  - path: /hr/**
    access: required
    groups: ["${GROUP}"]
  - path: /hall/**
    access: bypassed
    reason: no phones in the hall
    groups: ["${GROUP}"]
  - path: /closed/**
    access: denied
`

async function start(t: Test, explainTo = 'explain_to: [ops]', store?: () => Store) {
  const users = await usersYaml(DEMO_USERS)
  const gateway = await startGateway(t, {
    yaml: yaml(explainTo),
    users,
    ...(store === undefined ? {} : { store }),
  })
  const somebody = async (name: string) => {
    const person = createPerson(gateway)
    await person.login(name)
    return person
  }
  return { gateway, somebody }
}

/** What the log says of a request. */
function linesOf({ logLines }: TestGateway, requestId: string): readonly Record<string, unknown>[] {
  return logLines
    .map(line => JSON.parse(line) as Record<string, unknown>)
    .filter(line => line.request_id === requestId)
}

function referenceOf({ text }: Reply): string {
  return /<code class="reference">([\w-]{12})<\/code>/.exec(text)?.[1] ?? ''
}

/** Everything that only somebody who may read the policy knows. */
const POLICY = /<details|secret-door|gateway\.yaml|hall|no route of the file|[0-9a-f]{16}|dave/

function showsNothing(t: Test, page: Reply, who: string): void {
  t.equal(page.status, 403, who)
  t.match(referenceOf(page), /^[\w-]{12}$/, `${who} gets a reference`)
  t.notMatch(page.text.replace(/<head>[^]*<\/head>/, ''), POLICY, `${who} learns nothing of the policy`)
}

t.test('an operator is told on the page which route decided and what was missing', async t => {
  const { somebody } = await start(t)
  const alice = await somebody('alice')
  const page = await alice.navigate('/hr/list?q=1')
  t.equal(page.status, 403)
  t.match(page.text, /<details>\s*<summary>Why\?/)
  t.match(page.text, /groups &lt;i&gt;hr&lt;\/i&gt;: alice has ops, staff<\/p>\s*<p class="what">missing/)
  t.match(page.text, /second factor: totp .*<\/p>\s*<p class="what">holds/)
  t.match(page.text, /<code>\/secret-door\/\*\*<\/code> required[^]*gateway\.yaml:6[^]*for another path/)
  t.match(page.text, /<code>\/hr\/\*\*<\/code>[^]*decides: login and second factor/)
  t.match(page.text, /Policy <code class="reference">[0-9a-f]{16}<\/code>/)
  t.notMatch(page.text, GROUP, 'what the file says is escaped')
  const closed = await alice.navigate('/closed/x')
  t.match(closed.text, /access denied: nobody may pass[^]*decides: nobody may pass/)
})

t.test('nobody else ever sees it', async t => {
  const { gateway, somebody } = await start(t)
  const [bob, carol] = [await somebody('bob'), await somebody('carol')]
  for (const path of ['/hr/list', '/closed/x', '/hall/x']) {
    showsNothing(t, await bob.navigate(path), `bob at ${path}`)
    showsNothing(t, await carol.navigate(path), `carol at ${path}`)
  }
  showsNothing(t, await createPerson(gateway).navigate('/closed/x'), 'nobody')

  const alice = await somebody('alice')
  const partial = createPerson(gateway)
  await partial.giveUserName('alice')
  showsNothing(t, await partial.navigate('/hall/x'), 'an operator who has shown the password only')
  showsNothing(t, await partial.navigate('/closed/x'), 'the same where nobody may pass')

  const forged = createPerson(gateway)
  for (const name of alice.cookies.keys()) forged.cookies.set(name, 'A'.repeat(43))
  showsNothing(t, await forged.navigate('/closed/x'), 'a forged cookie')

  const body = await alice.fetch('/hr/list')
  t.match(body.json, { status: 403, reason: 'not_in_group', instance: /^urn:gatehouse:request:[\w-]{12}$/ })
  t.notMatch(body.text, POLICY, 'a program is told the reason only')
})

t.test('without the setting not even an operator sees it', async t => {
  const { somebody } = await start(t, '')
  const alice = await somebody('alice')
  showsNothing(t, await alice.navigate('/hr/list'), 'alice')
  showsNothing(t, await alice.navigate('/closed/x'), 'alice where nobody may pass')
})

t.test('a store that is away keeps nobody from being told that nobody may pass', async t => {
  let away = false
  const store = createMemoryStore({ now: () => 0 })
  const flaky: Store = {
    ...store,
    get: key => (away ? Promise.reject(new StoreUnavailable('away')) : store.get(key)),
  }
  const { somebody } = await start(t, 'explain_to: [ops]', () => flaky)
  const alice = await somebody('alice')
  away = true
  t.equal((await alice.navigate('/hr/list')).status, 503, 'who asks matters there')
  showsNothing(t, await alice.navigate('/closed/x'), 'alice')
})

t.test('the log tells of each denial by the reference that the person was given', async t => {
  const { gateway, somebody } = await start(t)
  const bob = await somebody('bob')
  const id = referenceOf(await bob.navigate('/hr/list?token=hidden'))
  const lines = linesOf(gateway, id)
  t.match(lines, [
    { audit: 'request.denied', reason: 'not_in_group', subject: 'bob', address: '127.0.0.1' },
    {
      msg: 'a request was denied',
      policy: /^[0-9a-f]{16}$/,
      method: 'GET',
      host: HOST,
      path: '/hr/list',
      subject: 'bob',
      route: /\/hr\/\*\*$/,
      place: /gateway\.yaml:9$/,
      missing: [`groups ${GROUP}: bob has none`],
    },
  ])
  t.equal(lines.length, 2)
  t.notMatch(JSON.stringify(lines), 'hidden', 'the query is left out')
  t.not(referenceOf(await bob.navigate('/hr/list')), id, 'each request has its own')
})

t.test('what could not be read, and what failed, have a reference too', async t => {
  const { gateway, somebody } = await start(t)
  const bob = await somebody('bob')
  const unread = await bob.navigate('/a//b')
  t.equal(unread.status, 400)
  t.match(linesOf(gateway, referenceOf(unread)), [{ audit: 'request.refused', reason: 'empty_segment' }])
  const down = await bob.navigate('/elsewhere')
  t.equal(down.status, 502)
  t.match(linesOf(gateway, referenceOf(down)), [{ msg: 'a request failed', code: 'ECONNREFUSED' }])
  const { json } = await bob.fetch('/elsewhere')
  t.match(json.instance, /^urn:gatehouse:request:[\w-]{12}$/)
  const login = await createPerson(gateway).fetch('/hr/list')
  t.match(login.json, { status: 401 })
  t.equal(login.json.instance, undefined, 'who only has to log in needs no reference')
})
