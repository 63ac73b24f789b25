import type { Logger } from 'pino'
import type { AppPolicy } from '../access/route.js'
import type { Clock } from '../clock.js'
import { compilePolicy } from '../config/compile-policy.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { LoadedConfig } from '../config/load-config.js'
import { createAuthenticate } from '../credentials/authenticate.js'
import { watchFiles, type FileWatch } from '../documents/watch-files.js'
import { createShadow, type PolicyWithUpstreams, type Shadow } from '../gate/shadow.js'
import { writeShadowReport } from '../gate/shadow-reports.js'
import type { DifferenceKind, ShadowTally, Side } from '../gate/shadow-tally.js'
import { describeUpstream } from '../gate/upstream.js'
import { changeOfOpenness } from '../access/openness.js'
import { callerOf, type ReadCredential } from '../http/credential.js'
import type { Store } from '../store/store.js'
import type { LiveConfig } from './live-config.js'
import type { Services } from './services.js'

export interface LiveShadowOptions {
  readonly config: Pick<GatewayConfig, 'session' | 'mfa'>
  readonly live: LiveConfig
  /** Reads a shadow file and all that it names; undefined: nothing is read, and there is no shadow. */
  readonly read: ((file: string) => LoadedConfig) | undefined
  readonly services: Pick<Services, 'sessions' | 'accessTokens' | 'apiTokens' | 'findUser'>
  readonly readCredential: ReadCredential
  readonly store: Store
  readonly now: Clock
  readonly random: (bytes: number) => Buffer
  readonly log: Logger
}

/** The shadow of a running gateway. */
export interface LiveShadow extends Pick<Shadow, 'judged' | 'refused' | 'counts'> {
  /**
   * Reads a file as the shadow policy, now and whenever it changes; undefined: there is no shadow any more. A broken
   * file changes nothing and is told in the log. The file that is followed already goes on as it is.
   */
  follow(file: string | undefined): void
  /** Reads the file that is followed now, and not only when a change is seen. */
  reload(): void
  /** The hash of the shadow policy; undefined without one. */
  hash(): string | undefined
  /** Writes what was counted since it was last written. */
  save(): Promise<void>
  /** Writes for the last time. Before the store is closed. */
  close(): Promise<void>
}

/** How often counts are written, if they have changed, in milliseconds. */
const SAVE_EVERY = 10_000
/** Of a file with many errors so many are logged; `gatehouse check` tells them all. */
const MOST_TOLD = 20

