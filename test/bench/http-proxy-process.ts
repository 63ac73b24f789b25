// What the others are measured against: the plug-in as it comes, without logger and without authentication.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const upstream = process.argv[2] ?? ''
const app = fastify()
await app.register(httpProxy, { upstream })
process.send?.(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port))
process.once('disconnect', () => process.exit())
