import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { rawAnswer, startRecordingUpstream } from '../harness/recording-upstream.js'
import { expectAlive, get, head } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
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
const warnings: string[] = []
const warn = ({ message }: Error): void => void warnings.push(message)
process.on('warning', warn)
t.teardown(() => process.off('warning', warn))

const CLOSE = get('/public/last', [SECURE, 'Connection: close'])
const LAST = {
  'a request that ends its connection': CLOSE,
  'a request that ends its connection in the words of a proxy': get('/public/last', [
    SECURE,
    'Proxy-Connection: close',
  ]),
  'a request of HTTP/1.0': get('/public/last', [SECURE]).replace('HTTP/1.1', 'HTTP/1.0'),
  'a request with another one before it': get('/public/first', [SECURE]) + CLOSE,
}
const BEHIND = {
  'another request': get('/public/behind', [SECURE]),
  'what is no request': '\x16\x03\x01 nothing of HTTP\r\n\r\n',
  'half a request': 'GET /public/beh',
}

for (const [last, bytes] of Object.entries(LAST))
  for (const [what, behind] of Object.entries(BEHIND))
    await t.test(`c14: ${what} behind ${last} takes no answer away`, async t => {
      upstream.forget()
      const connection = await openRaw(gateway)
      connection.write(bytes + behind)
      const answers = bytes === LAST['a request with another one before it'] ? 2 : 1
      for (let count = 0; count < answers; count += 1) {
        const answer = await connection.answer()
        t.equal(answer?.status, 200)
        t.ok(answer?.complete)
      }
      t.ok(await connection.closed(), 'and the connection ends')
      t.equal(connection.rest().length, 0, 'with nothing behind it')
      connection.destroy()
      const reached = await expectAlive(t, { gateway, upstream })
      t.notOk(reached.some(({ target }) => target === '/public/behind'))
    })

await t.test(
  'c14: what comes bit by bit behind the last request is dropped, and its answer is whole',
  async t => {
    const body = Buffer.alloc(8 * 1_048_576, 'x')
    upstream.answerWith(
      rawAnswer(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]),
      ),
    )
    const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.write(CLOSE)
    // Nothing is read, so that the answer cannot be out before all of this is in.
    for (let count = 0; count < 40; count += 1) {
      socket.write('%')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    let length = 0
    for await (const piece of socket) length += (piece as Buffer).length
    t.ok(length > body.length, `${length} bytes of the answer`)
    t.same(warnings, [], 'Node has nothing to warn of')
    upstream.answerWith(rawAnswer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    await expectAlive(t, { gateway, upstream })
  },
)

const HANDSHAKE = get('/public/after', [
  SECURE,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
])
for (const [what, after] of [
  ['a request', get('/public/after', [SECURE])],
  ['a handshake', HANDSHAKE],
] as const)
  for (const body of ['ab', ''])
    await t.test(
      `c14: ${what} ${body && 'in one piece with a body '}after the last answer is none any more`,
      async t => {
        upstream.forget()
        const connection = await openRaw(gateway)
        connection.write(head('POST', '/inside', [`Host: ${HOST}`, SECURE, 'Content-Length: 2']))
        if (body === '') connection.write('ab')
        const answer = await connection.answer()
        t.equal(answer?.status, 401)
        connection.write(body + after.repeat(3))
        for (let count = 0; count < 5; count += 1) {
          await new Promise(resolve => setTimeout(resolve, 10))
          connection.write(after)
        }
        t.ok(await connection.closed())
        t.equal(connection.rest().length, 0)
        connection.destroy()
        const reached = await expectAlive(t, { gateway, upstream })
        t.notOk(reached.some(({ target }) => target === '/public/after'))
      },
    )

for (const [name, bytes, status] of [
  ['a head that is far too large', `GET /public/x HTTP/1.1\r\nX: ${'x'.repeat(64 * 1024)}`, 431],
  ['what is no request', '\x16\x03\x01 nothing of HTTP\r\n\r\n', 400],
] as const)
  await t.test(`l1: the sender of ${name} gets the answer and no reset, and is not waited for`, async t => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    await once(socket, 'connect')
    // At the end it is reset all the same, with the answer read long before.
    socket.on('error', () => socket.destroy())
    const closed = new Promise(resolve => socket.once('close', resolve))
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    socket.write(bytes)
    await once(socket, 'end')
    t.match(text, new RegExp(`^HTTP/1.1 ${status} `))
    const ended = performance.now()
    let sent = 0
    const more = setInterval(() => {
      sent += 1
      socket.write('x'.repeat(1024))
    }, 20)
    await closed
    clearInterval(more)
    const took = performance.now() - ended
    t.ok(took > 1_000 && sent > 10, `taken for ${took.toFixed(0)} ms more`)
    t.ok(took < 10_000, 'and no longer')
  })

for (const [what, bytes] of Object.entries({
  'a request without Host': 'GET /public/last HTTP/1.1\r\n\r\n',
  'a request that expects miracles': get('/public/last', [SECURE, 'Expect: miracles']),
}))
  await t.test(`c14: a handshake in one piece behind ${what} is left to nobody`, async t => {
    upstream.forget()
    const errors = gateway.logLines.filter(line => /"level":[56]0/.test(line)).length
    const connection = await openRaw(gateway)
    connection.write(get('/public/first', [SECURE]))
    t.equal((await connection.answer())?.status, 200, 'on a connection that has been answered before')
    connection.write(bytes + HANDSHAKE)
    t.match((await connection.answer())?.status, /^(?:400|417)$/)
    t.ok(await connection.closed())
    connection.destroy()
    t.equal(gateway.logLines.filter(line => /"level":[56]0/.test(line)).length, errors, 'nothing broke')
    const reached = await expectAlive(t, { gateway, upstream })
    t.notOk(reached.some(({ target }) => target === '/public/after'))
  })
