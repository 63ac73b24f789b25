// What Node can do at most without giving up its HTTP server and undici: no router, no authentication, no logger.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const upstream = new Pool(process.argv[2] ?? '', { connections: 128, pipelining: 1 })
const server = createServer((request, response) => {
  const headers = request.rawHeaders.filter(
    (_, index, all) => all[index - (index % 2)]?.toLowerCase() !== 'connection',
  )
  upstream.dispatch(
    { method: 'GET', path: request.url ?? '/', headers },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, status, fields) => {
        const { connection: _, 'keep-alive': _also, ...passed } = fields
        response.writeHead(status, passed)
      },
      onResponseData: (_controller, chunk) => {
        response.write(chunk)
      },
      onResponseEnd: () => {
        response.end()
      },
      onResponseError: () => {
        response.destroy()
      },
    },
  )
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
