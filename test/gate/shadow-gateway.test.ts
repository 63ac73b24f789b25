import { renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load-config.js'
import { readShadowReports } from '../../src/gate/shadow-reports.js'
import { addUpReports } from '../../src/gate/shadow-tally.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import type { Store } from '../../src/store/store.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)

/** A gateway.yaml of one app. */
function yamlOf(routes: readonly string[], more = ''): string {
  const list = routes.length === 0 ? '' : `    routes:\n${routes.map(route => `      - ${route}\n`).join('')}`
  return `public_url: https://${HOST}
users: { file: users.yaml }
apps:
  - name: wiki
    host: ${HOST}
    upstream: ${upstream.url}
${list}${more}`
}

const OPEN = '{ path: /open/**, access: public }'
const PUBLIC = '{ path: /**, access: public }'

/** A gateway with a shadow, whose store can be read after its end. */
async function startShadowed(t: Test, live: string, shadow: string) {
  const stores: Store[] = []
  const gateway = await startGateway(t, {
    yaml: `${live}shadow: next.yaml\n`,
    shadow,
    store: now => {
      const store = { ...createMemoryStore({ now }), close: () => Promise.resolve() }
      stores.push(store)
      return store
    },
  })
  const next = join(dirname(gateway.configFile), 'next.yaml')
  /** Ends the gateway and gives what it counted for the files as they are. */
  const report = async () => {
    await gateway.close()
    const loaded = loadConfig(next, { readFile: () => shadow, env: {}, now: gateway.clock.now() })
    if (!loaded.ok) throw new Error('next.yaml is broken')
    const [store] = stores
    return addUpReports(store === undefined ? [] : await readShadowReports(store, loaded.config.hash))
  }
  return { gateway, next, report }
}

const status = async (gateway: OpenTestGateway, bytes: string): Promise<number | undefined> =>
  (await exchange(gateway, bytes, { answers: 1 })).answers[0]?.status

