import { connect } from 'node:net'
import t from 'tap'
import { startGateway } from '../harness/gateway.js'
import { hang, startRecordingUpstream } from '../harness/recording-upstream.js'

const HANDSHAKE =
  'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

const REQUESTS = {
  'a CONNECT': 'CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a handshake to the gateway itself': `GET /auth/login HTTP/1.1\r\n${HANDSHAKE}`,
  'a handshake that is refused': `GET /admin/x HTTP/1.1\r\n${HANDSHAKE}`,
}

for (const [name, bytes] of Object.entries(REQUESTS)) {
  await t.test(`the end of the gateway does not wait for a client that keeps ${name} open`, async t => {
    const upstream = await startRecordingUpstream(t)
    upstream.answerWith(hang)
    const yaml = `public_url: http://localhost
upstream: ${upstream.url}
shutdown_timeout: 1s
users: { file: users.yaml }
`
    const gateway = await startGateway(t, { yaml, tls: false })
    const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.write(bytes)
    await new Promise(resolve => socket.once('data', resolve))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<string>(resolve => {
      timer = setTimeout(() => {
        resolve('still open')
      }, 4_000)
    })
    const end = await Promise.race([gateway.close().then(() => 'closed'), patience])
    clearTimeout(timer)
    socket.destroy()
    t.equal(end, 'closed')
  })
}
