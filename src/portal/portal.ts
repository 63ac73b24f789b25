import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import rateLimit from '@fastify/rate-limit'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Answer, type AnswerHeaders, writeAnswer } from '../http/answer.js'
import { hasBody } from '../http/arrival.js'
import { isOwnOrigin } from '../http/csrf.js'
import { endRequest } from '../http/server.js'
import { StoreUnavailable } from '../store/store.js'
import { guardChanges, type TakesAuditLines } from './audited-changes.js'
import type { Operation } from './operation.js'
import type { Handler, PageAddress } from './page-address.js'
import { requestLimits, TooManyRequests } from './request-limits.js'
import type { Visit, Visits } from './visit.js'

export interface PortalOptions {
  readonly visits: Visits
  /** What is for people. */
  readonly pages: readonly PageAddress[]
  /** What is for programs. Together with the pages: every address that there is. */
  readonly operations: readonly Operation[]
  /** Whether people reach the gateway by https: then nothing is done over plain http. */
  readonly secure: boolean
  /** How long a body may take from its head to its last byte, in milliseconds. */
  readonly bodyTime: number
  /** Asked before something is changed, and before its answer is sent. */
  readonly takesAuditLines: TakesAuditLines
  readonly onError: (error: Error) => void
}

/** Most bytes of a form or JSON body: a password of 1 KiB, an address of 4 KiB, all percent-encoded. */
const BODY_LIMIT = 32 * 1024

/** Puts the gateway's own addresses onto the server. */
export async function registerPortal(server: FastifyInstance, options: PortalOptions): Promise<void> {
  const { visits } = options
  const { authPath } = visits.parts
  await server.register(async portal => {
    await portal.register(cookie)
    await portal.register(formbody, { bodyLimit: BODY_LIMIT })
    portal.removeContentTypeParser(['text/plain', 'application/json'])
    const parseJson = portal.getDefaultJsonParser('error', 'error')
    // Clients that name a type for every request name it for an empty body too.
    portal.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) =>
      body === '' ? done(null, undefined) : parseJson(request, body, done),
    )
    await portal.register(rateLimit, requestLimits(visits))
    portal.addHook('onRequest', (request, reply, next) => {
      if (hasBody(visits.parts.arrivalOf(request).headers)) endWhenLate(request, reply, options)
      next()
    })
    portal.addHook('onRequest', async (request, reply) => guardDoor(options, request, reply))
    guardChanges(portal, visits, options.takesAuditLines)
    portal.setErrorHandler((error: Error, request, reply) => tellError(options, error, request, reply))

    for (const { method, path, unlimited, handle } of addresses(options)) {
      const config = unlimited ? { config: { rateLimit: false as const } } : {}
      portal.route({ method, url: `${authPath}${path}`, bodyLimit: BODY_LIMIT, ...config, handler: handle })
    }
    const nothingHere: Handler = async (request, reply) =>
      visits.problem(
        reply,
        visits.of(request),
        { kind: 'not_found' },
        { status: 404, reason: 'not_found', detail: 'The gateway has nothing at this address.' },
      )
    portal.all(`${authPath}/*`, nothingHere)
    const others = portal.supportedMethods.filter(method => method !== 'GET' && method !== 'HEAD')
    portal.route({ method: others, url: authPath, handler: nothingHere })
  })
}

interface Address {
  readonly method: Operation['method']
  readonly path: string
  readonly unlimited: boolean
  readonly handle: Handler
}

/** Every address once. Where a page and an operation share one, the request says whom it is for. */
function addresses({ visits, pages, operations }: PortalOptions): readonly Address[] {
  const keyOf = ({ method, path }: Pick<Address, 'method' | 'path'>): string => `${method} ${path}`
  const byKey = new Map<string, Address>()
  for (const { method, path, handle, unlimited = false } of operations)
    byKey.set(keyOf({ method, path }), { method, path, handle, unlimited })
  for (const page of pages) {
    const { method, path, handle } = page
    const other = byKey.get(keyOf(page))
    byKey.set(keyOf(page), {
      method,
      path,
      unlimited: false,
      handle: other === undefined ? handle : byBody(visits, other.handle, handle),
    })
  }
  return [...byKey.values()]
}

/** A JSON body, or a credential in `Authorization`, is a program's; anything else is a form's. */
function byBody(visits: Visits, json: Handler, form: Handler): Handler {
  return (request, reply) =>
    mediaTypeOf(request) === 'application/json' || isProgram(visits.of(request))
      ? json(request, reply)
      : form(request, reply)
}

function isProgram({ credential }: Visit): boolean {
  return credential.kind === 'access_token' || credential.kind === 'api_token'
}

/** Ends a request whose body is not here in time: bodies are small, and each one on its way holds a connection. */
function endWhenLate(
  { raw }: FastifyRequest,
  { raw: response }: FastifyReply,
  { visits, bodyTime }: PortalOptions,
): void {
  const timer = setTimeout(() => {
    if (response.headersSent) raw.destroy()
    else endRequest(raw, response, 408, visits.parts.answerHeaders())
  }, bodyTime).unref()
  for (const event of ['end', 'close']) raw.once(event, () => clearTimeout(timer))
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
  if (visit.credential.kind === 'ambiguous' && !isForMachines) {
    const detail =
      'Two credentials of this gateway were sent at once, or one in an unusual form. Send one alone.'
    const problem = { status: 400, reason: 'ambiguous_credential', detail } as const
    return visits.problem(reply, visit, { kind: 'bad_request', detail }, problem)
  }
  const fetchSite = request.headers['sec-fetch-site']
  const origin = {
    method: request.method,
    fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
    origin: request.headers.origin,
    mediaType: mediaTypeOf(request),
  }
  // A browser sends neither of these by itself, so nobody's page can have made it send them.
  const isNoBrowser = origin.fetchSite === undefined && origin.origin === undefined && isBearer(visit)
  if (isNoBrowser || isOwnOrigin(origin, publicOrigin)) return undefined
  const detail = `This was sent by the page of another site, or without an Origin. Send it from ${publicOrigin}, or as application/json.`
  return visits.problem(
    reply,
    visit,
    { kind: 'foreign_form' },
    { status: 403, reason: 'foreign_origin', detail },
  )
}

/** Basic is not meant: a browser that has asked for it once sends it again, for the pages of other sites too. */
function isBearer({ credential }: Visit): boolean {
  const { kind } = credential
  return kind === 'access_token' || (kind === 'api_token' && credential.username === undefined)
}

function mediaTypeOf(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
}

/** Answers a body that was not read to its end, and ends the connection without taking the answer from the client. */
function endUnread(reply: FastifyReply, answer: Answer, own: AnswerHeaders): FastifyReply {
  const limits = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)] as const)
  reply.hijack()
  writeAnswer(reply.raw, answer, {
    own: { ...Object.fromEntries(limits), ...own },
    close: true,
    unread: true,
    head: reply.request.method === 'HEAD',
  })
  return reply
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
    const told = visits.problemFor(visit, { kind: 'bad_request', detail }, { status, reason, detail })
    return endUnread(reply, told, visits.parts.answerHeaders())
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
