import { hostname } from 'node:os'
import { setTimeout as later } from 'node:timers/promises'
import { pino } from 'pino'
import { openAccessLog } from './assembly/access-log.js'
import { readBuildInfo } from './assembly/build-info.js'
import { createBypassWatch } from './assembly/bypass-watch.js'
import { createClockWatch } from './assembly/clock-watch.js'
import { assembleEntrance } from './assembly/entrance.js'
import { assembleGate } from './assembly/gate.js'
import { createHealth } from './assembly/health.js'
import { cookieScope } from './assembly/http-rules.js'
import { createLiveConfig } from './assembly/live-config.js'
import { createLookAhead } from './assembly/look-ahead.js'
import { openMessages } from './assembly/messages.js'
import { type MetricsServer, serveMetrics } from './assembly/metrics-server.js'
import { assemblePortal } from './assembly/portal.js'
import { createReload } from './assembly/reload.js'
import { createRequestWatch } from './assembly/request-watch.js'
import { createServedCertificate } from './assembly/served-certificate.js'
import { createServices } from './assembly/services.js'
import { createLiveShadow } from './assembly/shadow.js'
import { openTracing } from './assembly/tracing.js'
import { createBegunSessions } from './audit/begun-sessions.js'
import { openAuditLog } from './audit/open-audit-log.js'
import { type Clock, systemStopwatch } from './clock.js'
import type { GatewayConfig } from './config/gateway-config.js'
import type { LoadedConfig } from './config/load-config.js'
import { sessionCookieName } from './credentials/session-cookie.js'
import { loadSigningKeys } from './credentials/signing-keys.js'
import { createForwardAuthAddresses } from './gate/forward-auth-addresses.js'
import { createLiveStreams } from './gate/live-streams.js'
import { openUpstream } from './gate/upstream.js'
import { createCredentialReader } from './http/credential.js'
import { createServer } from './http/server.js'
import { createMetrics } from './metrics/metrics.js'
import type { MetricsSnapshot } from './metrics/metrics-sum.js'
import type { StoreCache } from './store/cached-store.js'
import { measureStore } from './store/measured-store.js'
import { createSeal } from './store/seal.js'
import type { Store } from './store/store.js'
import { openFileDirectory } from './users/file-directory.js'
import { createHashThreads, type PasswordHasher } from './users/hash-threads.js'

export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly store: Store
  /** Spares the store reads; how many is in the metrics. Closed with the store. Undefined: every read goes to the store. */
  readonly cache?: StoreCache | undefined
  /** The first derives every key, the others still open what they sealed. */
  readonly secrets: readonly string[]
  /** Works out the hashes of passwords, and is closed with the gateway. Default: threads of its own. */
  readonly hasher?: PasswordHasher
  readonly now: Clock
  /** Milliseconds since any fixed moment, never going back. Default: the machine's stopwatch. */
  readonly elapsed?: Clock
  /** How long a stopping gateway takes requests on connections that clients keep, in milliseconds. Default: 1000. */
  readonly lastRequests?: number
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Reads the configuration again when its files change. Undefined: it stays as it is. */
  readonly reread?: (() => LoadedConfig) | undefined
  /** Reads the file of the setting `shadow`, whatever it is by then. Undefined: there is no shadow. */
  readonly readShadow?: ((file: string) => LoadedConfig) | undefined
  /** What programs that send messages get as their environment. Default: nothing. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /**
   * The number of this process when several serve one address. Its log lines carry it, and whoever supervises it
   * serves its metrics. Undefined (default): it is alone.
   */
  readonly worker?: number | undefined
  /** Takes one line of JSON, without its line end. */
  readonly log: (line: string) => void
}

export interface Gateway {
  /** Binds the address of the configuration; port 0 takes a free one. Throws when it is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Says that it is not ready and serves everything for as long as `shutdownDelay` says. Then takes no new connections,
   * lets clients use those that they keep once more, waits for the requests under way, in all as long as `shutdown`
   * says, and ends them.
   */
  close(): Promise<void>
  /** What was counted since the start. */
  metrics(): Promise<MetricsSnapshot>
  /** Tells of what broke where nobody caught it. Whatever was asked there stays unanswered: nobody is let in by it. */
  tellUncaught(error: unknown): void
  /** Reads the configuration and the users file now, and not only when a change is seen. */
  reload(): void
}

/** How often open WebSockets and event streams are judged again, in milliseconds. */
const RECHECK_EVERY = 2_000
/** How often it is looked whether a bypass or the certificate ends, in milliseconds. */
const LOOK_AT_ENDS_EVERY = 3_600_000
/** How often the clock is compared with the stopwatch, in milliseconds. */
const LOOK_AT_CLOCK_EVERY = 5_000
/** How often the signing keys are read again, in milliseconds: a rotation holds everywhere after that. */
const RELOAD_KEYS_EVERY = 3_000
/** How often expired records are deleted, in milliseconds, and how many at a time. */
const SWEEP_EVERY = 60_000
const SWEEP_LIMIT = 10_000
/** How long an upstream that the file names no more keeps its connections, in milliseconds. */
const RETIRE_AFTER = 30_000
/**
 * How long a gateway that stops takes requests on connections that clients keep, in milliseconds, its `shutdownDelay`
 * included: whoever uses one in that time learns from the answer that it ends (RFC 9112, section 9.6). A request that is
 * sent while its connection is closed is lost, and no server can help it; this makes it rare.
 */
