import { pino } from 'pino'
import type { Logger } from 'pino'
import { compileRouteTable } from './access/route-table.js'
import type { RouteTable } from './access/route-table.js'
import type { Audit } from './audit/audit-event.js'
import { createAuditLog } from './audit/audit-log.js'
import type { Clock } from './clock.js'
import type { AppConfig, GatewayConfig } from './config/gateway-config.js'
import { createAssertions } from './credentials/assertions.js'
import { isOurCookie, readSessionCookie, sessionCookieName } from './credentials/session-cookie.js'
import { loadSigningKeys } from './credentials/signing-keys.js'
import type { SigningKeys } from './credentials/signing-keys.js'
import { tellAccess } from './gate/access-log.js'
import { createGateAnswers } from './gate/answer.js'
import { registerEntrance } from './gate/entrance.js'
import { createGate } from './gate/gate.js'
import type { Gate } from './gate/gate.js'
import { createGuard } from './gate/guard.js'
import { createIdentityHeaders } from './gate/identity-headers.js'
import { createLiveStreams } from './gate/live-streams.js'
import type { LiveStreams } from './gate/live-streams.js'
import { proxy } from './gate/proxy-mode.js'
import { openUpstream } from './gate/upstream.js'
import { isWebSocketUpgrade, replayWithoutUpgrade, tunnel } from './gate/websocket-tunnel.js'
import { ownAnswerHeaders } from './http/answer.js'
import type { ArrivalOptions } from './http/arrival.js'
import { createHeaderRoles } from './http/header-roles.js'
import { createOwnPaths } from './http/own-paths.js'
import { createReturnToCheck } from './http/return-to.js'
import { createServer, endWith, REQUEST_METHODS } from './http/server.js'
import type { GatewayServer } from './http/server.js'
import { contentSecurityPolicy } from './pages/content-security-policy.js'
import { createAccount } from './portal/account.js'
import { createLoginApi } from './portal/login-api.js'
import { createLoginForms } from './portal/login-forms.js'
import { registerPortal } from './portal/portal.js'
import { createService } from './portal/service.js'
import { createVisits } from './portal/visit.js'
import { createOpens } from './opens.js'
import { createServices } from './services.js'
import type { Services } from './services.js'
import type { Store } from './store/store.js'
import { openFileDirectory } from './users/file-directory.js'

export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly store: Store
  /** The first derives every key, the others still open what they sealed. */
  readonly secrets: readonly string[]
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Takes one line of JSON, without its line end. */
  readonly log: (line: string) => void
}

export interface Gateway {
  /** Binds the address of the configuration; port 0 takes a free one. Throws when it is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>
  /** Takes no new requests, waits for those under way as long as `shutdown` says, then ends them. */
  close(): Promise<void>
}

/** How often open WebSockets and event streams are judged again, in milliseconds. */
const RECHECK_EVERY = 2_000
/** How often expired records are deleted, in milliseconds, and how many at a time. */
const SWEEP_EVERY = 60_000
const SWEEP_LIMIT = 10_000

