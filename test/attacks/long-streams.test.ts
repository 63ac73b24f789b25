import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { get } from '../harness/siege.js'

/** Pieces of an answer, one every 100 ms: in all thrice as long as the longest wait that the gateway is set to. */
const PIECES = 30

/** An app that answers a piece at a time. `/endless` has no last one. */
const open = new Set<Socket>()
const app = createServer(socket => {
  open.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  socket.on('data', bytes => {
    const head = bytes.toString('latin1')
    if (head.includes('/short')) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      return
    }
    const type = head.includes('/events') ? 'Content-Type: text/event-stream\r\n' : ''
    socket.write(`HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n`)
    let sent = 0
    const timer = setInterval(() => {
      socket.write('5\r\npiece\r\n')
      if (++sent < PIECES || head.includes('/endless')) return
      clearInterval(timer)
      socket.write('0\r\n\r\n')
    }, 100)
    socket.on('close', () => clearInterval(timer))
  })
})
await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
t.teardown(() => {
  for (const socket of open) socket.destroy()
  app.close()
})

const { port } = app.address() as AddressInfo
const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
users: { file: users.yaml }
limits: { stalled_after: 1s }
apps:
  - name: app
    host: ${HOST}
    upstream: { url: 'http://127.0.0.1:${port}', timeouts: { connect: 1s, headers: 1s, body: 1s } }
    routes: [{ path: /public/**, access: public }]
`,
})

for (const path of ['/public/download', '/public/events'])
  t.test(`l11: an answer that takes longer than any wait goes on and ends well: ${path}`, async t => {
    const connection = await openRaw(gateway, 20_000)
    const begun = performance.now()
    connection.write(get(path))
    const answer = await connection.answer()
    t.same([answer?.status, answer?.complete], [200, true])
    t.equal(answer?.body.toString(), 'piece'.repeat(PIECES))
    t.ok(performance.now() - begun > 2_000, 'it did take longer')
    connection.write(get('/public/short'))
    t.equal((await connection.answer())?.body.toString(), 'ok', 'and its connection goes on as well')
    connection.destroy()
  })

t.test('l11: when its client goes away the app is told, and the gateway lives', async t => {
  const before = open.size
  const connections = await Promise.all(Array.from({ length: 20 }, () => openRaw(gateway)))
  for (const connection of connections) connection.write(get('/public/endless'))
  for (const connection of connections) t.ok(await connection.restHas(300), 'it is under way')
  t.ok(open.size >= connections.length)
  for (const connection of connections) connection.destroy()
  const end = performance.now() + 5_000
  while (open.size > before && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 20))
  t.ok(open.size <= before, 'no connection to the app is left behind')
  const next = await openRaw(gateway)
  next.write(get('/public/short'))
  t.equal((await next.answer())?.status, 200)
  next.destroy()
})
