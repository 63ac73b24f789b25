import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { jsonLine, membersOf } from '../../src/audit/audit-line.js'
import { createSyslog } from '../../src/audit/syslog.js'
import { NOON } from './chain-bench.js'

const MESSAGE = '<110>1 2027-01-15T12:00:00.000Z gw.example gatehouse - session.started - {"a":1}'
const options = { hostname: 'gw.example', onFault: () => undefined }

t.test('over UDP each line is one datagram (RFC 5424)', async t => {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address()
  const syslog = createSyslog({
    ...options,
    target: { protocol: 'udp', host: '127.0.0.1', port, ca: undefined },
  })
  const received = once(server, 'message')
  syslog.send('{"a":1}', NOON, 'session.started')
  t.equal(String((await received)[0]), MESSAGE)
  await syslog.close()
  t.equal(syslog.dropped(), 0)
})

t.test('over TCP octets are counted (RFC 6587)', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let text = ''
  const ended = new Promise<void>(resolve =>
    server.once('connection', socket => {
      socket.on('data', (piece: Buffer) => (text += piece.toString()))
      socket.once('close', () => resolve())
    }),
  )
  const syslog = createSyslog({
    ...options,
    target: { protocol: 'tcp', host: '127.0.0.1', port, ca: undefined },
  })
  syslog.send('{"a":1}', NOON, 'session.started')
  syslog.send('{"a":1}', NOON, 'session.started')
  await syslog.close()
  await ended
  t.equal(text, `${MESSAGE.length} ${MESSAGE}`.repeat(2))
})

t.test('what a client sends steers no terminal and begins no line, and is cut', async t => {
  const subject = 'a\n{"audit":"session.started"}\u2028\u0085\u001b[2J\u202e'
  const browser = 'x'.repeat(5_000)
  const line = jsonLine(membersOf({ event: 'login.password_refused', subject, browser }, NOON))
  t.match(line, /^[ -~…]+$/)
  const read = JSON.parse(line) as { subject: string; browser: string }
  t.equal(read.subject, subject)
  t.equal(read.browser.length, 201)
})
