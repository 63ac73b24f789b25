import { redirectAnswer } from '../http/answer.js'
import type { PageAddress } from '../portal/page-address.js'
import { registerPortal } from '../portal/portal.js'
import { createVisits, type Visits } from '../portal/visit.js'
import { createTakesAuditLines } from './audited-logins.js'
import type { GatewayParts } from './gateway-parts.js'
import { cookieScope } from './http-rules.js'
import { assembleOperations } from './portal-operations.js'
import { assemblePages } from './portal-pages.js'

/** Most that the body of a form or of JSON may take in all, in milliseconds. */
const BODY_TIME = 20_000

/** Puts the gateway's own addresses together. */
export async function assemblePortal(parts: GatewayParts): Promise<void> {
  const { config, live, now, log, services, server } = parts
  const { publicUrl, authPath } = config
  const visits = createVisits({
    authPath,
    publicOrigin: publicUrl.origin,
    publicHost: publicUrl.host,
    cookieScope: cookieScope(config),
    answerHeaders: () => live.current().answerHeaders,
    arrivalOf: request => server.arrivalOf(request.raw),
    readCredential: parts.readCredential,
    authenticate: services.authenticate,
    checkReturnTo: wanted => live.current().checkReturnTo(wanted),
    now,
  })
  const pages = [startPage(visits), ...assemblePages(parts, visits)]
  await registerPortal(server.fastify, {
    visits,
    pages,
    operations: assembleOperations(parts, visits, pages),
    secure: publicUrl.secure,
    bodyTime: Math.min(BODY_TIME, config.limits.stalledAfter),
    takesAuditLines: createTakesAuditLines(parts),
    onError: error => log.error({ error: error.message, stack: error.stack }, 'a page failed'),
  })
}

function startPage(visits: Visits): PageAddress {
  const { authPath } = visits.parts
  return {
    method: 'GET',
    path: '',
    summary: 'Leads to the account page',
    handle: async (request, reply) =>
      visits.send(reply, redirectAnswer(request.method, `${authPath}/account`)),
  }
}
