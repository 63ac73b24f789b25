import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Clock } from '../clock.js'
import { describeRedisFault, type RedisConnection } from './redis-connection.js'
import {
  type OwnedRecord,
  type RecordKey,
  type RecordKind,
  type Store,
  type StoredRecord,
  StoreUnavailable,
  type WriteOptions,
} from './store.js'

/** What the store works with. */
export interface RedisStoreOptions {
  /** Closed with the store. */
  readonly connection: RedisConnection
  /** Names the Redis in messages. */
  readonly name: string
  /** What every key begins with. */
  readonly prefix: string
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** The fields of a record that are read, in this order. */
const FIELDS = ['i', 'v', 'n', 'e', 'w'] as const
type Fields = readonly (string | null)[]

interface HashReader {
  hmget: (key: string, ...fields: string[]) => Promise<(string | null)[]>
}

function readFields(client: HashReader, key: string): Promise<Fields> {
  return client.hmget(key, ...FIELDS)
}

/** How long Redis keeps what has expired, in milliseconds: what counts is the gateway's clock. */
const GRACE = 60_000
/**
 * How old an entry of an index is that no record has, before it is removed, in milliseconds: its record may be about
 * to be written, by a process that was held up.
 */
const STALE_AFTER = 3_600_000
/** How many keys a scan looks at in one step. */
const PIECE = 500
/** How long the first command waits until Redis is reached, in milliseconds. */
const REACHED_WITHIN = 5_000
/** How many indexes are remembered for the next sweep. */
const MOST_TOUCHED = 10_000
const NAME_BYTES = 9

type How = 'put' | 'absent' | 'set' | 'count'
type Written = { readonly written: false } | { readonly written: true; readonly value: string }

/**
 * Records in Redis, shared by any number of machines. Every write is one script on one key, so nothing is half done.
 * The index of an owner lies under another key, in a cluster on another server: an entry is written before its record
 * and removed after it, and is not believed without one. So a process that dies in between leaves an entry too many,
 * never a record that its owner does not find. A version is the time of Redis with a random name: it never comes back.
 *
 * A write is acknowledged by one server, and by as many replicas as the connection asks for. With none, what a server
 * had not passed on yet is lost when its replica takes over.
 */
export function createRedisStore({ connection, name, prefix, now, random }: RedisStoreOptions): Store {
  const { client, writes } = connection
  let closed = false
  let reached = false
  void connection.reached.then(() => (reached = true))
  /** Indexes that were written to since the last sweep. */
  const touched = new Map<string, { readonly kind: RecordKind; readonly owner: string }>()

  const channel = redisChannel(prefix)
  const recordKey = (key: RecordKey): string => redisRecordKey(prefix, key)
  const indexKey = (kind: RecordKind, owner: string): string => `${prefix}o:${kind}:${keyText(owner)}`
  const lifeOf = (expiresAt: number | undefined): number | '' =>
    expiresAt === undefined ? '' : Math.max(0, Math.ceil(expiresAt - now())) + GRACE

  async function attempt<R>(work: () => Promise<R>): Promise<R> {
    try {
      if (closed) throw new Error('it is closed')
      if (!reached) await firstReach()
      if (!connection.isUp()) throw new Error(connection.lastFault() ?? 'the connection is lost')
      return await work()
    } catch (error) {
      // The error of the client holds what was sent, so it does not come along as a cause.
      throw new StoreUnavailable(`${name} failed: ${describeRedisFault(error)}`)
    }
  }

  async function firstReach(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(connection.lastFault() ?? `it did not answer within ${String(REACHED_WITHIN)} ms`))
      }, REACHED_WITHIN)
    })
    await Promise.race([connection.reached, late]).finally(() => clearTimeout(timer))
  }

  /** Gives the ticket of the entry. */
  async function enterIndex({ kind, id }: RecordKey, marked: string, life: number | ''): Promise<string> {
    const owner = unmarkOwner(marked)
    const key = indexKey(kind, owner)
    if (touched.size < MOST_TOUCHED) touched.set(key, { kind, owner })
    return String(await writes.indexRecord(key, id, life))
  }

  /** Not waited for: what fails leaves an entry that nobody believes. */
  function leaveIndex({ kind, id }: RecordKey, marked: string, ticket: string): void {
    client.dropFromIndex(indexKey(kind, unmarkOwner(marked)), id, ticket).catch(() => undefined)
  }

  async function write(
    how: How,
    key: RecordKey,
    value: string,
    options: WriteOptions,
    version = '',
  ): Promise<Written> {
    const life = lifeOf(options.expiresAt)
    const operation = random(NAME_BYTES).toString('base64url')
    const expiry = options.expiresAt === undefined ? '' : String(options.expiresAt)
    let owner = options.owner === undefined ? '' : markOwner(options.owner)
    // What is put is new as a rule. The others are tried first: they write nothing, or find an entry that is there.
    let ticket = owner !== '' && how === 'put' ? await enterIndex(key, owner, life) : ''
    for (;;) {
      const about = [how, now(), operation, key.id, value, expiry, life, owner, ticket, version, channel]
      const [outcome, first = '', oldOwner = '', oldTicket = ''] = asTexts(
        await writes.writeRecord(recordKey(key), ...about),
      )
      if (outcome === 'index') {
        owner = first
        ticket = await enterIndex(key, owner, life)
        continue
      }
      if (oldOwner !== '') leaveIndex(key, oldOwner, oldTicket)
      return outcome === 'done' ? { written: true, value: first } : { written: false }
    }
  }

  async function take(key: RecordKey): Promise<string | undefined> {
    const [state, value, owner = '', ticket = ''] = asTexts(
      await writes.takeRecord(recordKey(key), now(), channel),
    )
    if (state === undefined) return undefined
    if (owner !== '') leaveIndex(key, owner, ticket)
    return state === 'live' ? value : undefined
  }

  /** The record of these fields, unless there is none or it has expired. */
  function read<T>(kind: RecordKind, fields: Fields): OwnedRecord<T> | undefined {
    const [id, value, version, expiry, owner] = fields
    if (typeof id !== 'string' || typeof value !== 'string' || typeof version !== 'string') return undefined
    const expiresAt = typeof expiry !== 'string' || expiry === '' ? undefined : Number(expiry)
    if (expiresAt !== undefined && expiresAt <= now()) return undefined
    return {
      key: { kind, id },
      value: JSON.parse(value) as T,
      version,
      expiresAt,
      owner: typeof owner === 'string' ? unmarkOwner(owner) : undefined,
    }
  }

  /** Every record of an owner, and the entries of the index that have none. */
  async function readIndex<T>(kind: RecordKind, owner: string) {
    const entries = await client.zrange(indexKey(kind, owner), 0, -1, 'WITHSCORES')
    const ids = entries.filter((_, index) => index % 2 === 0)
    const found = await Promise.all(ids.map(id => readFields(client, recordKey({ kind, id }))))
    const records: OwnedRecord<T>[] = []
    const orphans: { readonly id: string; readonly ticket: string }[] = []
    for (const [index, fields] of found.entries()) {
      const record = read<T>(kind, fields)
      if (record?.owner === owner) records.push(record)
      else orphans.push({ id: ids[index] ?? '', ticket: entries[2 * index + 1] ?? '' })
    }
    return { records, orphans }
  }

  /** Removes the entries of an index that have had no record for long, and gives how many. */
  async function tidy(kind: RecordKind, owner: string): Promise<number> {
    const { orphans } = await readIndex(kind, owner)
    if (orphans.length === 0) return 0
    const [seconds] = await firstMaster().time()
    const stale = orphans.filter(({ ticket }) => Number(ticket) / 1000 < Number(seconds) * 1000 - STALE_AFTER)
    for (const { id, ticket } of stale) await client.dropFromIndex(indexKey(kind, owner), id, ticket)
    return stale.length
  }

  function firstMaster(): Redis {
    const [master] = connection.masters()
    if (master === undefined) throw new Error('no server of it is known')
    return master
  }

  async function* scan(master: Redis, kind: RecordKind): AsyncGenerator<readonly string[], void> {
    const pattern = `${escapePattern(`${prefix}r:${kind}:`)}*`
    let cursor = '0'
    do {
      const [next, keys] = await attempt(() => master.scan(cursor, 'MATCH', pattern, 'COUNT', PIECE))
      yield keys
      cursor = next
    } while (cursor !== '0')
  }

  return {
    get: <T>(key: RecordKey) =>
      attempt(async () => {
        const record = read<T>(key.kind, await readFields(client, recordKey(key)))
        return record && withoutOwner(record)
      }),
    put: (key, value, options) =>
      attempt(async () => {
        await write('put', key, JSON.stringify(value), options)
      }),
    putIfAbsent: (key, value, options) =>
      attempt(async () => (await write('absent', key, JSON.stringify(value), options)).written),
    take: <T>(key: RecordKey) =>
      attempt(async () => {
        const value = await take(key)
        return value === undefined ? undefined : (JSON.parse(value) as T)
      }),
    compareAndSet: (key, version, value, options) =>
      attempt(async () => (await write('set', key, JSON.stringify(value), options, version)).written),
    delete: key => attempt(async () => (await take(key)) !== undefined),
    increment: (key, options) =>
      attempt(async () => {
        const counted = await write('count', key, '', options)
        return counted.written ? Number(counted.value) : NaN
      }),
    listByOwner: <T>(kind: RecordKind, owner: string) =>
      attempt(async () => {
        const { records } = await readIndex<T>(kind, owner)
        return records.sort((a, b) => writtenAt(a) - writtenAt(b)).map(withoutOwner)
      }),
    async *each<T>(kind: RecordKind): AsyncGenerator<OwnedRecord<T>, void> {
      const given = new Set<string>()
      for (const master of await attempt(() => Promise.resolve(connection.masters()))) {
        for await (const keys of scan(master, kind)) {
          const fresh = keys.filter(key => !given.has(key))
          for (const key of fresh) given.add(key)
          const found = await attempt(() => Promise.all(fresh.map(key => readFields(master, key))))
          for (const fields of found) {
            const record = read<T>(kind, fields)
            if (record !== undefined) yield record
          }
        }
      }
    },
    // Redis deletes what has expired. What is left are entries of indexes.
    sweep: limit =>
      attempt(async () => {
        let removed = 0
        for (const [key, { kind, owner }] of touched) {
          if (removed >= limit) break
          touched.delete(key)
          removed += await tidy(kind, owner)
        }
        return removed
      }),
    close: () => {
      closed = true
      connection.close()
      return Promise.resolve()
    },
  }
}

/** Where a record lies. */
export function redisRecordKey(prefix: string, { kind, id }: RecordKey): string {
  return `${prefix}r:${kind}:${keyText(id)}`
}

/** The channel on which the key of every record is named that is written or deleted. */
export function redisChannel(prefix: string): string {
  return `${prefix}changed`
}

/** Tells an owner of no name from no owner. */
const markOwner = (owner: string): string => `=${owner}`
const unmarkOwner = (marked: string): string => marked.slice(1)

function withoutOwner<T>({ key, value, version, expiresAt }: OwnedRecord<T>): StoredRecord<T> {
  return { key, value, version, expiresAt }
}

/** When Redis wrote it, in microseconds of its clock. */
function writtenAt({ version }: StoredRecord<unknown>): number {
  return Number.parseInt(version, 10)
}

function asTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}

/** What is long or unusual goes by its hash, so that no name is without bounds. */
function keyText(text: string): string {
  if (/^[\x20-\x7e]{1,128}$/.test(text)) return `=${text}`
  return `#${createHash('sha256').update(text).digest('base64url')}`
}

/** A text as it stands in a pattern of SCAN. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
