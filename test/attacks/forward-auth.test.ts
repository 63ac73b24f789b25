import t from 'tap'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { StoreUnavailable } from '../../src/store/store.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { CLIENT, forwardedOn, OUTER_PROXIES, type OuterRequest } from '../harness/outer-proxies.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf, openRaw, type RawAnswer, type RawConnection } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'
import { CONFUSING } from './confusing-paths.js'

const upstream = await startRecordingUpstream(t)
const yaml = (trusted: string): string => `public_url: https://${HOST}
trusted_proxies: [${trusted}]
session: { domain: gw.example }
explain_to: [ops]
users: { file: users.yaml }
apps:
  - name: desk
    host: ${HOST}
    upstream: ${upstream.url}
    forward_auth: true
    routes:
      - { path: /public/**, access: public }
      - { path: /admin/**, access: required }
      - { path: /nobody/**, access: denied }
      - { path: /read-only, methods: [GET], access: public }
      - { path: /**, access: bypassed, reason: the rest of the test app asks for the password only }
  - name: wiki
    host: wiki.gw.example
    forward_auth: true
    routes: [{ path: /public/**, access: public }]
  - name: bare
    host: bare.gw.example
    routes: [{ path: /public/**, access: public }]
  - name: old
    host: old.gw.example
    upstream: ${upstream.url}
    routes: [{ path: /**, access: public }]
`
const gateway = await startGateway(t, { yaml: yaml('127.0.0.1/32'), tls: false })
const strict = await startGateway(t, { yaml: yaml('10.0.0.0/8'), tls: false })

const behindProxy = { headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': CLIENT } }
const partial = createPerson(gateway, behindProxy)
await partial.giveUserName('carol')
const alice = createPerson(gateway, behindProxy)
await alice.login('alice')

/** Keeps one connection as long as the gateway does. */
let connection: RawConnection | undefined
async function send(bytes: string): Promise<RawAnswer> {
  connection ??= await openRaw(gateway)
  connection.write(bytes)
  const answer = await connection.answer(bytes.startsWith('HEAD ') ? 'HEAD' : 'GET')
  if (answer === undefined || headerOf(answer, 'connection').includes('close')) {
    connection.destroy()
    connection = undefined
  }
  if (answer === undefined) throw new Error(`no answer to ${bytes}`)
  return answer
}
t.teardown(() => connection?.destroy())

const isGranted = ({ status }: Pick<RawAnswer, 'status'>): boolean => status >= 200 && status < 300
const isRefused = ({ status }: RawAnswer): boolean => status >= 300 && status < 500

/** The lines of a dialect with one field set otherwise; undefined: it is not there. */
function withField(bytes: string, name: string, values: readonly string[]): string {
  const [first = '', ...lines] = bytes.split('\r\n')
  const kept = lines.filter(line => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return [first, ...values.map(value => `${name}: ${value}`), ...kept].join('\r\n')
}

for (const [id, targets] of Object.entries(CONFUSING)) {
  await t.test(`h3: each dialect decides about the paths of ${id} as the proxy mode does`, async t => {
    for (const target of targets) {
      for (const lines of [['Sec-Fetch-Mode: cors'], [`Cookie: ${partial.cookieHeader()}`]]) {
        upstream.forget()
        const passes = isGranted(await send(forwardedOn({ target, lines })))
        for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
          upstream.forget()
          const bytes = ask({ target, lines })
          const answer = await send(bytes)
          // Put behind a host or a path, what is no path at all is another text.
          const isWhole = target.startsWith('/') || bytes.includes('X-Forwarded-Uri')
          const what = `${proxy} for ${JSON.stringify(target)}: ${answer.statusLine}`
          t.equal(isGranted(answer), passes && isWhole, what)
          t.ok(isGranted(answer) || isRefused(answer), 'which is no failure')
          t.equal(upstream.requests.length, 0, 'and nothing reaches the app')
        }
      }
    }
  })
}

await t.test('h1: a client that is no trusted proxy gets no yes, whatever it says', async t => {
  const bob = createPerson(strict)
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    for (const target of ['/public/x', '/admin/x']) {
      upstream.forget()
      const { answers } = await exchange(strict, ask({ target, lines: [`Cookie: ${bob.cookieHeader()}`] }), {
        answers: 1,
      })
      const status = answers[0]?.status ?? 0
      t.ok(status >= 400 && status < 500, `${proxy}: ${answers[0]?.statusLine}`)
      t.equal(upstream.requests.length, 0)
    }
  }
  const { answers } = await exchange(strict, OUTER_PROXIES.nginx?.({ target: '/public/x' }) ?? '', {
    answers: 1,
  })
  t.equal(answers[0]?.status, 403)
  t.match(answers[0]?.body.toString(), /"reason":"untrusted_proxy"/)
  t.match(answers[0]?.body.toString(), /trusted_proxies/, 'and the operator is told the cure')
  const plain = await exchange(strict, get('/auth/verify'), { answers: 1 })
  t.equal(plain.answers[0]?.status, 403, 'with nothing said at all too')
})

