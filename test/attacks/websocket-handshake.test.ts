import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf, openRaw } from '../harness/raw-client.js'
import {
  hang,
  rawAnswer,
  rawAnswerThenEnd,
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
} from '../harness/recording-upstream.js'
import { expectAlive, expectRefused, get } from '../harness/siege.js'
import type { Siege } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
users: { file: users.yaml }
apps:
  - name: app
    host: ${HOST}
    upstream: { url: ${upstream.url}, timeouts: { headers: 1s } }
    routes:
      - { path: /public/**, access: public }
      - { path: /admin/**, access: required }
`,
})
const siege: Siege = { gateway, upstream }
const alice = createPerson(gateway)
if (noAuthenticator === false) await alice.login('alice')
const asAlice = `Cookie: ${alice.cookieHeader()}`

const ORIGIN = `Origin: https://${HOST}`
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** The lines of a handshake with one of them replaced; undefined leaves it out. */
function handshakeWith(name: string, ...values: readonly string[]): readonly string[] {
  return [
    ...HANDSHAKE.filter(line => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`)),
    ...values.map(value => `${name}: ${value}`),
  ]
}

await t.test(
  'a20: a handshake carries the identity, and only the true one',
  { skip: noAuthenticator },
  async t => {
    for (const forged of [
      'Remote-User: mallory',
      'remote_user: mallory',
      'REMOTE.USER: mallory',
      'X-Forwarded-User: mallory',
      'Remote-Groups: admins',
      'X-Forwarded-For: 1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'Gatehouse-Assertion: mallory',
      'Forwarded: for=1.2.3.4',
    ]) {
      upstream.forget()
      upstream.answerWith(webSocketEcho)
      const connection = await openRaw(gateway)
      connection.write(get('/admin/socket', [...HANDSHAKE, ORIGIN, `${asAlice}; app=1`, forged]))
      t.equal((await connection.answer())?.status, 101)
      connection.write('ping')
      t.ok(await connection.restHas(4))
      t.equal(connection.rest().toString(), 'ping')
      connection.destroy()
      const [request] = upstream.requests
      t.same(valuesOf(request, 'remote-user'), ['alice'])
      t.same(valuesOf(request, 'remote-groups'), ['ops,staff'])
      t.equal(valuesOf(request, 'gatehouse-assertion').length, 1)
      t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
      t.same(valuesOf(request, 'cookie'), ['app=1'])
      const value = forged.slice(forged.indexOf(':') + 2)
      t.same(
        request?.rawHeaders.filter(([, own]) => own.includes(value)),
        [],
        forged,
      )
    }
    await expectAlive(t, siege)
  },
)

await t.test('a20: on a public route a handshake carries nobody', async t => {
  for (const forged of [
    'Remote-User: mallory',
    'remote_user: mallory',
    'Gatehouse-Assertion: x',
    'X-Forwarded-User: x',
  ]) {
    upstream.forget()
    upstream.answerWith(webSocketEcho)
    const connection = await openRaw(gateway)
    connection.write(get('/public/socket', [...HANDSHAKE, ORIGIN, forged]))
    t.equal((await connection.answer())?.status, 101)
    connection.destroy()
    const names = upstream.requests[0]?.rawHeaders.map(([name]) => name.toLowerCase().replaceAll('_', '-'))
    for (const name of ['remote-user', 'gatehouse-assertion', 'x-forwarded-user'])
      t.notOk(names?.includes(name), name)
  }
})

await t.test('a20: Connection cannot name identity headers away', { skip: noAuthenticator }, async t => {
  upstream.forget()
  upstream.answerWith(webSocketEcho)
  const connection = await openRaw(gateway)
  connection.write(
    get('/admin/socket', [...handshakeWith('Connection', 'Upgrade, Remote-User, Cookie'), ORIGIN, asAlice]),
  )
  t.equal((await connection.answer())?.status, 101)
  connection.destroy()
  t.same(valuesOf(upstream.requests[0], 'remote-user'), ['alice'])
})

for (const target of [
  '/admin/socket',
  '/admin',
  '/public/../admin/socket',
  '/public/%2e%2e/admin',
  '/%61dmin',
  '//admin',
  '/public/..%2fadmin',
  '/public/..;/admin',
  '/admin#/public/',
  'http://other.example/public/x',
  `http://${HOST}/admin`,
]) {
  await t.test(`a20: a stranger's handshake to ${target} reaches nothing`, async t => {
    for (const origin of [[ORIGIN], [], ['Sec-Fetch-Mode: websocket', ORIGIN]]) {
      await expectRefused(t, siege, get(target, [...HANDSHAKE, ...origin]))
    }
  })
}

await t.test(
  'a20: a page of another site cannot open a socket with the cookie of a user',
  { skip: noAuthenticator },
  async t => {
    for (const origin of [
      'https://evil.example',
      `http://${HOST}`,
      `https://${HOST}.evil.example`,
      `https://evil${HOST}`,
      `https://${HOST}:8443`,
      `https://${HOST}@evil.example`,
      'null',
      '',
      `https://${HOST}, https://evil.example`,
    ]) {
      await expectRefused(t, siege, get('/admin/socket', [...HANDSHAKE, asAlice, `Origin: ${origin}`]))
    }
    await expectRefused(
      t,
      siege,
      get('/admin/socket', [...HANDSHAKE, asAlice, ORIGIN, 'Origin: https://evil.example']),
    )
  },
)

const NO_HANDSHAKE: Readonly<Record<string, readonly string[]>> = {
  'version 1337': handshakeWith('Sec-WebSocket-Version', '1337'),
  'no version': handshakeWith('Sec-WebSocket-Version'),
  'two versions': handshakeWith('Sec-WebSocket-Version', '13', '8'),
  'no key': handshakeWith('Sec-WebSocket-Key'),
  'a short key': handshakeWith('Sec-WebSocket-Key', 'AAAA'),
  'two keys': handshakeWith('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'AAAAAAAAAAAAAAAAAAAAAA=='),
  'a body': [...HANDSHAKE, 'Content-Length: 5'],
  'a chunked body': [...HANDSHAKE, 'Transfer-Encoding: chunked'],
}
for (const [what, lines] of Object.entries(NO_HANDSHAKE)) {
  await t.test(`c9: a handshake with ${what} makes no tunnel for what follows it`, async t => {
    upstream.forget()
    upstream.answerWith(webSocketEcho)
    const behind = get('/admin/behind')
    const result = await exchange(gateway, get('/public/socket', [...lines, ORIGIN]) + behind)
    const [answer] = result.answers
    t.ok([400, 426].includes(answer?.status ?? 0), `answered ${answer?.statusLine}`)
    t.ok(result.closed)
    t.equal(upstream.received().length, 0, 'not a byte went upstream')
    t.same(await expectAlive(t, siege), [])
  })
}

await t.test('c9: a choice of upgrades is no handshake, and none of them goes upstream', async t => {
  upstream.forget()
  const lines = handshakeWith('Upgrade', 'websocket, h2c')
  const { answers } = await exchange(gateway, get('/public/socket', [...lines, ORIGIN]), { answers: 1 })
  t.not(answers[0]?.status, 101)
  for (const request of await expectAlive(t, siege)) t.same(valuesOf(request, 'upgrade'), [])
})

await t.test('c9: a handshake by POST makes no tunnel', async t => {
  const bytes = get('/public/socket', [...HANDSHAKE, ORIGIN]).replace('GET', 'POST')
  await expectRefused(t, siege, bytes)
})

await t.test('c9: bytes behind a good handshake wait for the 101 and belong to the socket', async t => {
  upstream.forget()
  upstream.answerWith(hang)
  const behind = get('/admin/behind')
  await exchange(gateway, get('/public/socket', [...HANDSHAKE, ORIGIN]) + behind, { answers: 1 })
  t.same(
    (await expectAlive(t, siege)).map(request => request.target),
    ['/public/socket'],
  )
})

for (const [what, answer, expected] of [
  ['200', rawAnswer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-App: yes\r\n\r\nok'), 200],
  ['401', rawAnswer('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nX-App: yes\r\n\r\nno'), 401],
  [
    '426',
    rawAnswer(
      'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nX-App: yes\r\nSec-WebSocket-Version: 8\r\n\r\n',
    ),
    426,
  ],
  ['302', rawAnswer('HTTP/1.1 302 Found\r\nContent-Length: 0\r\nX-App: yes\r\nLocation: /x\r\n\r\n'), 302],
] as const) {
  await t.test(
    `c10: an upstream that answers a handshake with ${what} is heard, and no tunnel is made`,
    async t => {
      upstream.forget()
      upstream.answerWith(answer)
      const connection = await openRaw(gateway)
      t.teardown(() => connection.destroy())
      connection.write(get('/public/socket', [...HANDSHAKE, ORIGIN]))
      const told = await connection.answer()
      t.equal(told?.status, expected)
      t.same(headerOf(told, 'x-app'), ['yes'])
      connection.write(get('/admin/smuggled'))
      t.ok(await connection.closed())
      t.same(
        (await expectAlive(t, siege)).map(request => request.target),
        ['/public/socket'],
      )
    },
  )
}

await t.test('c10: an upstream that never answers a handshake gives 504', async t => {
  upstream.forget()
  upstream.answerWith(hang)
  const { answers } = await exchange(gateway, get('/public/socket', [...HANDSHAKE, ORIGIN]), { answers: 1 })
  t.equal(answers[0]?.status, 504)
  await expectAlive(t, siege)
})

for (const [what, answer] of [
  ['an end', rawAnswerThenEnd('')],
  [
    'a 101 to something else',
    rawAnswer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
  ],
  ['no HTTP', rawAnswer('hello\r\n\r\n')],
] as const) {
  await t.test(`c10: an upstream that answers a handshake with ${what} gives 502`, async t => {
    upstream.forget()
    upstream.answerWith(answer)
    const { answers } = await exchange(gateway, get('/public/socket', [...HANDSHAKE, ORIGIN]), { answers: 1 })
    t.equal(answers[0]?.status, 502)
    await expectAlive(t, siege)
  })
}

await t.test('c10: what a client sends after a refusal keeps no connection of the gateway open', async t => {
  const own = await startGateway(t, { upstream: upstream.url })
  for (const target of ['/admin/socket', '/public/../socket', '/public/socket']) {
    upstream.forget()
    const connection = await openRaw(own)
    connection.write(get(target, [...HANDSHAKE, ORIGIN]))
    t.ok(((await connection.answer())?.status ?? 0) >= 200)
    connection.write('x'.repeat(100_000))
    await connection.closed()
    connection.destroy()
  }
  const late = new Promise(resolve => setTimeout(resolve, 3_000, 'late').unref())
  t.not(await Promise.race([own.close(), late]), 'late', 'it ends at once')
})
