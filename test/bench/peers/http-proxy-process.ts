// What the others are measured against: the plug-in as it comes, without logger and without authentication. It passes
// WebSockets on where a second argument says so.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [upstream = '', websocket] = process.argv.slice(2)
const app = fastify()
await app.register(httpProxy, { upstream, websocket: websocket === 'websocket' })
process.send?.(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port))
process.once('disconnect', () => process.exit())