/** Makes the shadow of a running gateway. It does nothing before it is told to follow a file. */
export function createLiveShadow(options: LiveShadowOptions): LiveShadow {
  const { live, read, store, now, random, log } = options
  const shadow = createShadow({
    live: () => ({
      policy: live.current().policy,
      upstreamOf: app => live.upstreamOf(app)?.name,
    }),
    readCredential: options.readCredential,
    findCaller: createObservingAuthenticate(options),
    now,
    onDifference: kind => {
      tell(log, kind)
    },
    onEnd: tally => void save(tally),
    onError: error => {
      const why = error instanceof Error ? error.message : String(error)
      log.warn({ error: why }, 'a request could not be compared with the shadow policy')
    },
  })
  let followed: { readonly file: string; readonly watch: FileWatch } | undefined
  let fingerprint: string | undefined
  let hash: string | undefined
  const written = new WeakMap<ShadowTally, { readonly id: string; readonly compared: number }>()
  let saving: Promise<void> = Promise.resolve()

  function readAgain(file: string): void {
    const loaded = read?.(file)
    if (loaded === undefined) return
    followed?.watch.follow(loaded.files)
    if (loaded.fingerprint === fingerprint) return
    fingerprint = loaded.fingerprint
    if (!loaded.ok) {
      const problems = loaded.problems
        .filter(({ severity }) => severity === 'error')
        .slice(0, MOST_TOLD)
        .map(problem => `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`)
      const still = hash === undefined ? 'there is no shadow' : 'the shadow stays as it was'
      log.error({ shadow: file, problems }, `the shadow policy is broken; ${still}`)
      return
    }
    hash = loaded.config.hash
    shadow.replace(withUpstreams(loaded.config))
    log.info({ shadow: hash, file }, 'the shadow policy decides every request as well, and enforces nothing')
  }

  async function write(tally: ShadowTally): Promise<void> {
    const { compared } = tally
    const before = written.get(tally)
    if (before?.compared === compared) return
    const id = before?.id ?? random(12).toString('base64url')
    await writeShadowReport(store, id, tally.report(), now())
    written.set(tally, { id, compared })
  }

  function save(tally = shadow.tally()): Promise<void> {
    if (tally === undefined) return saving
    saving = saving
      .then(() => write(tally))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        log.warn({ error: why }, 'what the shadow policy decided could not be written')
      })
    return saving
  }

  const timer = setInterval(() => void save(), SAVE_EVERY).unref()

  return {
    judged: (arrival, judgement, credential) => {
      shadow.judged(arrival, judgement, credential)
    },
    refused: arrival => {
      shadow.refused(arrival)
    },
    counts: () => shadow.counts(),
    hash: () => hash,
    reload: () => {
      if (followed !== undefined) readAgain(followed.file)
    },
    follow: file => {
      if (file === followed?.file) return
      followed?.watch.close()
      followed = undefined
      fingerprint = undefined
      if (file === undefined || read === undefined) {
        hash = undefined
        shadow.replace(undefined)
        return
      }
      followed = {
        file,
        watch: watchFiles([file], () => {
          readAgain(file)
        }),
      }
      readAgain(file)
    },
    save: () => save(),
    close: async () => {
      clearInterval(timer)
      followed?.watch.close()
      await shadow.settled()
      await save()
    },
  }
}

function withUpstreams(config: GatewayConfig): PolicyWithUpstreams {
  const origins = new Map<AppPolicy, string | undefined>(
    config.apps.map(({ policy, upstream }) => [policy, upstream && describeUpstream(upstream)]),
  )
  return { policy: compilePolicy(config), upstreamOf: app => origins.get(app) }
}

/**
 * Finds out who asks and leaves no trace of it: no session lives longer, and no API token was used, because a shadow
 * looked.
 */
function createObservingAuthenticate({
  config,
  services,
}: LiveShadowOptions): (
  credential: Parameters<typeof callerOf>[1],
  address: string,
) => ReturnType<typeof callerOf> {
  const { sessions, accessTokens, apiTokens, findUser } = services
  const authenticate = createAuthenticate({
    sessions: {
      findCached: id => sessions.find(id),
      findByReference: (...names) => sessions.findByReference(...names),
    },
    accessTokens,
    apiTokens: {
      find: text => apiTokens.peek(text),
      findByReference: name => apiTokens.findByReference(name),
    },
    findUser,
    bindIp: config.session.bindIp,
    remembersDevices: config.mfa.rememberDevice !== undefined,
  })
  return (credential, address) => callerOf(authenticate, credential, address)
}

/** What became more open deserves a look; the rest is for whoever reads everything. */
function tell(log: Logger, { live, shadow, count, example }: DifferenceKind): void {
  const { method, host, path, subject, address } = example
  const facts = {
    decision: words(live),
    shadow: words(shadow),
    method,
    host,
    path,
    subject,
    address,
    count,
  }
  if (changeOfOpenness(live.outcome, shadow.outcome) === 'opened')
    log.warn(facts, 'the shadow policy would be more open')
  else log.info(facts, 'the shadow policy would decide otherwise')
}

function words({ outcome, reason, route, place, upstream }: Side): string {
  const why = reason === undefined ? '' : ` (${reason})`
  const where = route === undefined ? '' : ` by ${route}`
  const line = place === undefined ? '' : `, ${place.file}:${place.line}`
  return `${outcome}${why}${where}${line}${upstream === undefined ? '' : ` to ${upstream}`}`
}
