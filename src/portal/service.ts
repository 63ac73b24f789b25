import type { FastifyReply, FastifyRequest } from 'fastify'
import { jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import { assets } from '../pages/assets.js'
import type { Handler } from './login-api.js'
import type { Visits } from './visit.js'

export interface ServiceOptions {
  readonly visits: Visits
  /** The public keys as a JSON Web Key Set (RFC 7517, section 5). */
  readonly jwks: () => object
  /** Resolves when the gateway can do its work; throws what is wrong otherwise. */
  readonly ready: () => Promise<void>
}

export interface Service {
  readonly jwks: Handler
  readonly live: Handler
  readonly ready: Handler
  readonly asset: Handler
}

/** What machines ask of the gateway: keys, health, and the files of its pages. */
export function createService({ visits, jwks, ready }: ServiceOptions): Service {
  const files = new Map(assets.map(asset => [asset.name, asset]))
  const send = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
    visits.send(reply, jsonAnswer(status, body))
  return {
    jwks: async (_request, reply) =>
      visits.send(reply, jsonAnswer(200, jwks(), { 'cache-control': 'public, max-age=300', ...ANYWHERE })),
    live: async (_request, reply) => send(reply, 200, { status: 'live' }),
    async ready(_request, reply) {
      try {
        await ready()
      } catch {
        return send(reply, 503, { status: 'not_ready' })
      }
      return send(reply, 200, { status: 'ready' })
    },
    async asset(request: FastifyRequest, reply) {
      const asset = files.get(visits.field(request.params, 'name') ?? '')
      if (asset === undefined) {
        return visits.send(
          reply,
          problemAnswer({ status: 404, reason: 'not_found', detail: 'There is no such file.' }),
        )
      }
      const headers = { 'content-type': asset.type, 'cache-control': 'public, max-age=31536000, immutable' }
      return visits.send(reply, { status: 200, headers, body: asset.body })
    },
  }
}

/** Public keys may be read by programs of any origin. */
const ANYWHERE = { 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' }