await t.test('h2: a field that is missing, empty, doubled or a list gives no yes', async t => {
  const needed: Readonly<Record<string, readonly string[]>> = {
    'Traefik and Caddy': [
      'X-Forwarded-Method',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Uri',
      'X-Forwarded-For',
    ],
    nginx: ['X-Original-URL', 'X-Original-Method', 'X-Forwarded-For'],
    Envoy: ['X-Forwarded-Proto', 'X-Forwarded-For', 'Host'],
    'whoever asks Authelia with X-Forwarded-*': ['X-Forwarded-Method', 'X-Forwarded-Uri'],
    'whoever asks Authelia with X-Original-*': ['X-Original-URL', 'X-Original-Method'],
    'whoever asks oauth2-proxy': ['X-Original-URL', 'X-Original-Method'],
  }
  for (const [proxy, names] of Object.entries(needed)) {
    const bytes = OUTER_PROXIES[proxy]?.({ target: '/public/x' }) ?? ''
    t.ok(isGranted(await send(bytes)), `${proxy}: whole, it is answered`)
    for (const name of names) {
      const value = new RegExp(`^${name}: (.*)$`, 'im').exec(bytes)?.[1] ?? ''
      for (const [how, values] of Object.entries({ missing: [], empty: [''] }))
        t.notOk(isGranted(await send(withField(bytes, name, values))), `${proxy}: ${name} ${how}`)
      if (name === 'X-Forwarded-For') continue
      for (const [how, values] of Object.entries({
        doubled: [value, value],
        list: [`${value}, ${value}`],
        'list without blank': [`${value},${value}`],
      }))
        t.notOk(isGranted(await send(withField(bytes, name, values))), `${proxy}: ${name} ${how}`)
    }
  }
  const nothing = await send(head('GET', '/auth/verify', [`Host: ${HOST}`, `X-Forwarded-For: ${CLIENT}`]))
  t.equal(nothing.status, 400)
  t.match(nothing.body.toString(), /"reason":"bad_forward_auth"/)
  for (const url of [
    '/public/x',
    'https://gw.example',
    '//gw.example/public/x',
    'gw.example/public/x',
    'ftp://gw.example/public/x',
  ])
    t.notOk(
      isGranted(await send(withField(OUTER_PROXIES.nginx?.({ target: '/' }) ?? '', 'X-Original-URL', [url]))),
      `X-Original-URL: ${url}`,
    )
})