/** Puts the parts together: the only place that knows them all. Throws when a part cannot start. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, store, now } = options
  const log = pino({ level: config.log.level, base: null }, { write: line => options.log(line.trimEnd()) })
  const audit = createAuditLog({ write: line => log.info(line), now })
  const routes = compileRouteTable(config.apps.map(app => app.policy))
  const directory = openFileDirectory({
    file: config.users.file,
    onChange: users => log.info({ users }, 'the users file was read again'),
    onFault: faults => log.error({ faults }, 'the users file is broken; the users stay as they were'),
  })
  const rules = readingRules(config)
  const opens = createOpens(config, rules.leniencies, routes, now)
  const services = createServices({ ...options, directory, audit, opens })
  const keys = await loadSigningKeys({ store, seal: services.seal, now })
  const liveStreams = createLiveStreams()
  services.sessions.onEnd(reference => liveStreams.closeSession(reference))

  const server = createServer({
    tls: config.tls,
    arrivals: rules,
    isOwn: createOwnPaths(config.publicUrl.host, config.authPath),
    onUnparsable: (address, reason) => audit({ event: 'request.refused', address, reason }),
  })
  const upstreams = new Map(
    config.apps.map(app => [app.policy, app.upstream === undefined ? undefined : openUpstream(app.upstream)]),
  )
  const parts = { options, log, audit, routes, services, keys, liveStreams, server }
  const gate = wireGate(parts, policy => upstreams.get(policy))
  await wirePortal(parts)
  await wireEntrance(parts, gate)
  const timers: NodeJS.Timeout[] = []

  return {
    async listen() {
      const { host, port } = config.listen
      await server.fastify.listen({ host, port })
      timers.push(
        setInterval(() => void liveStreams.recheck(), RECHECK_EVERY).unref(),
        setInterval(
          () => void store.sweep(SWEEP_LIMIT).catch((error: unknown) => log.warn({ error }, 'sweep')),
          SWEEP_EVERY,
        ).unref(),
      )
      const address = server.fastify.server.address()
      return { host, port: typeof address === 'object' && address !== null ? address.port : port }
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      liveStreams.closeAll()
      const deadline = setTimeout(() => server.fastify.server.closeAllConnections(), config.shutdown)
      await server.fastify.close()
      clearTimeout(deadline)
      for (const upstream of upstreams.values()) await upstream?.dispatcher.destroy()
      directory.close()
      await store.close()
    },
  }
}

interface Parts {
  readonly options: GatewayOptions
  readonly log: Logger
  readonly audit: Audit
  readonly routes: RouteTable
  readonly services: Services
  readonly keys: SigningKeys
  readonly liveStreams: LiveStreams
  readonly server: GatewayServer
}

/** How requests are read: what is stripped, who is believed, what an app accepts in paths. */
export function readingRules(config: GatewayConfig): ArrivalOptions {
  const names = Object.values(config.identityHeaders).filter(name => name !== undefined)
  const lenient = new Map(config.apps.map(app => [app.policy.host, app.allowInPath]))
  return {
    roleOf: createHeaderRoles(
      names,
      config.apps.flatMap(app => app.stripHeaders),
    ),
    trustedProxies: config.trustedProxies,
    leniencies: (host: string) => lenient.get(host) ?? lenient.get(`*${host.slice(host.indexOf('.'))}`) ?? [],
  }
}

function ownHeaders({ publicUrl, apps }: GatewayConfig) {
  const scheme = publicUrl.secure ? 'https' : 'http'
  const port = new URL(publicUrl.origin).port
  const targets = apps.map(app => `${scheme}://${app.policy.host}${port === '' ? '' : `:${port}`}`)
  return ownAnswerHeaders(contentSecurityPolicy(targets), publicUrl.secure)
}

function cookieScope({ publicUrl, session }: GatewayConfig) {
  return { secure: publicUrl.secure, domain: session.domain }
}

function wireGate(parts: Parts, upstreamOf: Parameters<typeof createGate>[0]['upstreamOf']): Gate {
  const { options, log, audit, routes, services, keys, liveStreams } = parts
  const { config, now } = options
  const { authenticate } = services
  const cookieName = sessionCookieName(cookieScope(config))
  const { publicUrl, authPath } = config
  const assertions = createAssertions({ keys, issuer: publicUrl.origin, now })
  return createGate({
    guard: createGuard({
      routes: () => routes,
      authenticate: cookies => {
        const id = readSessionCookie(cookies, cookieName)
        return id === undefined ? undefined : authenticate.bySession(id)
      },
      authenticateAgain: ({ person, sessionReference }) =>
        authenticate.byReference(person.subject, sessionReference),
      secure: publicUrl.secure,
      now,
    }),
    answers: createGateAnswers({ authPath, publicOrigin: publicUrl.origin, publicHost: publicUrl.host }),
    answerHeaders: ownHeaders(config),
    upstreamOf,
    identityHeaders: createIdentityHeaders({
      names: config.identityHeaders,
      sign: (identity, audience) => assertions.sign(identity, audience),
      now,
    }),
    isOurCookie,
    liveStreams,
    audit,
    onError: error =>
      log.warn({ error: error.message, code: (error as NodeJS.ErrnoException).code }, 'a request failed'),
  })
}

