import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { openRaw } from '../harness/raw-client.js'
import { echo, startRecordingUpstream } from '../harness/recording-upstream.js'

t.test('strangers with 128 open event streams do not keep an app from everybody else', async t => {
  const upstream = await startRecordingUpstream(t)
  upstream.answerWith((request, socket, tunnel) => {
    if (request.target === '/public/events')
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    else echo(request, socket, tunnel)
  })
  const gateway = await startGateway(t, { upstream: upstream.url })
  const streams = await Promise.all(Array.from({ length: 128 }, async () => openRaw(gateway)))
  t.teardown(() => {
    for (const stream of streams) stream.destroy()
  })
  for (const stream of streams) stream.write(`GET /public/events HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  await Promise.all(streams.map(async stream => stream.restHas(10)))
  const one = await openRaw(gateway, 3_000)
  one.write(`GET /public/page HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  t.equal((await one.answer())?.status, 200)
  one.destroy()
})