await t.test(
  'h3: addresses, queries, raw UTF-8 and 20 kB in X-Forwarded-Uri are read as in a request line',
  async t => {
    for (const [target, passes] of [
      [`http://${HOST}/public/x`, true],
      ['http://other.example/public/x', false],
      ['/public/x?next=/admin', true],
      ['/admin?/public/', false],
      ['/public/\u00e9', false],
      [`/public/${'a'.repeat(20_000)}`, false],
      [`/public/${'a'.repeat(9_000)}`, false],
    ] as const)
      t.equal(
        isGranted(await send(OUTER_PROXIES['Traefik and Caddy']?.({ target }) ?? '')),
        passes,
        target.slice(0, 40),
      )
  },
)

await t.test('h4: the stated method decides, and a preflight passes only where the app lets it', async t => {
  const granted = async (request: OuterRequest) => {
    const all = []
    for (const ask of Object.values(OUTER_PROXIES)) all.push(isGranted(await send(ask(request))))
    return all
  }
  const every = (value: boolean) => Object.keys(OUTER_PROXIES).map(() => value)
  t.same(await granted({ target: '/read-only' }), every(true))
  t.same(await granted({ target: '/read-only', method: 'HEAD' }), every(true), 'HEAD is decided as GET')
  for (const method of ['POST', 'DELETE', 'OPTIONS'])
    t.same(await granted({ target: '/read-only', method }), every(false), method)
  const preflight = ['Origin: https://x.example', 'Access-Control-Request-Method: GET']
  t.same(await granted({ target: '/admin', method: 'OPTIONS', lines: preflight }), every(false))
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    // What Node does not take for a method at all never comes so far where the method is the question's own.
    if (proxy === 'Envoy') continue
    for (const method of ['get', 'GeT', 'FOO', 'TRACE', 'CONNECT', 'GET, POST', ' '])
      t.notOk(isGranted(await send(ask({ target: '/public/x', method }))), `${proxy}: ${method}`)
  }
  t.notOk(
    isGranted(
      await send(
        OUTER_PROXIES.nginx?.({ target: '/read-only', method: 'POST' }).replace(/^GET /, 'HEAD ') ?? '',
      ),
    ),
    'the method of the question is nothing',
  )
})

await t.test('h5: spellings of the host are one host, and every other text is none', async t => {
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    for (const host of ['GW.example', 'gw.example.', 'gw.example:443', 'gw.example:8443', 'WIKI.gw.example'])
      t.ok(isGranted(await send(ask({ target: '/public/x', host }))), `${proxy}: ${host}`)
    for (const host of [
      'GW.example, evil.example',
      'evil.example',
      '127.0.0.1',
      'u:p@gw.example',
      'gw.example@evil.example',
      'gw.example:99999',
      'gw.example#',
      'gw.example\\',
      '[::1]',
      'bare.gw.example',
    ])
      t.notOk(
        isGranted(await send(ask({ target: host === 'bare.gw.example' ? '/x' : '/public/x', host }))),
        `${proxy}: ${host}`,
      )
  }
})

await t.test('h6: two dialects that disagree are refused, and may agree', async t => {
  const forwarded = OUTER_PROXIES['Traefik and Caddy']
  const original = OUTER_PROXIES.nginx
  const envoy = OUTER_PROXIES.Envoy
  if (forwarded === undefined || original === undefined || envoy === undefined) throw new Error('no dialects')
  const secret = { target: '/admin/x' }
  const open = { target: '/public/x' }
  for (const [what, bytes] of [
    [
      'the client of Traefik says X-Original-URL',
      [forwarded(secret), 'X-Original-URL', `https://${HOST}/public/x`],
    ],
    [
      'the client of Traefik says X-Original-URL of an open page',
      [forwarded(open), 'X-Original-URL', `https://${HOST}/admin/x`],
    ],
    ['the client of Traefik says X-Original-Method', [forwarded(open), 'X-Original-Method', 'POST']],
    ['the client of nginx says X-Forwarded-Uri', [original(secret), 'X-Forwarded-Uri', '/public/x']],
    [
      'the client of nginx says X-Forwarded-Uri of a closed page',
      [original(open), 'X-Forwarded-Uri', '/admin/x'],
    ],
    ['the client of nginx says X-Forwarded-Method', [original(open), 'X-Forwarded-Method', 'POST']],
    ['the client of nginx says X-Forwarded-Host', [original(open), 'X-Forwarded-Host', 'wiki.gw.example']],
    ['the client of nginx says X-Forwarded-Proto', [original(open), 'X-Forwarded-Proto', 'http']],
    ['the client of Envoy says X-Forwarded-Uri', [envoy(open), 'X-Forwarded-Uri', '/public/y']],
    ['the client of Envoy says X-Forwarded-Host', [envoy(open), 'X-Forwarded-Host', 'wiki.gw.example']],
    ['the client of Envoy says X-Forwarded-Method', [envoy(open), 'X-Forwarded-Method', 'POST']],
  ] as const) {
    const [whole, name, value] = bytes
    const answer = await send(withField(whole, name, [value]))
    t.equal(answer.status, 400, `${what}: ${answer.statusLine}`)
  }
  const both = withField(original(open), 'X-Forwarded-Uri', ['/public/x'])
  t.equal((await send(withField(both, 'X-Forwarded-Host', ['GW.EXAMPLE:443']))).status, 200)
})

