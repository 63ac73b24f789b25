import type { Clock } from '../clock.js'
import { createRecentMap } from './recent-map.js'
import type { RedisChanges } from './redis-changes.js'
import { redisRecordKey } from './redis-store.js'
import type { RecordKey, RecordKind, Store, StoredRecord } from './store.js'

/** Puts a memory of this process before a store; `onAsked` as in `CachedStoreOptions`. */
export type StoreCache = (store: Store, onAsked: (hit: boolean) => void) => Store

export interface CachedStoreOptions {
  readonly store: Store
  /** Closed with the store. */
  readonly changes: RedisChanges
  /** What every key of the store begins with. */
  readonly prefix: string
  /** For how long a record is believed that nobody has changed, in milliseconds. */
  readonly life: number
  readonly now: Clock
  /** Told of each read of such a record: whether the store was spared it. Default: nobody is. */
  readonly onAsked?: ((hit: boolean) => void) | undefined
}

/** What every request reads. */
const CACHED: ReadonlySet<RecordKind> = new Set(['session', 'api_token'] as const)
/** How many records are remembered at least. */
const LEAST = 10_000

interface Entry {
  /** Undefined: it is being read. */
  record: StoredRecord<unknown> | undefined
  readonly readAt: number
}

/**
 * Spares the store reads of sessions and API tokens. A record is forgotten as soon as anybody changes it, as the
 * channel tells; while the channel is silent nothing is remembered. What is not there is not remembered either, so a
 * session that began on another machine is found at once.
 */
export function createCachedStore(options: CachedStoreOptions): Store {
  const { store, changes, prefix, life, now, onAsked = () => undefined } = options
  const entries = createRecentMap<Entry>({ least: LEAST, life, now })
  changes.onChange(name => entries.delete(name))
  changes.onSilence(() => {
    entries.clear()
  })

  async function read<T>(key: RecordKey, name: string): Promise<StoredRecord<T> | undefined> {
    const entry: Entry = { record: undefined, readAt: now() }
    entries.set(name, entry)
    let found
    try {
      found = await store.get<T>(key)
    } finally {
      // Whoever changed it meanwhile has taken the entry away.
      if (found === undefined && entries.get(name) === entry) entries.delete(name)
    }
    entry.record = found
    return found && structuredClone(found)
  }

  /** Forgets the record before the change and after it: in between somebody may have read the old one. */
  async function changing<R>(key: RecordKey, change: () => Promise<R>): Promise<R> {
    const name = redisRecordKey(prefix, key)
    entries.delete(name)
    try {
      return await change()
    } finally {
      entries.delete(name)
    }
  }

  return {
    ...store,
    get: async <T>(key: RecordKey) => {
      if (!CACHED.has(key.kind)) return store.get<T>(key)
      const name = redisRecordKey(prefix, key)
      const entry = entries.get(name)
      const age = entry === undefined ? life : now() - entry.readAt
      const remembered = changes.isHeard() && age >= 0 && age < life ? entry?.record : undefined
      onAsked(remembered !== undefined)
      if (!changes.isHeard()) return store.get<T>(key)
      if (remembered === undefined) return read<T>(key, name)
      const { expiresAt } = remembered
      if (expiresAt !== undefined && expiresAt <= now()) return undefined
      return structuredClone(remembered) as StoredRecord<T>
    },
    put: (key, value, options) => changing(key, () => store.put(key, value, options)),
    putIfAbsent: (key, value, options) => changing(key, () => store.putIfAbsent(key, value, options)),
    take: <T>(key: RecordKey) => changing(key, () => store.take<T>(key)),
    compareAndSet: (key, version, value, options) =>
      changing(key, () => store.compareAndSet(key, version, value, options)),
    delete: key => changing(key, () => store.delete(key)),
    increment: (key, options) => changing(key, () => store.increment(key, options)),
    close: async () => {
      changes.close()
      entries.clear()
      await store.close()
    },
  }
}
