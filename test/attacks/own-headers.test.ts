import type { OutgoingHttpHeaders } from 'node:http'
import t, { type Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, mixedPolicy, startGateway } from '../harness/gateway.js'
import { createPerson, type Reply, roundTrip } from '../harness/person.js'
import { openRaw } from '../harness/raw-client.js'
import { rawAnswer, startRecordingUpstream } from '../harness/recording-upstream.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { StoreUnavailable } from '../../src/store/store.js'
import { startOffice } from '../portal/program.js'

/** What every answer of the gateway itself carries over https, whatever it says. */
const EVERYWHERE: Readonly<Record<string, RegExp>> = {
  'content-security-policy':
    /^(?=.*default-src 'none')(?=.*form-action 'self')(?=.*object-src 'none')(?=.*base-uri 'none')(?=.*frame-ancestors 'none')(?!.*unsafe)/,
  'strict-transport-security': /^max-age=(?:3153[6-9]\d{3}|3[2-9]\d{6}|[4-9]\d{7}|\d{9,})\b/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^same-origin$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'permissions-policy': /^(?=.*camera=\(\))(?=.*publickey-credentials-get=\(self\))/,
}

/** What may be kept by caches and read by pages of other sites: keys, and the description of the interface. */
const PUBLISHED = new Set(['/auth/jwks.json', '/auth/openapi.json'])

/** What is wrong with the headers of an answer, in words; an empty list when nothing is. */
function faultsOf(path: string, header: Reply['header'], status: number): readonly string[] {
  const isPublished = PUBLISHED.has(path) && status === 200
  const isAsset = path.startsWith('/auth/assets/') && status === 200
  const wanted: Readonly<Record<string, RegExp>> = {
    ...EVERYWHERE,
    'cache-control': isPublished
      ? /^public, max-age=300$/
      : isAsset
        ? /^public, max-age=31536000, immutable$/
        : /^no-store$/,
    'cross-origin-resource-policy': isPublished ? /^cross-origin$/ : /^same-origin$/,
  }
  const faults = Object.entries(wanted).flatMap(([name, pattern]) => {
    const values = header(name)
    return values.length === 1 && pattern.test(values[0] ?? '') ? [] : [`${name}: ${values.join(' | ')}`]
  })
  const talks = ['server', 'x-powered-by', ...(isPublished ? [] : ['access-control-allow-origin'])]
  return [...faults, ...talks.filter(name => header(name).length > 0)]
}

let asked = 0

/** Each from another address, so that nobody counts them together. */
function from(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  asked++
  const address = `10.9.${asked >> 8}.${asked & 255}`
  return { Host: HOST, 'X-Forwarded-For': address, 'X-Forwarded-Proto': 'https', ...headers }
}

const PAGE = {
  Accept: 'text/html',
  Origin: `https://${HOST}`,
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
}
const PROGRAM = { Accept: 'application/json', 'Content-Type': 'application/json' }
const PROXIED = 'trusted_proxies: [127.0.0.1/32]\n'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Asks all the addresses with all the methods, and gives what is wrong, and which statuses there were. */
async function askAll(
  door: Parameters<typeof roundTrip>[0],
  paths: readonly string[],
  headers: OutgoingHttpHeaders,
): Promise<{ readonly faults: readonly string[]; readonly statuses: ReadonlySet<number> }> {
  const faults: string[] = []
  const statuses = new Set<number>()
  for (const path of paths) {
    for (const method of METHODS) {
      const { status, header } = await roundTrip(door, method, path, from(headers), undefined)
      statuses.add(status)
      faults.push(...faultsOf(path, header, status).map(fault => `${method} ${path} ${status}: ${fault}`))
    }
  }
  return { faults, statuses }
}