await t.test('h7: every identity field is set, and blank where there is nothing to tell', async t => {
  const names = [
    'Remote-User',
    'Remote-Name',
    'Remote-Email',
    'Remote-Groups',
    'Remote-Assurance',
    'Remote-Amr',
    'Gatehouse-Assertion',
  ]
  const oauth2Names = [
    'X-Auth-Request-User',
    'X-Auth-Request-Email',
    'X-Auth-Request-Groups',
    'X-Auth-Request-Preferred-Username',
    'Gatehouse-Assertion',
  ]
  const forged = names.map(name => `${name}: admin`)
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    const isOauth2 = proxy.endsWith('oauth2-proxy')
    const nobody = await send(ask({ target: '/public/x', lines: forged }))
    t.equal(nobody.status, isOauth2 ? 202 : 200)
    for (const name of isOauth2 ? oauth2Names : names)
      t.same(headerOf(nobody, name), [''], `${proxy}: ${name} is there once, and blank`)
    t.same(headerOf(nobody, 'Content-Length'), ['0'])
    t.same(headerOf(nobody, 'Cache-Control'), ['no-store'])
    const known = await send(
      ask({ target: '/admin/x', lines: [...forged, `Cookie: ${alice.cookieHeader()}`] }),
    )
    t.same(headerOf(known, isOauth2 ? 'X-Auth-Request-User' : 'Remote-User'), ['alice'])
    t.same(headerOf(known, isOauth2 ? 'X-Auth-Request-Groups' : 'Remote-Groups'), ['ops,staff'])
    t.match(headerOf(known, 'Gatehouse-Assertion')[0], /^ey[^.]+\.ey[^.]+\.[^.]+$/)
    const halfway = await send(ask({ target: '/x', lines: [`Cookie: ${partial.cookieHeader()}`] }))
    t.same(
      headerOf(halfway, isOauth2 ? 'X-Auth-Request-User' : 'Remote-User'),
      ['carol'],
      'the password alone',
    )
  }
  const bob = createPerson(gateway, behindProxy)
  await bob.login('bob')
  const answer = await send(
    OUTER_PROXIES.nginx?.({ target: '/x', lines: [`Cookie: ${bob.cookieHeader()}`] }) ?? '',
  )
  t.same(headerOf(answer, 'Remote-User'), ['bob'])
  t.same(headerOf(answer, 'Remote-Groups'), [''], 'who has no group gets a blank one')
  t.same(headerOf(answer, 'Remote-Email'), [''])
})