/** The lines of the log with these words. */
const logged = (gateway: OpenTestGateway, words: string) =>
  gateway.logLines
    .filter(line => line.includes(words))
    .map(line => JSON.parse(line) as Record<string, unknown>)

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds();) {
    if (performance.now() > end) throw new Error(`it never came to this: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

t.test('requests get what the live policy says, and the differences are counted and logged', async t => {
  const { gateway, report } = await startShadowed(
    t,
    yamlOf([OPEN]),
    yamlOf(['{ path: /open/private/**, access: denied }', OPEN, '{ path: /more, access: public }']),
  )
  t.equal(await status(gateway, get('/open/a?x=1')), 200)
  t.equal(await status(gateway, get('/open/private/b?secret=1')), 200)
  t.equal(await status(gateway, get('/open/private/b?secret=2')), 200)
  t.equal(await status(gateway, get('/more')), 401)
  t.equal(await status(gateway, get('//twice')), 400)
  t.equal(await status(gateway, get('/a', ['Cookie: a=1', 'Host: two.example'])), 400)
  t.equal(await status(gateway, get('/x', [], 'other.example')), 404)
  t.equal(await status(gateway, get('/auth/health/live')), 200)
  const more = logged(gateway, 'the shadow policy would be more open')
  t.match(more, [
    { level: 40, decision: 'login by wiki (default)', method: 'GET', host: HOST, path: '/more', count: 1 },
  ])
  t.match(more[0]?.shadow, /^allow \(public\) by wiki \/more, .*next\.yaml:\d+$/)
  const otherwise = logged(gateway, 'the shadow policy would decide otherwise')
  t.match(otherwise, [{ level: 30, path: '/open/private/b' }])
  t.equal(otherwise.length, 1, 'one line for the two of a kind')
  t.notMatch(gateway.logLines.join('\n'), /secret=/)
  t.match(await report(), {
    compared: 7,
    different: 3,
    opened: 1,
    closed: 2,
    kinds: [
      { live: { outcome: 'allow' }, shadow: { outcome: 'deny', reason: 'denied' }, count: 2 },
      { live: { outcome: 'login' }, shadow: { outcome: 'allow' }, count: 1 },
    ],
  })
})

t.test('a request that the gateway refuses and the shadow reads is a difference', async t => {
  const { gateway, report } = await startShadowed(
    t,
    yamlOf([PUBLIC]),
    yamlOf([PUBLIC], '    allow_in_path: [encoded_slash]\n'),
  )
  t.equal(await status(gateway, get('/a%2fb')), 400)
  t.equal(await status(gateway, get('/a%00b')), 400)
  t.match(await report(), {
    compared: 2,
    opened: 1,
    kinds: [{ live: { outcome: 'refused', reason: 'encoded_slash' }, shadow: { outcome: 'allow' } }],
  })
})

t.test('a handshake of a WebSocket is a request', async t => {
  const { gateway, report } = await startShadowed(t, yamlOf([OPEN]), yamlOf([]))
  upstream.answerWith(webSocketEcho)
  t.teardown(() => upstream.forget())
  const connection = await openRaw(gateway)
  const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  connection.write(get('/open/socket', [...lines, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']))
  t.equal((await connection.answer())?.status, 101)
  connection.destroy()
  t.match(await report(), {
    compared: 1,
    kinds: [{ shadow: { outcome: 'login' }, example: { path: '/open/socket' } }],
  })
})

t.test(
  'who asks on a public route is found out beside the request, and leaves no trace of the look',
  { skip: noAuthenticator },
  async t => {
    const routes = ['{ path: /open/**, access: required, groups: [board] }']
    const { gateway, report } = await startShadowed(t, yamlOf([OPEN]), yamlOf(routes))
    const alice = createPerson(gateway)
    await alice.login('alice')
    const cookie = `Cookie: ${alice.cookieHeader()}`
    // Longer than a session that is in use goes unnoted, and shorter than it may be idle.
    gateway.clock.advance(40 * 60_000)
    t.equal(await status(gateway, get('/open/a', [cookie])), 200)
    t.equal(
      await status(gateway, get('/open/a', [cookie.replace(/(__Host-gatehouse)=[^;]*/, '$1=worthless')])),
      200,
    )
    await until('both were compared', () => logged(gateway, 'the shadow policy').length >= 3)
    gateway.clock.advance(40 * 60_000)
    t.equal(await status(gateway, get('/private', [cookie])), 401, 'the session is idle since the login')
    t.match((await report())?.kinds.map(({ shadow, example }) => [shadow.outcome, example.subject]).sort(), [
      ['deny', 'alice'],
      ['login', undefined],
    ])
  },
)

t.test('a broken shadow is told, and the gateway starts and works without it', async t => {
  const { gateway, next } = await startShadowed(t, yamlOf([OPEN]), yamlOf(['{ path: /a, access: opne }']))
  t.match(logged(gateway, 'the shadow policy is broken; there is no shadow'), [
    { level: 50, problems: [/next\.yaml:8:\d+: "opne" is not a value of "access"/] },
  ])
  t.equal(await status(gateway, get('/open/a')), 200)
  writeFileSync(next, yamlOf([]))
  gateway.reload()
  t.equal(await status(gateway, get('/open/a')), 200)
  t.equal(logged(gateway, 'would decide otherwise').length, 1, 'once it is mended it decides')
  writeFileSync(next, 'public_url: [')
  gateway.reload()
  t.equal(logged(gateway, 'the shadow stays as it was').length, 1)
  gateway.reload()
  t.equal(logged(gateway, 'the shadow stays as it was').length, 1, 'and is told once')
})

t.test('a file that is not there is a broken one', async t => {
  const gateway = await startGateway(t, { yaml: `${yamlOf([OPEN])}shadow: elsewhere.yaml\n` })
  t.match(logged(gateway, 'there is no shadow'), [
    { problems: [/elsewhere\.yaml:1:1: the file cannot be read/] },
  ])
  t.equal(await status(gateway, get('/open/a')), 200)
})

t.test('the shadow is read again when it changes, and follows the setting', async t => {
  const { gateway, next } = await startShadowed(t, yamlOf([OPEN]), yamlOf([OPEN]))
  t.equal(await status(gateway, get('/open/a')), 200)
  writeFileSync(`${next}.new`, yamlOf([]))
  renameSync(`${next}.new`, next)
  await until(
    'it was read again',
    () => logged(gateway, 'the shadow policy decides every request').length === 2,
  )
  t.equal(await status(gateway, get('/open/a')), 200)
  t.equal(logged(gateway, 'would decide otherwise').length, 1)
  writeFileSync(gateway.configFile, yamlOf([OPEN]))
  gateway.reload()
  t.equal(await status(gateway, get('/open/b')), 200)
  writeFileSync(gateway.configFile, `${yamlOf([OPEN])}shadow: next.yaml\n`)
  gateway.reload()
  t.equal(logged(gateway, 'would decide otherwise').length, 1, 'without the setting nothing was compared')
  t.equal(await status(gateway, get('/open/c')), 200)
  t.equal(logged(gateway, 'would decide otherwise').length, 2)
  t.notMatch(gateway.logLines.join('\n'), /need a restart/)
})

t.test('a body, a slow client and every method pass as without a shadow', async t => {
  const { gateway, report } = await startShadowed(t, yamlOf([PUBLIC]), yamlOf([]))
  const connection = await openRaw(gateway)
  connection.write(head('POST', '/form', [`Host: ${HOST}`, 'Content-Length: 10', 'Cookie: a=1']))
  connection.write('hello')
  connection.write('world')
  t.equal((await connection.answer())?.status, 200)
  connection.destroy()
  t.equal(upstream.requests.at(-1)?.body.toString(), 'helloworld')
  t.match(await report(), { compared: 1, closed: 1, kinds: [{ example: { method: 'POST' } }] })
})
