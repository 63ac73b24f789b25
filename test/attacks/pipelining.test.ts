import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { expectAlive, get } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  // In the clear, as behind another proxy: there an answer is out as soon as it is written.
  tls: false,
  yaml: `public_url: https://${HOST}
trusted_proxies: [127.0.0.1/32]
upstream: ${upstream.url}
users: { file: users.yaml }
routes:
  - { path: /public/**, access: public }
`,
})

const SECURE = 'X-Forwarded-Proto: https'
const HANDSHAKE = [
  SECURE,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

for (const [what, first, status] of [
  ['a redirection to the login', get('/inside', [SECURE, 'Accept: text/html']), 302],
  ['a refusal', get('/inside', [SECURE]), 401],
  ['a page of the gateway', get('/auth/health/live'), 200],
  ["an app's answer", get('/public/first'), 200],
] as const) {
  await t.test(`c7, c9: a handshake in one piece behind what gets ${what} ends no process`, async t => {
    for (const [target, outcome] of [
      ['/public/socket', 101],
      ['/inside/socket', 401],
    ] as const) {
      upstream.answerWith(webSocketEcho)
      const connection = await openRaw(gateway)
      connection.write(first + get(target, HANDSHAKE))
      t.equal((await connection.answer())?.status, status)
      t.equal((await connection.answer())?.status, outcome, `${target} has its own answer`)
      if (outcome === 101) {
        connection.write('ping')
        t.ok(await connection.restHas(4), 'and the tunnel works')
      }
      connection.destroy()
      await expectAlive(t, { gateway, upstream })
    }
  })
}

for (const [what, first, status] of [
  ['a page of the gateway', get('/auth/health/live'), 200],
  ['the account page', get('/auth/account', [SECURE, 'Accept: text/html']), 302],
  ["an app's answer", get('/public/first'), 200],
] as const) {
  await t.test(`c14: ${what} is still sent when the request behind it is refused`, async t => {
    upstream.answerWith(webSocketEcho)
    const connection = await openRaw(gateway)
    connection.write(first + get('/public%2f..%2finside') + get('/public/after'))
    t.equal((await connection.answer())?.status, status)
    t.equal((await connection.answer())?.status, 400)
    t.ok(await connection.closed(), 'and the connection ends')
    t.equal(connection.rest().length, 0, 'with nothing behind it')
    connection.destroy()
    const reached = await expectAlive(t, { gateway, upstream })
    t.notOk(
      reached.some(({ target }) => target === '/public/after'),
      'what comes behind the refusal goes nowhere',
    )
  })
}

for (const behind of ['GET', 'PRI', 'ANNOUNCE']) {
  await t.test(`c14, b20: ${behind} behind a refused request gets no answer of its own`, async t => {
    const connection = await openRaw(gateway)
    const last = get('/public/after', [SECURE]).replace('GET', behind)
    connection.write(get('/public%2f..%2finside', [SECURE]) + last)
    t.equal((await connection.answer())?.status, 400)
    t.ok(await connection.closed())
    t.equal(connection.rest().length, 0)
    connection.destroy()
  })
}

await t.test('a14, c7: a 100 is never written into an answer', async t => {
  const expecting = get('/inside', [SECURE, 'Expect: 100-continue'])
  for (const pieces of [[get('/inside', [SECURE]) + expecting], [get('/auth/health/live'), expecting]]) {
    const connection = await openRaw(gateway)
    for (const piece of pieces) connection.write(piece)
    await connection.answer()
    const answer = await connection.answer()
    t.equal(answer?.status, 401)
    t.match(answer?.body.toString(), /^\{.*\}$/s, 'its body is whole')
    t.notMatch(answer?.body.toString(), 'HTTP/1.1')
    t.equal(connection.rest().length, 0)
    connection.destroy()
  }
  const alone = await openRaw(gateway)
  alone.write(expecting)
  t.same(
    (await alone.answer())?.interim.map(({ status }) => status),
    [100],
    'and alone it comes first',
  )
  alone.destroy()
})
