import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Answer } from '../http/answer.js'
import type { Client } from '../login/login-step.js'
import type { Visits } from './visit.js'

/**
 * Whether the lines of the audit log that were told so far are written; tried now.
 * @param done whose request has done its work: the sessions that it began end when they are not
 */
export type TakesAuditLines = (done?: Client) => Promise<boolean>

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Lets nothing be changed that the audit log could not tell: before the work and, as that may be what fills the disk,
 * before its answer leaves. Without it there is no cookie and no token, and the sessions that were begun end. Logging
 * out is never refused.
 */
export function guardChanges(portal: FastifyInstance, visits: Visits, takesLines: TakesAuditLines): void {
  const refusal = (request: FastifyRequest): Answer => {
    const problem = { status: 503, reason: 'audit_unavailable', detail: DETAIL } as const
    return visits.problemFor(visits.of(request), { kind: 'unavailable' }, problem, { 'retry-after': '5' })
  }
  const changes = ({ method, routeOptions }: FastifyRequest): boolean =>
    UNSAFE.has(method) && routeOptions.url?.endsWith('/logout') !== true

  portal.addHook('preHandler', async (request, reply) => {
    if (!changes(request) || (await takesLines())) return undefined
    return visits.send(reply, refusal(request))
  })
  portal.addHook('onSend', async (request, reply, payload) => {
    if (!changes(request) || reply.statusCode === 503) return payload
    if (await takesLines(visits.of(request).client)) return payload
    const { status, headers, body } = refusal(request)
    for (const name of ['set-cookie', 'location', 'content-length']) reply.removeHeader(name)
    reply.code(status).headers({ ...visits.parts.answerHeaders(), ...headers })
    return body
  })
}

const DETAIL = 'The gateway cannot write its audit log now, and changes nothing without it.'