async function wirePortal({ options, log, audit, services, keys, server }: Parts): Promise<void> {
  const { config, now, store } = options
  const { publicUrl, authPath } = config
  const { login, sessions, totp, backupCodes } = services
  const hosts = config.apps.map(app => app.policy.host)
  const visits = createVisits({
    authPath,
    publicOrigin: publicUrl.origin,
    publicHost: publicUrl.host,
    cookieScope: cookieScope(config),
    answerHeaders: ownHeaders(config),
    arrivalOf: request => server.arrivalOf(request.raw),
    authenticate: services.authenticate,
    checkReturnTo: createReturnToCheck(publicUrl.origin, authPath, hosts),
  })
  await registerPortal(server.fastify, {
    visits,
    loginForms: createLoginForms({
      visits,
      login,
      appOf: destination => appOf(config.apps, publicUrl.origin, destination),
      now,
    }),
    loginApi: createLoginApi(visits, login),
    account: createAccount({
      visits,
      sessions,
      login,
      factorsOf: async subject => {
        const authenticators = await totp.list(subject)
        return {
          factors: authenticators.map(({ createdAt }) => ({ method: 'totp', enrolledAt: createdAt })),
          backupCodesLeft: authenticators.length === 0 ? undefined : await backupCodes.remaining(subject),
        }
      },
      audit,
      now,
    }),
    service: createService({
      visits,
      jwks: () => keys.jwks(),
      ready: async () => {
        await store.get({ kind: 'signing_key', id: 'ready' })
      },
    }),
    secure: publicUrl.secure,
    onError: error => log.error({ error: error.message, stack: error.stack }, 'a page failed'),
  })
}

/** The app that an address belongs to; undefined for the gateway's own pages. */
function appOf(apps: readonly AppConfig[], publicOrigin: string, destination: string): string | undefined {
  const { hostname } = new URL(destination, publicOrigin)
  return apps.find(app => app.policy.host === hostname)?.policy.name
}

/** Leads every request that is not for the gateway itself through the gate. */
async function wireEntrance({ options, log, server, audit }: Parts, gate: Gate): Promise<void> {
  const { config, now } = options
  const origins = new Map(config.apps.map(app => [app.policy.name, app.websocketOrigins]))
  await registerEntrance(server.fastify, {
    methods: REQUEST_METHODS,
    handle: (request, reply) => {
      const exchange = { arrival: server.arrivalOf(request.raw), raw: request.raw, response: reply.raw }
      if (config.log.access) tellAccess(exchange, log, now)
      proxy(gate, exchange)
    },
  })
  server.fastify.addHook('onRequest', (request, reply, next) => {
    const { raw } = request
    const arrival = server.arrivalOf(raw)
    if (server.isAfterEnd(raw)) {
      reply.hijack()
      return
    }
    if (arrival.reading.ok) {
      next()
      return
    }
    reply.hijack()
    server.endAfter(raw)
    gate.refuse({ arrival, raw, response: reply.raw }, arrival.reading.refusal)
  })
  server.onUpgrade((raw, socket, head) => {
    const arrival = server.arrivalOf(raw)
    if (!isWebSocketUpgrade(raw)) replayWithoutUpgrade(server.fastify.server, raw, socket, head)
    else if (!server.isForApp(raw)) endWith(socket, '404 Not Found')
    else void tunnel(gate, { arrival, raw, socket, head, originsOf: app => origins.get(app) ?? [] })
  })
  server.fastify.setErrorHandler((error: Error, _request, reply) => {
    log.error({ error: error.message }, 'a request failed')
    audit({ event: 'request.refused', reason: 'internal' })
    return reply.code(500).send()
  })
}
