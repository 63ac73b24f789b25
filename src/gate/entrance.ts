import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { QUESTION_ENTRANCE } from '../http/server.js'

export interface EntranceOptions {
  readonly methods: readonly string[]
  /** Takes over a request for an app, from its first to its last byte. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => void
  /** The same of one with which another proxy asks for a decision. */
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => void
}

/**
 * Puts the gate onto the server as the `preHandler` of @fastify/http-proxy. The plug-in keeps routing, hooks and the
 * order of shutdown; the forwarding is ours, because its own copies header fields, retries and repairs paths. The upstream
 * named here is never contacted. Questions of other proxies are not forwarded, and have a route of their own.
 */
export async function registerEntrance(
  server: FastifyInstance,
  { methods, handle, answer }: EntranceOptions,
): Promise<void> {
  await server.register(async scope => {
    // Bodies are not the gateway's to parse: they stay in the request's stream until the upstream takes them.
    scope.removeAllContentTypeParsers()
    // Nor is their type the framework's to judge: it would refuse what it cannot read. The fields go upstream as they came.
    scope.addHook('onRequest', (request, _reply, done) => {
      if (request.method !== 'GET') request.raw.headers['content-type'] = 'application/octet-stream'
      done()
    })
    await scope.register(async questions => {
      questions.addContentTypeParser('*', (_request, body, done) => done(null, body))
      questions.route({
        method: [...methods],
        url: QUESTION_ENTRANCE,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          reply.hijack()
          answer(request, reply)
        },
      })
    })
    await scope.register(httpProxy, {
      upstream: 'http://upstream.invalid',
      httpMethods: [...methods],
      // Ahead of its own handler, which would parse the address that it forwards to three times for each request.
      preHandler: (request, reply) => {
        reply.hijack()
        handle(request, reply)
      },
    })
  })
}
