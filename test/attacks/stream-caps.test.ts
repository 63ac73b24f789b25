import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { headerOf, openRaw, type RawConnection } from '../harness/raw-client.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const upstream = await startRecordingUpstream(t)
upstream.answerWith((request, socket, tunnel) => {
  if (request.target.endsWith('/events'))
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
  else webSocketEcho(request, socket, tunnel)
})
const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
upstream: ${upstream.url}
users: { file: users.yaml }
trusted_proxies: [127.0.0.1]
limits: { streams_per_user: 2, streams_per_address: 3 }
routes:
  - { path: /public/**, access: public }
  - { path: /admin/**, access: required }
`,
})

/** The lines of a client that a trusted proxy tells of. */
const from = (address: string): readonly string[] => [
  `X-Forwarded-For: ${address}`,
  'X-Forwarded-Proto: https',
]

/** Opens a WebSocket, or asks for an event stream, and gives the connection with its answer's head. */
async function open(path: string, lines: readonly string[]) {
  const connection = await openRaw(gateway, path.endsWith('/events') ? 700 : 5_000)
  t.teardown(() => connection.destroy())
  connection.write(get(path, [...(path.endsWith('/events') ? [] : HANDSHAKE), ...lines]))
  return { connection, answer: await connection.answer() }
}

/** Waits until the gateway has seen the end of connections: one more is let in by then. */
async function letsIn(path: string, lines: readonly string[]): Promise<RawConnection | undefined> {
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    const { connection, answer } = await open(path, lines)
    if (answer?.status === 101) return connection
  }
  return undefined
}

await t.test(
  'l7: an address has a cap on open WebSockets, its /64 counts as one, others are free',
  async t => {
    const address = from('2001:db8:1:2::1')
    const first = await open('/public/socket', address)
    const sockets = [first, await open('/public/socket', from('2001:db8:1:2::99'))]
    sockets.push(await open('/public/socket', address))
    for (const { answer } of sockets) t.equal(answer?.status, 101)
    const before = upstream.requests.length
    const { answer } = await open('/public/socket', from('2001:db8:1:2:ffff::7'))
    t.equal(answer?.status, 429)
    t.match(JSON.parse(answer?.body.toString() ?? '{}'), { status: 429, reason: 'too_many_streams' })
    t.same(headerOf(answer, 'retry-after'), ['10'])
    t.equal(upstream.requests.length, before, 'the app does not hear of it')
    const told = gateway.logLines.filter(line => line.includes('"too_many_streams"'))
    t.match(JSON.parse(told[0] ?? '{}'), { audit: 'request.refused', address: '2001:db8:1:2:ffff::7' })
    t.equal(
      (await open('/public/socket', from('198.51.100.1'))).answer?.status,
      101,
      'another address is free',
    )
    t.equal((await open('/public/events', address)).answer?.status, 429, 'event streams count with them')
    t.ok(await isOpen(first.connection), 'those that are open stay open')
    first.connection.destroy()
    t.ok(await letsIn('/public/socket', address), 'one that ended makes room')
  },
)

await t.test('an event stream over the cap is answered 429', async t => {
  const address = from('203.0.113.9')
  for (const number of [1, 2, 3])
    t.equal((await open('/public/events', address)).answer?.status, 200, `stream ${number}`)
  const { answer } = await open('/public/events', address)
  t.equal(answer?.status, 429)
  t.match(JSON.parse(answer?.body.toString() ?? '{}'), { reason: 'too_many_streams' })
  t.notOk(answer?.body.includes('data: 1'), 'nothing of the stream comes through')
  const page = await openRaw(gateway)
  page.write(get('/public/page', address))
  t.equal((await page.answer())?.status, 200, 'pages do not count')
  page.destroy()
})

await t.test('l7: a user has a cap wherever the streams come from', { skip: noAuthenticator }, async t => {
  const proxied = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' }
  const alice = createPerson(gateway, { headers: proxied })
  await alice.login('alice')
  const asAlice = (address: string): readonly string[] => [
    ...from(address),
    `Cookie: ${alice.cookieHeader()}`,
    `Origin: https://${HOST}`,
  ]
  for (const address of ['192.0.2.1', '192.0.2.2'])
    t.equal((await open('/admin/socket', asAlice(address))).answer?.status, 101)
  t.equal((await open('/admin/socket', asAlice('192.0.2.3'))).answer?.status, 429)
  t.equal((await open('/public/socket', from('192.0.2.3'))).answer?.status, 101, 'others are free')
})

async function isOpen(connection: RawConnection): Promise<boolean> {
  connection.write('still here')
  return connection.restHas(10)
}
