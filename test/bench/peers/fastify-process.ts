// What forward-auth is measured against: an empty 200 of the framework, without logger.
import fastify from 'fastify'

const app = fastify()
app.get('/auth/verify', (_request, reply) => reply.code(200).header('content-length', '0').send())
process.send?.(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port))
process.once('disconnect', () => process.exit())
