import { resolve } from 'node:path'
import { loadConfig } from '../config/load-config.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { formatProblem } from '../documents/problem.js'
import { openLmdbStore } from '../store/lmdb-store.js'
import { readOrCreateEmbeddedSecret } from '../store/embedded-secret.js'
import type { Store } from '../store/store.js'
import type { CliIo } from './cli-io.js'

/** The option that every command on a configuration takes. */
export const CONFIG_OPTION = { config: { type: 'string', default: 'gateway.yaml' } } as const

/** Reads the configuration, or tells every problem of it and gives undefined. */
export function readConfig(file: string, io: CliIo): GatewayConfig | undefined {
  const loaded = loadConfig(resolve(io.cwd, file), { readFile: io.readFile, env: io.env, now: io.now() })
  for (const problem of loaded.ok ? loaded.warnings : loaded.problems)
    io.stderr(`${formatProblem(problem)}\n\n`)
  return loaded.ok ? loaded.config : undefined
}

/** The store of a configuration with the secrets that open what is sealed in it. */
export interface OpenedStore {
  readonly store: Store
  readonly secrets: readonly string[]
}

/** Opens the embedded store; it may be open in a running gateway at the same time. Throws when it cannot be. */
export function openStore(
  config: Pick<GatewayConfig, 'store' | 'secrets'>,
  io: Pick<CliIo, 'now'>,
): OpenedStore {
  const directory = config.store.embedded
  const secrets = config.secrets ?? [readOrCreateEmbeddedSecret(directory)]
  return { store: openLmdbStore({ directory, now: io.now }), secrets }
}