await t.test('h8: a browser is sent to the login of this gateway, and a program is told', async t => {
  const browser = ['Sec-Fetch-Mode: navigate', 'Accept: text/html']
  const program = ['Accept: application/json']
  const login = (target: string) => `https://${HOST}/auth/login?return_to=${encodeURIComponent(target)}`
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    const byStatus =
      ['nginx', 'ingress-nginx'].includes(proxy) ||
      proxy.includes('X-Original') ||
      proxy.endsWith('oauth2-proxy')
    const page = await send(ask({ target: '/admin/x?a=1', lines: browser }))
    t.equal(page.status, byStatus ? 401 : 302, proxy)
    t.same(headerOf(page, 'Location'), [login('/admin/x?a=1')])
    t.ok(!byStatus || headerOf(page, 'WWW-Authenticate').length === 1, 'a 401 says how (RFC 9110, 11.6.1)')
    const wiki = await send(ask({ target: '/x', host: 'wiki.gw.example', lines: browser }))
    t.same(headerOf(wiki, 'Location'), [login('https://wiki.gw.example/x')], 'for another app of the file')
    const form = await send(ask({ target: '/admin/x', method: 'POST', lines: browser }))
    t.equal(form.status, byStatus ? 401 : 303, 'a form')
    const api = await send(ask({ target: '/admin/x', lines: program }))
    t.equal(api.status, 401, 'a program')
    t.same(headerOf(api, 'WWW-Authenticate'), ['Bearer'])
    const evil = await send(ask({ target: '/admin/x', host: 'evil.example', lines: browser }))
    t.same(headerOf(evil, 'Location'), [], `${proxy}: nobody is sent anywhere for a host that is no app`)
    t.equal(evil.status, byStatus ? 403 : 404)
    const second = await send(
      ask({ target: '/admin/x', lines: [...browser, `Cookie: ${partial.cookieHeader()}`] }),
    )
    t.match(headerOf(second, 'Location')[0], /^https:\/\/gw\.example\/auth\/mfa\?return_to=%2Fadmin%2Fx$/)
    const nobody = await send(ask({ target: '/nobody/x', lines: browser }))
    t.equal(nobody.status, 403)
    t.same(headerOf(nobody, 'Location'), [])
    const unknown = alice.cookieHeader().replace(/.{4}(?=;|$)/g, String(1000 + proxy.length))
    const operator = await send(ask({ target: '/nobody/x', lines: [...browser, `Cookie: ${unknown}`] }))
    t.equal(operator.status, 403, `${proxy}: also while it is found out whether to tell why`)
  }
})

await t.test('h9: a check that fails gives no yes, and what is public goes on', async t => {
  const state = { isGone: false }
  const broken = await startGateway(t, {
    yaml: yaml('127.0.0.1/32'),
    tls: false,
    store: now => {
      const store = createMemoryStore({ now })
      return {
        ...store,
        get: key => (state.isGone ? Promise.reject(new StoreUnavailable('gone')) : store.get(key)),
      }
    },
  })
  const dave = createPerson(broken, behindProxy)
  await dave.login('dave')
  const lines = [`Cookie: ${dave.cookieHeader()}`]
  const other = [`Cookie: ${dave.cookieHeader().replace(/.{4}(?=;|$)/g, 'AAAA')}`]
  const answerTo = async (bytes: string) => (await exchange(broken, bytes, { answers: 1 })).answers[0]
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    state.isGone = false
    t.ok(isGranted((await answerTo(ask({ target: '/admin/x', lines }))) ?? { status: 0 }), proxy)
    state.isGone = true
    const status = (await answerTo(ask({ target: '/admin/x', lines: other })))?.status ?? 500
    t.ok(status >= 401, `${proxy}: ${status} while the store is gone`)
    const open = await answerTo(ask({ target: '/public/x', lines: other }))
    t.ok(isGranted(open ?? { status: 0 }), `${proxy}: what is public needs no store`)
  }
})

