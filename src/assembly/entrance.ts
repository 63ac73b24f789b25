import type { FastifyReply, FastifyRequest } from 'fastify'
import { registerEntrance } from '../gate/entrance.js'
import type { Exchange, Gate } from '../gate/gate.js'
import { proxy } from '../gate/proxy-mode.js'
import { isWebSocketUpgrade, replayWithoutUpgrade, tunnel } from '../gate/websocket-tunnel.js'
import { endWith, REQUEST_METHODS } from '../http/server.js'
import { assembleForwardAuth } from './forward-auth.js'
import type { GatewayParts } from './gateway-parts.js'

/** Leads every request that is not for the gateway itself through the gate. */
export async function assembleEntrance(parts: GatewayParts, gate: Gate): Promise<void> {
  const { live, log, server, audit, watch } = parts
  const originsOf = (name: string): readonly string[] =>
    live.current().apps.find(({ policy }) => policy.name === name)?.websocketOrigins ?? []
  const answerQuestion = assembleForwardAuth(parts, gate, originsOf)
  /** What comes behind the last request of its connection gets nothing; what cannot be read is refused. */
  function turnsAway({ id, raw }: Pick<FastifyRequest, 'id' | 'raw'>, reply: FastifyReply): boolean {
    const arrival = server.arrivalOf(raw)
    const isAfterEnd = server.isAfterEnd(raw)
    if (!isAfterEnd && arrival.reading.ok) return false
    reply.hijack()
    if (!isAfterEnd && !arrival.reading.ok) {
      server.endAfter(raw)
      const notes = watch?.begin({ arrival, raw, id }, reply.raw)
      gate.refuse({ arrival, raw, response: reply.raw, notes }, arrival.reading.refusal)
    }
    return true
  }

  function begin({ id, raw }: FastifyRequest, { raw: response }: FastifyReply): Exchange {
    const arrival = server.arrivalOf(raw)
    return { arrival, raw, response, notes: watch?.begin({ arrival, raw, id }, response) }
  }

  await registerEntrance(server.fastify, {
    methods: REQUEST_METHODS,
    handle: (request, reply) => {
      proxy(gate, begin(request, reply))
    },
    answer: (request, reply) => {
      answerQuestion(begin(request, reply))
    },
  })
  server.fastify.addHook('onRequest', (request, reply, next) => {
    if (turnsAway(request, reply)) return
    const { id, raw } = request
    if (!server.isForApp(raw))
      watch?.followOwn({ arrival: server.arrivalOf(raw), raw, id }, reply.raw, request.routeOptions.url)
    next()
  })
  server.onUpgrade((raw, socket, head) => {
    const arrival = server.arrivalOf(raw)
    if (!isWebSocketUpgrade(raw) || server.asksForDecision(raw))
      replayWithoutUpgrade(server.fastify.server, raw, socket, head)
    else if (!server.isForApp(raw)) endWith(socket, '404 Not Found', live.current().answerHeaders)
    else {
      const notes = watch?.beginUpgrade({ arrival, raw, id: undefined }, socket)
      tunnel(gate, { arrival, raw, socket, head, originsOf, notes }).catch((error: unknown) => {
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'a handshake failed')
        socket.destroy()
      })
    }
  })
  server.fastify.setErrorHandler((error: Error, request, reply) => {
    // A method that the router does not know runs no hook.
    if (turnsAway(request, reply)) return undefined
    log.error({ error: error.message }, 'a request failed')
    audit({ event: 'request.refused', reason: 'internal' })
    return reply.code(500).headers(live.current().answerHeaders).send()
  })
}
