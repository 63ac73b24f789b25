import { randomBytes } from 'node:crypto'
import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { expectAlive, get } from '../harness/siege.js'

t.test('j13: a handshake during which the gateway itself breaks opens nothing and ends alone', async t => {
  const upstream = await startRecordingUpstream(t)
  let broken = false
  const gateway = await startGateway(t, {
    yaml: `public_url: https://${HOST}
upstream: ${upstream.url}
users: { file: users.yaml }
routes: [{ path: /public/**, access: public }]
`,
    random: bytes => {
      if (broken) throw new Error('no random bytes')
      return randomBytes(bytes)
    },
  })
  const connection = await openRaw(gateway)
  broken = true
  // Of an unknown version: the refusal wants an id, and there is none.
  connection.write(
    get('/public/x', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 1337']),
  )
  t.equal(await connection.answer(), undefined)
  t.ok(await connection.closed(), 'its socket is closed')
  connection.destroy()
  t.equal(upstream.requests.length, 0)
  const lines = gateway.logLines.filter(line => line.includes('a handshake failed'))
  t.equal(lines.length, 1)
  t.match(lines[0], 'no random bytes')
  broken = false
  await expectAlive(t, { gateway, upstream })
})