await t.test('h10: no User-Agent, path or query is let off', async t => {
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    for (const agent of ['kube-probe/1.29', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0'])
      t.notOk(isGranted(await send(ask({ target: '/admin/x', lines: [`User-Agent: ${agent}`] }))), proxy)
    for (const target of [
      '/admin?ping',
      '/ping',
      '/health',
      '/ready',
      '/auth/health/live',
      '/auth/login',
      '/auth/assets/style.css',
      '/auth',
      '/auth/verify',
      '/oauth2/auth',
      '/oauth2/sign_in',
      '/robots.txt',
    ])
      t.notOk(isGranted(await send(ask({ target }))), `${proxy}: ${target}`)
    const withQuery = ask({ target: '/admin/x' }).replace(/^(GET \S+) /, '$1?ping=1&path=/public/ ')
    t.notOk(isGranted(await send(withQuery)), `${proxy}: a query of the question`)
  }
})

await t.test(
  'h10: the addresses of the gateway itself pass for nobody: behind them could be an app',
  async t => {
    const lines = [`Cookie: ${alice.cookieHeader()}`]
    for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
      t.ok(isGranted(await send(ask({ target: '/authors', lines }))), proxy)
      for (const target of [
        '/auth',
        '/auth/login',
        '/auth/account',
        '/auth/health/live',
        '/auth/assets/x',
        '/auth/new',
      ])
        t.notOk(isGranted(await send(ask({ target, lines }))), `${proxy}: ${target}`)
    }
  },
)

await t.test(
  'h11: a session is not looked at over plain http, and nobody outside can say that it is https',
  async t => {
    const lines = [`Cookie: ${alice.cookieHeader()}`, 'Sec-Fetch-Mode: navigate']
    for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
      t.ok(isGranted(await send(ask({ target: '/admin/x', lines }))), `${proxy}: https`)
      for (const scheme of ['http', 'HTTP', 'ws', 'ftp', 'https,http', 'https, https', 'htps'])
        t.notOk(isGranted(await send(ask({ target: '/admin/x', scheme, lines }))), `${proxy}: ${scheme}`)
      const plain = await send(ask({ target: '/admin/x', scheme: 'http', lines }))
      t.match(headerOf(plain, 'Location')[0], /^https:/, 'whoever comes by http is led to https')
      t.ok(isGranted(await send(ask({ target: '/public/x', scheme: 'http' }))), 'what is public stays so')
    }
  },
)

await t.test('a page of another site opens no WebSocket, though another proxy forwards it', async t => {
  for (const [proxy, ask] of Object.entries(OUTER_PROXIES)) {
    const handshake = (origin: string) =>
      ask({
        target: '/admin/socket',
        lines: [
          `Cookie: ${alice.cookieHeader()}`,
          `Origin: ${origin}`,
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ],
      })
    t.ok(isGranted(await send(handshake(`https://${HOST}`))), `${proxy}: a page of the app`)
    t.equal((await send(handshake('https://evil.example'))).status, 403, `${proxy}: another`)
  }
})

await t.test(
  'an app that only another proxy forwards to is not found here, and one without either nowhere',
  async t => {
    const there = await send(forwardedOn({ target: '/public/x', host: 'wiki.gw.example' }))
    t.equal(there.status, 404)
    const bare = await send(OUTER_PROXIES.nginx?.({ target: '/public/x', host: 'bare.gw.example' }) ?? '')
    t.equal(bare.status, 403, 'no upstream, and no word that another proxy forwards')
  },
)

await t.test(
  'an app that is forwarded to keeps what is not asked at the addresses of forward-auth',
  async t => {
    for (const target of ['/auth/verify', '/oauth2/auth', '/api/authz/forward-auth']) {
      upstream.forget()
      const answer = await send(forwardedOn({ target, host: 'old.gw.example' }))
      t.equal(answer.status, 200)
      t.same(
        upstream.requests.map(request => request.target),
        [target],
      )
      const asked = await send(withField(forwardedOn({ target, host: 'wiki.gw.example' }), 'X-None', []))
      t.equal(asked.status, 400, 'and one that another proxy forwards to does not')
    }
  },
)
