import type { Logger } from 'pino'
import type { Audit } from '../audit/audit-event.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { LoadedConfig } from '../config/load-config.js'
import { needsRestart } from '../config/needs-restart.js'
import { type Problem } from '../documents/problem.js'
import { watchFiles } from '../documents/watch-files.js'

/** How the file stands to the policy that holds. */
export interface PolicyState {
  /** Names the text of the file that holds: `GatewayConfig.hash`. */
  readonly hash: string
  /**
   * `current`: the file holds. `rejected`: the file has errors or cannot be read, and what was read before holds.
   * `needs_restart`: its policy holds, and settings that cannot change while the gateway runs wait.
   */
  readonly state: 'current' | 'rejected' | 'needs_restart'
  /** The keys that wait for a restart. */
  readonly waiting: readonly string[]
}

/** Keeps the policy as the file has it. */
export interface Reload {
  /** Reads the file now. */
  now(): void
  state(): PolicyState
  close(): void
}

export interface ReloadOptions {
  /** What the gateway was started with. */
  readonly config: GatewayConfig
  /** Reads the file and all that it names again; undefined: the configuration comes from no file. */
  readonly reread: (() => LoadedConfig) | undefined
  /** Lets a sound configuration hold. */
  readonly apply: (config: GatewayConfig) => void
  readonly log: Logger
  readonly audit: Audit
}

/** How often a file that is still broken is told of again, in milliseconds. */
const REMIND_EVERY = 300_000
/** Of a file with many errors so many are logged; `gatehouse check` tells them all. */
const MOST_TOLD = 20

/**
 * Reads the configuration again when it, or a file that it names, changes. A sound one holds from the next request on;
 * a broken one changes nothing, and everything says so until it is mended.
 */
export function createReload({ config, reread, apply, log, audit }: ReloadOptions): Reload {
  let state: PolicyState = { hash: config.hash, state: 'current', waiting: [] }
  let last: string | undefined
  let rejected: readonly Problem[] = []

  /** Called by timers and signals: what breaks on the way changes nothing, and does not end the process. */
  function read(): void {
    try {
      readChanged()
    } catch (error) {
      state = { ...state, state: 'rejected' }
      log.error({ policy: state.hash, error: String(error) }, 'the configuration could not be read again')
    }
  }

  function readChanged(): void {
    if (reread === undefined) return
    const loaded = reread()
    watch?.follow(loaded.files)
    if (loaded.fingerprint === last) return
    last = loaded.fingerprint
    if (!loaded.ok) {
      reject(loaded.problems)
      return
    }
    const first = state.state === 'current' && loaded.config.hash === state.hash
    const waiting = needsRestart(config, loaded.config)
    apply(loaded.config)
    rejected = []
    state = {
      hash: loaded.config.hash,
      state: waiting.length === 0 ? 'current' : 'needs_restart',
      waiting,
    }
    if (first) return
    log.info({ policy: state.hash }, 'the configuration was read again and holds now')
    if (waiting.length > 0) log.warn({ waiting }, 'these settings changed and need a restart')
    audit({ event: 'policy.loaded', detail: { policy: state.hash } })
  }

  function reject(problems: readonly Problem[]): void {
    rejected = problems
    state = { ...state, state: 'rejected' }
    tellRejected()
    audit({ event: 'policy.rejected', detail: { policy: state.hash, problems: problems.length } })
  }

  function tellRejected(): void {
    if (rejected.length === 0) return
    const problems = rejected
      .filter(({ severity }) => severity === 'error')
      .slice(0, MOST_TOLD)
      .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    log.error({ policy: state.hash, problems }, 'the configuration is broken; the policy stays as it was')
  }

  const watch = reread === undefined ? undefined : watchFiles([config.file], read)
  const reminder = setInterval(tellRejected, REMIND_EVERY).unref()
  return {
    now: read,
    state: () => state,
    close: () => {
      clearInterval(reminder)
      watch?.close()
    },
  }
}
