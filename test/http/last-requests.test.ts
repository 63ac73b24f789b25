import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { stopListening } from '../../src/http/last-requests.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { headerOf, openRaw, type Door } from '../harness/raw-client.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: gate.example\r\n\r\n'
const HOUR = 3_600_000
const AT_THE_GATEWAY = `GET /auth/health/live HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`

async function startServer(t: Test): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_incoming, response) => response.end('served')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

async function answerOf(client: ReturnType<typeof connect>): Promise<string> {
  const [bytes] = (await once(client, 'data')) as [Buffer]
  return bytes.toString()
}

/** Opens connections until the door takes none. */
async function askAnew(door: Door): Promise<never> {
  for (;;) {
    const fresh = await openRaw(door)
    fresh.destroy()
    await sleep(5)
  }
}

t.test('a connection that the server was not yet handed is taken in', async t => {
  const { server, port } = await startServer(t)
  const client = connect(port, '127.0.0.1')
  client.write(REQUEST)
  // Now it is with the system, and this process has not looked since.
  await new Promise<void>(resolve => process.nextTick(resolve))
  const stopped = stopListening(server, HOUR)
  t.match(await answerOf(client), /^HTTP\/1\.1 200 /)
  client.destroy()
  await stopped
})

t.test('a kept connection is answered after listening has ended', async t => {
  const { server, port } = await startServer(t)
  const client = connect(port, '127.0.0.1')
  client.write(REQUEST)
  await answerOf(client)
  const stopped = stopListening(server, HOUR)
  while (server.listening) await sleep(5)
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
  client.write(REQUEST)
  t.match(await answerOf(client), /^HTTP\/1\.1 200 /)
  client.destroy()
  await stopped
})

t.test(
  'it ends in its time however many connections are open, and at once where nothing listens',
  async t => {
    const { server, port } = await startServer(t)
    const client = connect(port, '127.0.0.1')
    t.teardown(() => client.destroy())
    client.write(REQUEST)
    await answerOf(client)
    await stopListening(server, 1)
    t.notOk(server.listening)
    await stopListening(server, HOUR)
    await stopListening(createServer(), HOUR)
  },
)

t.test('a gateway that ends answers a kept connection once more, and tells that it ends', async t => {
  const gateway = await startGateway(t, { tls: false, lastRequests: HOUR })
  const kept = await openRaw(gateway)
  kept.write(AT_THE_GATEWAY)
  t.equal((await kept.answer())?.status, 200)
  const closed = gateway.close()
  await t.rejects(askAnew(gateway), { code: 'ECONNREFUSED' })
  kept.write(AT_THE_GATEWAY)
  const last = await kept.answer()
  t.equal(last?.status, 200)
  t.same(headerOf(last, 'connection'), ['close'])
  kept.destroy()
  await closed
})
