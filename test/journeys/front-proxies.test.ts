import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CONFUSING, mostLenientReading } from '../attacks/confusing-paths.js'
import { startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { createPerson, roundTrip, type Person, type Reply } from '../harness/person.js'
import { openRaw, type Door } from '../harness/raw-client.js'
import {
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
  type RecordingUpstream,
} from '../harness/recording-upstream.js'
import { FRONT_PROXIES, frontProxies, startFrontProxy, type FrontProxy } from './front-proxies.js'

const APP = 'app.example.com'
const AUTH = 'auth.example.com'
const BROWSER = { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' }
const IDENTITY = [
  'Remote-User',
  'Remote-Name',
  'Remote-Email',
  'Remote-Groups',
  'Remote-Amr',
  'Gatehouse-Assertion',
]

/** A gateway by the shipped file, an app, the other proxy before both, and a person who comes by it. */
interface Site {
  readonly gateway: OpenTestGateway
  readonly upstream: RecordingUpstream
  readonly front: Door
  readonly visitor: () => Person
}

async function startSite(t: Test, proxy: FrontProxy): Promise<Site> {
  const shipped = readFileSync(join(FRONT_PROXIES, 'gateway.yaml'), 'utf8')
  const upstream = await startRecordingUpstream(t)
  const yaml =
    proxy.forwards === true ? shipped.replace('forward_auth: true', `upstream: ${upstream.url}`) : shipped
  const gateway = await startGateway(t, { yaml, tls: false })
  const front = await startFrontProxy(t, proxy, { gatehouse: gateway.port, app: upstream.port })
  const atFront = { ...gateway, port: front.port, tls: true }
  return { gateway, upstream, front, visitor: () => createPerson(atFront, { host: AUTH }) }
}

/** Asks for something of the app, as it comes to the proxy in front. */
async function ask(
  { front }: Site,
  path: string,
  options: {
    readonly as?: Person
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {},
): Promise<Reply> {
  const cookies = ['theme=dark', options.as?.cookieHeader(), 'lang=de'].filter(Boolean).join('; ')
  const headers = { Host: APP, Cookie: cookies, ...options.headers }
  return roundTrip(front, options.method ?? 'GET', path, headers, options.body)
}

for (const proxy of frontProxies) {
  const skip = proxy.isHere() ? false : `${proxy.name} is not installed (apt-get install ${proxy.package})`
  t.test(`${proxy.name} in front, with the shipped files`, { skip }, async t => {
    const site = await startSite(t, proxy)
    const { upstream, gateway } = site
    const forged = Object.fromEntries(
      [...IDENTITY, 'Remote_User', 'remote.user'].map(name => [name, 'admin']),
    )
    const alice = site.visitor()
    const bob = site.visitor()

    await t.test('a stranger is sent to the login, and a program is told', async t => {
      upstream.forget()
      const page = await ask(site, '/private?a=1', { headers: BROWSER })
      t.equal(page.status, 302)
      const login = `https://${AUTH}/auth/login?return_to=${encodeURIComponent(`https://${APP}/private?a=1`)}`
      t.same(page.header('location'), [login])
      const form = await ask(site, '/private', { method: 'POST', headers: BROWSER, body: 'a=1' })
      t.equal(form.status, 303)
      const program = await ask(site, '/private', { headers: { Accept: 'application/json' } })
      t.equal(program.status, 401)
      t.same(program.header('www-authenticate'), ['Bearer'])
      t.equal(upstream.requests.length, 0, 'the app heard nothing of it')
    })

    await t.test('what is public passes, without anybody in it', async t => {
      upstream.forget()
      t.equal((await ask(site, '/public/x', { headers: forged })).status, 200)
      for (const name of [...IDENTITY, 'Remote_User', 'remote.user'])
        t.strictSame(valuesOf(upstream.requests[0], name).join(), '', name)
    })

    await t.test('the login leads back, and the app is told who is there', async t => {
      t.equal((await alice.navigate('/auth/login')).status, 200)
      await alice.login('alice')
      upstream.forget()
      const reply = await ask(site, '/private/x?y=1', { as: alice, headers: forged })
      t.equal(reply.status, 200)
      const [request] = upstream.requests
      t.equal(request?.target, '/private/x?y=1')
      t.same(valuesOf(request, 'Remote-User'), ['alice'], 'and by nobody else')
      t.same(valuesOf(request, 'Remote-Groups'), ['ops,staff'])
      t.match(valuesOf(request, 'Gatehouse-Assertion')[0], /^ey[^.]+\.ey[^.]+\.[^.]+$/)
      for (const name of ['Remote_User', 'remote.user']) t.same(valuesOf(request, name), [], name)
      const cookie = valuesOf(request, 'Cookie').join('; ')
      t.match(cookie, /theme=dark/)
      t.match(cookie, /lang=de/)
      t.notMatch(cookie, /__Secure-gatehouse=/, 'the key to every other app is not among them')
    })

    await t.test('somebody who may not is told so, and has no name of others', async t => {
      await bob.login('bob')
      upstream.forget()
      t.equal((await ask(site, '/ops/x', { as: bob, headers: { ...BROWSER, ...forged } })).status, 403)
      t.equal(upstream.requests.length, 0)
      t.equal((await ask(site, '/x', { as: bob, headers: forged })).status, 200)
      t.equal(valuesOf(upstream.requests[0], 'Remote-Groups').join(), '', 'bob is in no group')
      t.equal(valuesOf(upstream.requests[0], 'Remote-Email').join(), '')
    })

    await t.test('a body reaches the app whole', async t => {
      upstream.forget()
      const body = 'x'.repeat(300_000)
      const headers = { 'Content-Type': 'text/plain', 'Content-Length': String(body.length) }
      t.equal((await ask(site, '/upload', { as: alice, method: 'POST', headers, body })).status, 200)
      t.equal(upstream.requests[0]?.body.toString(), body)
    })

    await t.test('a WebSocket opens for who is logged in, and from pages of the app', async t => {
      const handshake = async (cookie: string, origin: string) => {
        upstream.forget()
        upstream.answerWith(webSocketEcho)
        const connection = await openRaw(site.front)
        connection.write(
          `GET /socket HTTP/1.1\r\nHost: ${APP}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin}\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`,
        )
        return { connection, answer: await connection.answer() }
      }
      const own = await handshake(alice.cookieHeader(), `https://${APP}`)
      t.equal(own.answer?.status, 101)
      own.connection.write('hello')
      t.ok(await own.connection.restHas(5), 'and carries bytes')
      own.connection.destroy()
      t.same(valuesOf(upstream.requests[0], 'Remote-User'), ['alice'])
      const other = await handshake(alice.cookieHeader(), 'https://evil.example')
      t.equal(other.answer?.status, 403)
      other.connection.destroy()
      const nobody = await handshake('a=b', `https://${APP}`)
      t.equal(nobody.answer?.status, 401)
      nobody.connection.destroy()
      t.equal(upstream.requests.length, 0)
    })

    await t.test('no spelling of a path opens what another one closes', async t => {
      for (const path of [
        '/public/../private',
        '/public/%2e%2e/private',
        '//private',
        '/public;/../private',
        '/%2e/private',
      ]) {
        upstream.forget()
        const connection = await openRaw(site.front)
        connection.write(`GET ${path} HTTP/1.1\r\nHost: ${APP}\r\nConnection: close\r\n\r\n`)
        const status = (await connection.answer())?.status ?? 0
        connection.destroy()
        t.ok(status >= 400 && status < 500, `${path}: ${status}`)
        t.equal(upstream.requests.length, 0)
      }
    })

    await t.test(
      'h3: whatever a path looks like, the app gets nothing that could be read as closed',
      async t => {
        let passed = 0
        for (const target of ['/public/plain', ...Object.values(CONFUSING).flat()]) {
          upstream.forget()
          const connection = await openRaw(site.front)
          connection.write(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${APP}\r\nConnection: close\r\n\r\n`))
          const answer = await connection.answer()
          connection.destroy()
          for (const request of upstream.requests) {
            passed += 1
            t.match(
              mostLenientReading(request.target),
              /^\/public(\/|$)/,
              `${target} became ${request.target}`,
            )
          }
          // Caddy answers for a host that it does not know with an empty 200.
          const isEmpty = (answer?.body.length ?? 0) === 0
          const what = `${target}: ${answer?.statusLine ?? 'closed'}`
          if (upstream.requests.length === 0) t.ok(isEmpty || (answer?.status ?? 0) >= 300, what)
        }
        t.ok(passed > 0, `${passed} of them are public and pass`)
      },
    )

    await t.test('nobody can put words into the mouth of the proxy', async t => {
      for (const headers of [
        { 'X-Original-URL': `https://${APP}/public/x`, 'X-Original-Method': 'GET' },
        { 'X-Forwarded-Uri': '/public/x', 'X-Forwarded-Method': 'GET', 'X-Forwarded-Host': APP },
        { 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Proto': 'http' },
      ]) {
        upstream.forget()
        const { status } = await ask(site, '/private', { headers })
        t.ok(status >= 400, `${JSON.stringify(headers)}: ${status}`)
        t.equal(upstream.requests.length, 0)
      }
      for (const path of ['/auth/verify', '/api/authz/forward-auth', '/oauth2/auth', '/gatehouse-check']) {
        const headers = {
          Host: AUTH,
          'X-Original-URL': `https://${APP}/public/x`,
          'X-Original-Method': 'GET',
        }
        const { status } = await ask(site, path, { headers })
        t.ok(status >= 400, `nobody asks from outside: ${path}: ${status}`)
      }
    })

    await t.test('after the logout it is over', async t => {
      const cookies = alice.cookieHeader()
      t.equal((await alice.logout()).status, 200)
      const after = await ask(site, '/private', { headers: { ...BROWSER, Cookie: cookies } })
      t.equal(after.status, 302)
    })

    await t.test('h9: while the gateway is gone nothing passes', async t => {
      await gateway.close()
      upstream.forget()
      for (const path of ['/private', '/public/x'])
        t.ok((await ask(site, path, { as: bob })).status >= 500, path)
      t.equal(upstream.requests.length, 0)
    })
  })
}