t.test('e14: every address of ours, with every method, answers with all the headers', async t => {
  const yaml = `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
login: { methods: [password, passkey, email, sms, link] }
mail: { from: gate@app.example, file: mails.jsonl }
sms: { file: texts.jsonl }
mfa: { factors: [totp, webauthn, backup_code, knowledge_question] }
${PROXIED}`
  const gateway = await startGateway(t, { yaml, tls: false })
  const description = await roundTrip(gateway, 'GET', '/auth/openapi.json', from({}), undefined)
  const page = await roundTrip(gateway, 'GET', '/auth/login', from(PAGE), undefined)
  const assets = [...page.text.matchAll(/"(\/auth\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '')
  const operations = description.json.paths as Record<string, { get?: { tags: readonly string[] } }>
  const described = Object.entries(operations)
    // What lets a request pass is read by another proxy, and by no browser.
    .filter(([path, { get }]) => path !== '/auth/logout' && !get?.tags.includes('forward-auth'))
    .map(([path]) => path.replace(/\{\w+\}/g, 'nothing'))
  t.ok(described.length > 40 && assets.length > 0, `${described.length} addresses, ${assets.length} files`)
  const paths = [...described, ...assets, '/auth', '/auth/', '/auth/nothing', '/auth/login/', '/auth/logout']
  for (const [who, headers, expected] of [
    ['somebody navigating', PAGE, [200, 302, 303, 404]],
    ['a program', PROGRAM, [200, 400, 401, 404]],
    ['the page of another site', { ...PAGE, Origin: 'https://evil.example' }, [200, 403]],
  ] as const) {
    const { faults, statuses } = await askAll(gateway, paths, headers)
    t.same(faults, [], who)
    t.same(
      expected.filter(status => !statuses.has(status)),
      [],
      `${who} has got ${[...statuses].join(' ')}`,
    )
  }
  if (noAuthenticator !== false) return
  const alice = createPerson(gateway, { headers: { 'X-Forwarded-Proto': 'https' } })
  await alice.login('alice')
  const { faults, statuses } = await askAll(gateway, paths, { ...PAGE, Cookie: alice.cookieHeader() })
  t.same(faults, [], 'somebody logged in')
  t.ok(statuses.has(200) && statuses.has(302), [...statuses].join(' '))
})

t.test('e14, j13: so does every answer in place of an app, and on every kind of failure', async t => {
  let broken: Error | undefined
  const gateway = await startGateway(t, {
    yaml: mixedPolicy('http://127.0.0.1:1', PROXIED).replace(
      'routes:',
      'routes:\n  - path: /never/**\n    access: denied',
    ),
    store: now =>
      new Proxy(createMemoryStore({ now }), {
        get: (store, name, receiver) => {
          const error = broken
          if (error !== undefined && name === 'get') return () => Promise.reject(error)
          return Reflect.get(store, name, receiver) as unknown
        },
      }),
  })
  const cookie = { Cookie: `__Host-gatehouse=${'A'.repeat(43)}` }
  const cases: readonly (readonly [number, string, OutgoingHttpHeaders, Error?])[] = [
    [302, '/x', PAGE],
    [401, '/x', {}],
    [403, '/never/x', {}],
    [403, '/never/x', PAGE],
    [404, '/x', { Host: 'other.example' }],
    [404, '/x', { Host: 'other.example', ...PAGE }],
    [400, '/a/%2e%2e/b', {}],
    [400, '/a/%2e%2e/b', PAGE],
    [502, '/public/x', {}],
    [502, '/public/x', PAGE],
    [503, '/x', cookie, new StoreUnavailable('gone')],
    [503, '/x', { ...cookie, ...PAGE }, new StoreUnavailable('gone')],
    [500, '/x', cookie, new Error('broken')],
    [503, '/auth/account', { ...cookie, ...PAGE }, new StoreUnavailable('gone')],
    [500, '/auth/account', { ...cookie, ...PAGE }, new Error('broken')],
    [500, '/auth/session', cookie, new Error('broken')],
  ]
  for (const [expected, path, headers, error] of cases) {
    broken = error
    const { status, header } = await roundTrip(gateway, 'GET', path, from(headers), undefined)
    t.equal(status, expected, path)
    t.same(faultsOf(path, header, status), [], `${path} ${status}`)
  }
})

t.test('e14: so does the answer to who asks too often', async t => {
  const gateway = await startOffice(t, { more: PROXIED })
  const headers = { ...from(PAGE), 'X-Forwarded-For': '10.8.0.1' }
  let reply = await roundTrip(gateway, 'GET', '/auth/login', headers, undefined)
  for (let count = 1; count < 2_000 && reply.status === 200; count++)
    reply = await roundTrip(gateway, 'GET', '/auth/login', headers, undefined)
  t.equal(reply.status, 429)
  t.same(faultsOf('/auth/login', reply.header, reply.status), [])
})

t.test('e14: so does an answer to what is no request at all', async t => {
  const gateway = await startOffice(t)
  const cases: readonly (readonly [number, string])[] = [
    [400, 'nonsense\r\n\r\n'],
    [400, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX : y\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: ${HOST}\r\n\r\n`],
    [431, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`],
    [405, `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    [
      404,
      `GET /auth/login HTTP/1.1\r\nHost: ${HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    ],
  ]
  for (const [expected, bytes] of cases) {
    const raw = await openRaw(gateway)
    raw.write(bytes)
    const answer = await raw.answer()
    raw.destroy()
    const header = (name: string): readonly string[] =>
      (answer?.headers ?? []).filter(([own]) => own.toLowerCase() === name).map(([, value]) => value)
    t.equal(answer?.status, expected, bytes.slice(0, 30))
    t.same(faultsOf('/', header, answer?.status ?? 0), [], bytes.slice(0, 30))
  }
})

t.test('over plain http there is no HSTS, which nobody would believe there', async t => {
  const gateway = await startGateway(t, {
    yaml: `public_url: http://localhost:8080\nupstream: http://127.0.0.1:1\nusers: { file: users.yaml }\n`,
    tls: false,
  })
  const headers = { Host: 'localhost:8080', ...PAGE }
  const { status, header } = await roundTrip(gateway, 'GET', '/auth/login', headers, undefined)
  t.equal(status, 200)
  t.same(faultsOf('/auth/login', header, status), ['strict-transport-security: '])
})

const OF_CONNECTION = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding', 'content-length'])

/** The headers of an answer as sorted lines, without what belongs to the connection. */
async function linesOf(t: Test, port: number, tls: boolean, path: string, cookie = ''): Promise<string[]> {
  const raw = await openRaw({ port, tls })
  raw.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${cookie}Connection: close\r\n\r\n`)
  const answer = await raw.answer()
  raw.destroy()
  t.equal(answer?.status, 200)
  return (answer?.headers ?? [])
    .filter(([name]) => !OF_CONNECTION.has(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`)
    .sort()
}

t.test('what an app answers gets none of these, and loses none of its own', async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { upstream: upstream.url })
  const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/html\r\n\r\nok'
  const loud = plain.replace(
    '\r\n\r\n',
    `\r\nContent-Security-Policy: default-src *\r\nReferrer-Policy: unsafe-url\r\nX-Frame-Options: SAMEORIGIN\r\nCache-Control: private, max-age=60\r\nPermissions-Policy: camera=*\r\nStrict-Transport-Security: max-age=60\r\nServer: an app\r\nX-Powered-By: itself\r\nAccess-Control-Allow-Origin: *\r\nSet-Cookie: theirs=1\r\n\r\n`,
  )
  for (const bytes of [plain, loud]) {
    upstream.answerWith(rawAnswer(bytes))
    const bare = await linesOf(t, upstream.port, false, '/public/x')
    t.same(await linesOf(t, gateway.port, true, '/public/x'), bare, 'on a public route')
    if (noAuthenticator !== false) continue
    const alice = createPerson(gateway)
    await alice.login('alice')
    const own = await linesOf(t, gateway.port, true, '/x', `Cookie: ${alice.cookieHeader()}\r\n`)
    const kept = bytes === plain ? ['Cache-Control: private', ...bare].sort() : bare
    t.same(own, kept, 'to somebody: not for caches that several people share, and nothing else')
  }
})
