import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load-config.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { formatProblem } from '../documents/problem.js'
import { openLmdbStore } from '../store/lmdb-store.js'
import { readOrCreateEmbeddedSecret } from '../store/embedded-secret.js'
import { createCachedStore, type StoreCache } from '../store/cached-store.js'
import { refuseWhenEmptied } from '../store/emptied-store.js'
import { followRedisChanges } from '../store/redis-changes.js'
import { connectRedis, type RedisConnection } from '../store/redis-connection.js'
import { createRedisStore } from '../store/redis-store.js'
import { describeRedis, type RedisTarget } from '../store/redis-target.js'
import type { Store } from '../store/store.js'
import type { CliIo } from './cli-io.js'

/** The option that every command on a configuration takes. */
export const CONFIG_OPTION = { config: { type: 'string', default: 'gateway.yaml' } } as const

/**
 * Reads the configuration, or tells every problem of it and gives undefined.
 * @param tellsWarnings whether warnings are told too; a command that only looks something up would drown in them
 */
export function readConfig(file: string, io: CliIo, tellsWarnings = false): GatewayConfig | undefined {
  const loaded = loadConfig(resolve(io.cwd, file), { readFile: io.readFile, env: io.env, now: io.now() })
  const warnings = loaded.ok && tellsWarnings ? [...loaded.warnings, ...loaded.exposedFiles(io.rightsOf)] : []
  for (const problem of loaded.ok ? warnings : loaded.problems) io.stderr(`${formatProblem(problem)}\n\n`)
  return loaded.ok ? loaded.config : undefined
}

/** The store of a configuration with the secrets that open what is sealed in it. */
export interface OpenedStore {
  readonly store: Store
  /** The connection of a store in Redis, for a look at it before it is used. Closed with the store. */
  readonly redis?: RedisConnection
  readonly secrets: readonly string[]
}

/**
 * Opens the store; it may be open in a running gateway at the same time. Redis need not be there yet: the first command
 * waits some seconds for it. Throws when the embedded store cannot be opened.
 */
export function openStore(
  config: Pick<GatewayConfig, 'store' | 'secrets'>,
  io: Pick<CliIo, 'now' | 'random'>,
): OpenedStore {
  const { store: place } = config
  const secrets = secretsOf(config)
  if (place.redis === undefined) return { store: openRecords(place, io), secrets }
  const redis = connectRedis(place.redis)
  return { store: refuseWhenEmptied({ store: openRedis(place.redis, redis, io), ...io }), redis, secrets }
}

/**
 * Opens a store alone, for somebody who does not look into what is sealed. It does not mind when it was emptied.
 * Throws when the embedded store cannot be opened.
 */
export function openRecords(
  { embedded, redis }: GatewayConfig['store'],
  io: Pick<CliIo, 'now' | 'random'>,
): Store {
  return redis === undefined
    ? openLmdbStore({ directory: embedded, now: io.now })
    : openRedis(redis, connectRedis(redis), io)
}

function openRedis(
  target: RedisTarget,
  connection: RedisConnection,
  { now, random }: Pick<CliIo, 'now' | 'random'>,
): Store {
  return createRedisStore({ connection, name: describeRedis(target), prefix: target.prefix, now, random })
}

/**
 * What a process puts before its store that is asked all the time: what every request reads is remembered for a moment
 * where that spares a way to another machine. Undefined: it would spare nothing, or is switched off.
 */
export function cacheOf(
  redis: RedisConnection | undefined,
  target: RedisTarget | undefined,
  { now, random }: Pick<CliIo, 'now' | 'random'>,
): StoreCache | undefined {
  if (redis === undefined || target === undefined || target.cacheFor === 0) return undefined
  const { prefix, cacheFor } = target
  return (store, onAsked) => {
    const changes = followRedisChanges({ connection: redis, prefix, random })
    return createCachedStore({ store, changes, prefix, life: cacheFor, now, onAsked })
  }
}

/** The secrets that a configuration seals and signs with. One is made when there is none. */
export function secretsOf(config: Pick<GatewayConfig, 'store' | 'secrets'>): readonly string[] {
  if (config.secrets !== undefined) return config.secrets
  if (config.store.embedded === undefined) throw new Error('With Redis as the store, "secret" must be given.')
  return [readOrCreateEmbeddedSecret(config.store.embedded)]
}

/** Whether anything can be remembered. An embedded store that was never opened is not, and need not be made. */
export function hasStore({ store }: Pick<GatewayConfig, 'store'>): boolean {
  return store.embedded === undefined || existsSync(store.embedded)
}
