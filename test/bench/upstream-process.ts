// The app behind every subject: 1 KB for any path, and the request itself as text at /seen. Over plain sockets,
// because it shares its core with the load, and should use as little of it as it can. Understands GET only.
import { type AddressInfo, createServer } from 'node:net'

const usual = answer(Buffer.alloc(1024, 'x'))

const server = createServer(socket => {
  let received = ''
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received = received === '' ? chunk : received + chunk
    if (!received.endsWith('\r\n\r\n')) return
    socket.write(received.startsWith('GET /seen ') ? answer(Buffer.from(received)) : usual)
    received = ''
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())

function answer(body: Buffer): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain',
    `Date: ${new Date().toUTCString()}`,
    'Connection: keep-alive',
    `Content-Length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}
