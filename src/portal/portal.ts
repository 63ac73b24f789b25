import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import rateLimit from '@fastify/rate-limit'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { redirectAnswer } from '../http/answer.js'
import { isOwnOrigin } from '../http/csrf.js'
import { addressPrefix } from '../login/address-prefix.js'
import { StoreUnavailable } from '../store/store.js'
import type { Account } from './account.js'
import type { Handler, LoginApi } from './login-api.js'
import type { LoginForms } from './login-forms.js'
import type { Service } from './service.js'
import type { Visits } from './visit.js'

export interface PortalOptions {
  readonly visits: Visits
  readonly loginForms: LoginForms
  readonly loginApi: LoginApi
  readonly account: Account
  readonly service: Service
  /** Whether people reach the gateway by https: then nothing is done over plain http. */
  readonly secure: boolean
  readonly onError: (error: Error) => void
}

/** Most bytes of a form or JSON body: a password of 1 KiB, an address of 4 KiB, all percent-encoded. */
const BODY_LIMIT = 32 * 1024
/** Requests per client address and minute, over all addresses of the portal. Guesses are counted apart, in `login/`. */
const REQUESTS_A_MINUTE = 300

/** Puts the gateway's own addresses onto the server. */
export async function registerPortal(server: FastifyInstance, options: PortalOptions): Promise<void> {
  const { visits, loginForms, loginApi, account, service } = options
  const { authPath } = visits.parts
  await server.register(async portal => {
    await portal.register(cookie)
    await portal.register(formbody, { bodyLimit: BODY_LIMIT })
    portal.removeContentTypeParser('text/plain')
    await portal.register(rateLimit, {
      max: REQUESTS_A_MINUTE,
      timeWindow: 60_000,
      keyGenerator: request => addressPrefix(visits.parts.arrivalOf(request).client.address),
      errorResponseBuilder: (_request, { ttl }) => new TooManyRequests(Math.ceil(ttl / 1000)),
    })
    portal.addHook('onRequest', async (request, reply) => guardDoor(options, request, reply))
    portal.setErrorHandler((error: Error, request, reply) => tellError(options, error, request, reply))

    const unlimited = { config: { rateLimit: false } } as const
    portal.get(`${authPath}/health/live`, unlimited, service.live)
    portal.get(`${authPath}/health/ready`, unlimited, service.ready)
    portal.get(`${authPath}/jwks.json`, unlimited, service.jwks)
    portal.get(`${authPath}/assets/:name`, unlimited, service.asset)

    const small = { bodyLimit: BODY_LIMIT }
    portal.get(`${authPath}/login`, loginForms.loginPage)
    portal.post(`${authPath}/login`, small, byBody(loginApi.password, loginForms.password))
    portal.get(`${authPath}/mfa`, loginForms.mfaPage)
    portal.post(`${authPath}/mfa`, small, loginForms.mfa)
    portal.get(`${authPath}/enrol`, loginForms.enrolPage)
    portal.post(`${authPath}/enrol`, small, loginForms.enrol)
    portal.post(`${authPath}/mfa/verify`, small, loginApi.verify)
    portal.post(`${authPath}/mfa/enrol/totp`, small, loginApi.enrol)
    portal.get(`${authPath}/session`, loginApi.whoAmI)
    portal.get(`${authPath}/account`, account.page)
    portal.post(`${authPath}/account/sessions/end`, small, account.endSession)
    portal.post(`${authPath}/account/sessions/end-others`, small, account.endOthers)
    portal.post(`${authPath}/account/backup-codes`, small, account.backupCodes)
    portal.get(`${authPath}/logout`, account.logoutPage)
    portal.post(`${authPath}/logout`, small, account.logout)
    portal.all(authPath, async (request, reply) =>
      visits.send(reply, redirectAnswer(request.method, `${authPath}/account`)),
    )
    portal.all(`${authPath}/*`, async (request, reply) =>
      visits.problem(
        reply,
        visits.of(request),
        { kind: 'not_found' },
        { status: 404, reason: 'not_found', detail: 'The gateway has nothing at this address.' },
      ),
    )
  })
}

/** A JSON body is a program's, anything else is a form's. */
function byBody(json: Handler, form: Handler): Handler {
  return (request, reply) =>
    mediaTypeOf(request) === 'application/json' ? json(request, reply) : form(request, reply)
}

/** What every address of the portal asks first: https where it is due, and no form of another site. */
async function guardDoor(
  { visits, secure }: PortalOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const visit = visits.of(request)
  const { publicOrigin } = visits.parts
  const isForMachines = request.routeOptions.config.rateLimit === false
  if (secure && !visit.arrival.client.secure && !isForMachines) {
    const detail = `This request came over plain http. Use ${publicOrigin}; if a proxy ends https before the gateway, name it in "trusted_proxies".`
    const page = { kind: 'insecure_transport', publicUrl: publicOrigin } as const
    return visits.problem(reply, visit, page, { status: 400, reason: 'insecure_transport', detail })
  }
  const fetchSite = request.headers['sec-fetch-site']
  const origin = {
    method: request.method,
    fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
    origin: request.headers.origin,
    mediaType: mediaTypeOf(request),
  }
  if (isOwnOrigin(origin, publicOrigin)) return undefined
  const detail = `This was sent by the page of another site, or without an Origin. Send it from ${publicOrigin}, or as application/json.`
  return visits.problem(
    reply,
    visit,
    { kind: 'foreign_form' },
    { status: 403, reason: 'foreign_origin', detail },
  )
}

function mediaTypeOf(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
}

class TooManyRequests extends Error {
  constructor(readonly retryAfter: number) {
    super('too many requests')
  }
}

/** An error is nobody: it answers what is known to be the client's, and 500 or 503 otherwise, without telling more. */
function tellError(
  { visits, onError }: PortalOptions,
  error: Error & Partial<FastifyError>,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const visit = visits.of(request)
  if (error instanceof TooManyRequests) {
    const { retryAfter } = error
    const page = { kind: 'too_many_tries', retryAfter: retryAfter * 1000 } as const
    const problem = {
      status: 429,
      reason: 'too_many_tries',
      detail: 'Too many requests. Wait a little.',
    } as const
    return visits.problem(reply, visit, page, problem, { 'retry-after': String(retryAfter) })
  }
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) {
    const reason = status === 415 ? 'unsupported_media_type' : 'invalid_input'
    const detail = 'The body cannot be read. Send a form or application/json, of at most 32 KiB.'
    return visits.problem(
      reply,
      visit,
      { kind: 'bad_request', detail },
      { status, reason, detail },
      { connection: 'close' },
    )
  }
  onError(error)
  if (error instanceof StoreUnavailable) {
    const problem = {
      status: 503,
      reason: 'store_unavailable',
      detail: 'The gateway cannot read its store now.',
    } as const
    return visits.problem(reply, visit, { kind: 'unavailable' }, problem, { 'retry-after': '5' })
  }
  const problem = { status: 500, reason: 'internal', detail: 'The gateway has a fault of its own.' } as const
  return visits.problem(reply, visit, { kind: 'internal' }, problem)
}