const LAST_REQUESTS = 1_000
/** How often a stopping gateway closes the connections that wait for nothing, in milliseconds. */
const CLOSE_IDLE_EVERY = 100

/**
 * How many connections may wait until they are taken; the system cuts it to its own limit (Linux: `net.core.somaxconn`,
 * 4096). Beyond it, it drops what a client sends first, who tries again after 1, 3 and 7 seconds: Node's 511 are full
 * within a second of a burst, and honest users wait with the others.
 */
const BACKLOG = 4096

/** Tells the requests of one process from those of another. */
const PROCESS_NAME_BYTES = 6

/** Puts the parts together: the only place that knows them all. Throws when a part cannot start. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, now, elapsed = systemStopwatch, hasher = createHashThreads() } = options
  const { lastRequests = LAST_REQUESTS } = options
  const isMeasured = config.metrics !== undefined
  const isWatched = isMeasured || config.accessLog !== undefined || config.tracing !== undefined
  const base = options.worker === undefined ? null : { worker: options.worker }
  const log = pino({ level: config.log.level, base }, { write: line => options.log(line.trimEnd()) })
  const auditLog = openAuditLog({
    ...config.audit,
    secrets: options.secrets,
    now,
    hostname: hostname(),
    write: config.audit.stdout ? line => log.info(line) : undefined,
    onFault: (error, where) =>
      log.error({ error: error.message, where, mode: config.audit.mode }, 'audit lines cannot be written'),
    onMended: lost => log.warn({ lost }, 'audit lines are written again'),
  })
  const tracing =
    config.tracing &&
    (await openTracing({
      settings: config.tracing,
      version: readBuildInfo().version,
      onFault: fault => log.warn(fault),
    }))
  const accessLog = config.accessLog && openAccessLog(config.accessLog, options.log, log)
  const begunSessions = createBegunSessions(event => {
    metrics.told(event.event, event.reason)
    auditLog.audit(event)
  })
  const { audit } = begunSessions
  const live = createLiveConfig({
    config,
    openUpstream: upstream =>
      openUpstream(upstream, {
        now,
        onChange: ({ origin, standing }) =>
          log[standing === 'up' ? 'info' : 'warn'](
            { upstream: origin, standing },
            'the standing of an address has changed',
          ),
      }),
    later: work => setTimeout(work, RETIRE_AFTER).unref(),
  })
  const bypasses = createBypassWatch({ apps: () => live.current().apps, log, now })
  const clockWatch = createClockWatch({ now, elapsed, log })
  const metrics = createMetrics({
    policy: () => reload.state(),
    timeBoxed: () => bypasses.timeBoxed(),
    shadow: () => shadow.counts(),
    auditLost: () => auditLog.lost(),
    accessLost: () => accessLog?.lost() ?? 0,
    openStreams: () => liveStreams.size,
    certificateExpiry: () => certificate.expiry(),
    clockJumps: () => clockWatch.jumps(),
    upstreams: () => live.upstreamStates(),
    build: readBuildInfo(),
    elapsed,
    watchProcess: isMeasured,
  })
  const asked = isMeasured
    ? measureStore(options.store, {
        elapsed,
        onAnswer: (...answer) => {
          metrics.storeAnswered(...answer)
        },
      })
    : options.store
  const store = options.cache?.(asked, hit => metrics.cacheAsked(hit)) ?? asked
  const directory = openFileDirectory({
    file: config.users.file,
    onChange: users => log.info({ users }, 'the users file was read again'),
    onFault: faults => log.error({ faults }, 'the users file is broken; the users stay as they were'),
  })
  const onFault = (error: Error): void =>
    log.warn({ error: error.message }, 'something beside a login failed')
  const messages = openMessages({
    config,
    now,
    random: options.random,
    environment: options.environment ?? {},
    onFault: (error, channel) => log.error({ error: error.message, channel }, 'a message was not delivered'),
  })
  const ring = { store, seal: createSeal(options.secrets), now }
  const keys = await loadSigningKeys({ ...ring, ring: 'assertions', algorithm: 'ES256' })
  const tokenKeys = await loadSigningKeys({ ...ring, ring: 'tokens', algorithm: config.tokens.algorithm })
  const lookAhead = createLookAhead(config.publicUrl, () => live.current().policy, now)
  const services = createServices({
    ...options,
    store,
    directory,
    hasher,
    audit,
    lookAhead,
    tokenKeys,
    messages,
    onFault,
  })
  const liveStreams = createLiveStreams(config.limits)
  services.sessions.onEnd(reference => liveStreams.closeSession(reference))

  // Every request has an id, and a number costs it nothing.
  const process = options.random(PROCESS_NAME_BYTES).toString('base64url')
  let requests = 0
  const server = createServer({
    tls: config.tls,
    reading: () => live.current().reading,
    answerHeaders: () => live.current().answerHeaders,
    onUnparsable: (address, reason) => audit({ event: 'request.refused', address, reason }),
    requestId: () => `${process}-${(requests += 1).toString(36)}`,
    asksForDecision: createForwardAuthAddresses(config.authPath, config.publicUrl.host).asks,
  })
  const certificate = createServedCertificate({
    tls: config.tls,
    serve: pair => server.useCertificate(pair),
    now,
    log,
  })
  const { accessTokens, refreshTokens } = services
  const readCredential = createCredentialReader({
    cookieName: sessionCookieName(cookieScope(config)),
    isOurs: text => accessTokens?.looksLikeOurs(text) === true || refreshTokens.looksLikeOurs(text),
  })
  const shadow = createLiveShadow({
    ...options,
    store,
    read: options.readShadow,
    live,
    services,
    readCredential,
    log,
  })
  shadow.follow(config.shadow)
  const reload = createReload({
    config,
    reread: options.reread,
    apply: written => {
      live.replace(written)
      shadow.follow(written.shadow)
      certificate.follow(written.tls)
      bypasses.look()
    },
    log,
    audit,
  })
  const shared = {
    config,
    live,
    lookAhead,
    reload,
    health: createHealth({
      store,
      now,
      elapsed,
      certificateExpiry: () => certificate.expiry(),
      upstreams: config.health.upstreams ? () => live.upstreamStates() : undefined,
    }),
    clockWatch,
    metrics,
    watch: isWatched ? createRequestWatch({ metrics, accessLog, tracing, now, elapsed }) : undefined,
    shadow,
    store,
    now,
    random: options.random,
    log,
    audit,
    auditLog,
    begunSessions,
    services,
    keys,
    tokenKeys,
    liveStreams,
    server,
  }
  const parts = { ...shared, readCredential }
  const gate = assembleGate(parts)
  await assemblePortal(parts)
  await assembleEntrance(parts, gate)
  const timers: NodeJS.Timeout[] = []
  let metricsServer: MetricsServer | undefined

  return {
    async listen() {
      const { host, port } = config.listen
      if (config.metrics !== undefined && options.worker === undefined) {
        metricsServer = await serveMetrics(config.metrics.listen, metrics)
        log.info({ port: metricsServer.port }, 'metrics are served')
      }
      await server.fastify.listen({ host, port, backlog: BACKLOG })
      log.info({ policy: config.hash }, 'the configuration holds')
      bypasses.look()
      certificate.look()
      timers.push(
        setInterval(() => void liveStreams.recheck(), RECHECK_EVERY).unref(),
        setInterval(() => {
          bypasses.look()
          certificate.look()
        }, LOOK_AT_ENDS_EVERY).unref(),
        setInterval(() => clockWatch.look(), LOOK_AT_CLOCK_EVERY).unref(),
        setInterval(
          () => void store.sweep(SWEEP_LIMIT).catch((error: unknown) => log.warn({ error }, 'sweep')),
          SWEEP_EVERY,
        ).unref(),
        setInterval(() => {
          for (const ring of [keys, tokenKeys])
            void ring.reload().catch((error: unknown) => log.warn({ error }, 'reading the keys again'))
        }, RELOAD_KEYS_EVERY).unref(),
      )
      const address = server.fastify.server.address()
      return { host, port: typeof address === 'object' && address !== null ? address.port : port }
    },
    metrics: () => metrics.snapshot(),
    tellUncaught(error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      log.error({ error: message, stack }, 'something broke that nobody caught; the gateway goes on')
    },
    reload() {
      reload.now()
      certificate.reload()
      directory.reload()
      shadow.reload()
      accessLog?.reopen()
    },
    async close() {
      server.endConnections()
      if (config.shutdownDelay > 0) await later(config.shutdownDelay)
      for (const timer of timers) clearInterval(timer)
      reload.close()
      certificate.close()
      metricsServer?.close()
      liveStreams.closeAll()
      const deadline = setTimeout(() => server.closeAllConnections(), config.shutdown)
      await server.takeLastRequests(Math.max(0, lastRequests - config.shutdownDelay))
      // A connection whose last answer began before all this was not told that it ends.
      const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY)
      await server.fastify.close()
      clearInterval(idle)
      clearTimeout(deadline)
      await shadow.close()
      await live.close()
      directory.close()
      await messages.close()
      await hasher.close()
      await accessLog?.close()
      await auditLog.close()
      await store.close()
    },
  }
}
