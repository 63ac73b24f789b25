import { assuranceOf, isMultiFactor, type Proof } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import { createRecentMap } from '../store/recent-map.js'
import { hashSecret } from '../store/secret-hash.js'
import type { Store, StoredRecord, WriteOptions } from '../store/store.js'
import { referenceFrom } from './reference.js'
import { tokenSessionId } from './session-record.js'
import type { OpenSession, SessionCarrier, SessionRecord } from './session-record.js'

export interface SessionsOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Milliseconds without a request after which a session ends; up to a tenth of it (at most a minute) early. */
  readonly idle: number
  /** Milliseconds after the login when a session ends, whatever happens. */
  readonly absolute: number
  /** The same for sessions that tokens carry. These know no idle time: refreshing is what keeps them. */
  readonly tokenLife: number
}

/** What a login knows when it starts a session. */
export interface NewSession {
  readonly subject: string
  readonly proofs: readonly Proof[]
  readonly address: string
  readonly userAgent: string
  readonly passwordVersion: string
  readonly hasSecondFactor: boolean
  readonly carrier: SessionCarrier
  /** The public name of the remembered browser that this login rests on, and until when it is remembered. */
  readonly rememberedDevice?: { readonly reference: string; readonly expiresAt: number } | undefined
  /** The name of the machine that begins it for its user. */
  readonly backend?: string | undefined
}

/** What a further step of a login changes. The limits and the reference stay. */
interface SessionChange {
  readonly proofs: readonly Proof[]
  readonly hasSecondFactor: boolean
}

/** The sessions of everybody. An id that is unknown, ended, idle for too long or too old is undefined, never an error. */
export interface Sessions {
  /** One user has at most 100: one more ends the oldest one of a single factor, or else the oldest. */
  start(session: NewSession): Promise<OpenSession>
  /** Reads the store. */
  find(id: string): Promise<SessionRecord | undefined>
  /**
   * For every request: answers at once, without a promise, from what was read within the last 500 ms. Then the
   * record is the same object as long as it has not changed. An end in another process holds within that time.
   * @param version the version that a genuine credential names: what was read before the session had it is read again,
   *   so that a step of the login that another process took counts here at once. Default: any
   */
  findCached(id: string, version?: number): SessionRecord | undefined | Promise<SessionRecord | undefined>
  /** Finds the session by its public name, for connections that outlive a request. */
  findByReference(subject: string, reference: string): Promise<SessionRecord | undefined>
  /** Gives the session a new id; the old one is dead. Of many callers at once exactly one gets it. */
  replace(id: string, change: (record: SessionRecord) => SessionChange): Promise<OpenSession | undefined>
  /** Ends it. Gives what it was, or undefined when there was none. */
  end(id: string): Promise<SessionRecord | undefined>
  /** True when this user had such a session. */
  endByReference(subject: string, reference: string): Promise<boolean>
  /** Ends all of a user's sessions but one, and gives how many. */
  endAll(subject: string, exceptReference?: string): Promise<number>
  /** Ends those of a user's sessions that `ends` picks, and gives how many. */
  endWhere(subject: string, ends: (record: SessionRecord) => boolean): Promise<number>
  list(subject: string): Promise<readonly SessionRecord[]>
  /** Those of everybody, one by one, in no order. */
  listAll(): AsyncIterable<SessionRecord>
  /** Tells the reference of each session that this process ends. A replaced session lives on and is not told. */
  onEnd(listener: (reference: string) => void): void
}

interface CacheEntry {
  /** The id of the record in the store. */
  readonly key: string
  found: StoredRecord<SessionRecord> | undefined
  readAt: number
  reading: Promise<SessionRecord | undefined> | undefined
}

const ID_BYTES = 32
const REFERENCE_BYTES = 16
const TRUSTED_FOR = 500
/** How many sessions are remembered at least, and for how long after a request, in milliseconds. */
const REMEMBERED = { least: 10_000, life: 60_000 }
const TOUCH_AT_MOST_EVERY = 60_000
const USER_AGENT_LENGTH = 256
/** Sessions of one user; one more ends another. */
const MOST_SESSIONS = 100

export function createSessions(options: SessionsOptions): Sessions {
  const { store, now, random, idle, absolute, tokenLife } = options
  const touchAfter = Math.min(TOUCH_AT_MOST_EVERY, idle / 10)
  // Keyed by the cookie's value, so that a hit costs no hash.
  const cache = createRecentMap<CacheEntry>({ ...REMEMBERED, now })
  const recentLists = createRecentMap<{
    readonly readAt: number
    readonly records: Promise<readonly SessionRecord[]>
  }>({ ...REMEMBERED, life: TRUSTED_FOR, now })
  const listeners: ((reference: string) => void)[] = []

  const lives = ({ createdAt, expiresAt, lastSeenAt, carrier }: SessionRecord): boolean =>
    now() < expiresAt &&
    // One that was begun while the clock was far ahead would last until then.
    now() >= createdAt - (expiresAt - createdAt) &&
    (carrier === 'tokens' || now() < lastSeenAt + idle)
  // The store keeps it up to the absolute limit, so that a session that is found idle can be deleted for good.
  const writeOptions = ({ expiresAt, subject }: SessionRecord): WriteOptions => ({
    expiresAt,
    owner: subject,
  })

  function forget(key: string): void {
    for (const [id, entry] of cache.entries()) if (entry.key === key) cache.delete(id)
  }

  /** Meanwhile the session may have been ended, and another entry have come. */
  function forgetEntry(id: string, entry: CacheEntry): void {
    if (cache.get(id) === entry) cache.delete(id)
  }

  function tellEnd(reference: string): void {
    for (const listener of listeners) listener(reference)
  }

  async function read(key: string): Promise<StoredRecord<SessionRecord> | undefined> {
    const found = await store.get<SessionRecord>({ kind: 'session', id: key })
    if (found === undefined || lives(found.value)) return found
    // Deleted and not only passed over, so that a clock that is set back does not revive it.
    await store.delete({ kind: 'session', id: key })
    return undefined
  }

  /** Keeps an active session from becoming idle. A session that was ended or replaced meanwhile stays so. */
  async function touch(key: string, { value, version }: StoredRecord<SessionRecord>): Promise<void> {
    const record = { ...value, lastSeenAt: now() }
    await store.compareAndSet({ kind: 'session', id: key }, version, record, writeOptions(record))
  }

  async function readInto(id: string, entry: CacheEntry): Promise<SessionRecord | undefined> {
    try {
      const readAt = now()
      const found = await read(entry.key)
      if (found === undefined) {
        forgetEntry(id, entry)
        return undefined
      }
      if (entry.found?.version !== found.version) entry.found = found
      entry.readAt = readAt
      if (found.value.carrier === 'cookie' && readAt - found.value.lastSeenAt >= touchAfter) {
        // Not waited for. If the store is broken, the next read of this session says so.
        touch(entry.key, found).catch(() => undefined)
      }
      return entry.found.value
    } catch (error) {
      forgetEntry(id, entry)
      throw error
    } finally {
      entry.reading = undefined
    }
  }

  function findCached(
    id: string,
    version = 0,
  ): SessionRecord | undefined | Promise<SessionRecord | undefined> {
    const isOlder = (record: SessionRecord | undefined): boolean =>
      record !== undefined && record.version < version
    let entry = cache.get(id)
    if (entry === undefined) {
      entry = { key: hashSecret(id), found: undefined, readAt: now(), reading: undefined }
      cache.set(id, entry)
    } else if (entry.found !== undefined) {
      const age = now() - entry.readAt
      const { value } = entry.found
      if (age >= 0 && age < TRUSTED_FOR && lives(value) && !isOlder(value)) return value
    }
    const reread = entry
    const read = (): Promise<SessionRecord | undefined> => (reread.reading ??= readInto(id, reread))
    if (version === 0) return read()
    // A read that is under way may have begun before the session had this version; one that begins after it has not.
    return read().then(record => (isOlder(record) ? read() : record))
  }

  async function endRecord(key: string): Promise<SessionRecord | undefined> {
    const record = await store.take<SessionRecord>({ kind: 'session', id: key })
    forget(key)
    if (record !== undefined) tellEnd(record.reference)
    return record
  }

  async function endWhere(subject: string, ends: (record: SessionRecord) => boolean): Promise<number> {
    let ended = 0
    for (let missed = true; missed;) {
      missed = false
      for (const { key, value } of await store.listByOwner<SessionRecord>('session', subject)) {
        if (!ends(value)) continue
        if ((await endRecord(key.id)) === undefined) missed = true
        else ended++
      }
    }
    return ended
  }

  async function keep(record: SessionRecord): Promise<OpenSession> {
    const id =
      record.carrier === 'tokens' ? tokenSessionId(record.reference) : random(ID_BYTES).toString('base64url')
    await store.put({ kind: 'session', id: hashSecret(id) }, record, writeOptions(record))
    return { id, record }
  }

  async function list(subject: string): Promise<readonly SessionRecord[]> {
    const records = await store.listByOwner<SessionRecord>('session', subject)
    return records.map(({ value }) => value).filter(lives)
  }

  /** For connections that are looked at again every few seconds, many of one person at once. */
  function listRecently(subject: string): Promise<readonly SessionRecord[]> {
    const recent = recentLists.get(subject)
    const age = recent === undefined ? TRUSTED_FOR : now() - recent.readAt
    if (recent !== undefined && age >= 0 && age < TRUSTED_FOR) return recent.records
    const records = list(subject)
    recentLists.set(subject, { readAt: now(), records })
    return records
  }

  /**
   * Ends sessions of somebody who has too many: nobody fills the store with a password alone. Those of one factor go
   * first, the oldest of them: whoever has stolen the password does not throw the owner out either.
   */
  async function makeRoom(subject: string): Promise<void> {
    const records = await store.listByOwner<SessionRecord>('session', subject)
    const leaving = [...records].sort(
      (a, b) =>
        Number(isStrong(a.value)) - Number(isStrong(b.value)) || a.value.createdAt - b.value.createdAt,
    )
    for (const { key } of leaving.slice(0, Math.max(0, records.length - MOST_SESSIONS + 1)))
      await endRecord(key.id)
  }

  return {
    start: async session => {
      await makeRoom(session.subject)
      const at = now()
      const { carrier, rememberedDevice, backend } = session
      const end = at + (carrier === 'tokens' ? tokenLife : absolute)
      return keep({
        subject: session.subject,
        proofs: session.proofs,
        reference: referenceFrom(random(REFERENCE_BYTES).toString('base64url')),
        createdAt: at,
        lastSeenAt: at,
        expiresAt: Math.min(end, rememberedDevice?.expiresAt ?? end),
        address: session.address,
        userAgent: session.userAgent.slice(0, USER_AGENT_LENGTH),
        passwordVersion: session.passwordVersion,
        hasSecondFactor: session.hasSecondFactor,
        carrier,
        version: 1,
        ...(rememberedDevice === undefined ? {} : { rememberedDevice: rememberedDevice.reference }),
        ...(backend === undefined ? {} : { backend }),
      })
    },

    find: async id => (await read(hashSecret(id)))?.value,
    findCached,
    findByReference: async (subject, reference) =>
      (await listRecently(subject)).find(record => record.reference === reference && lives(record)),

    replace: async (id, change) => {
      const key = hashSecret(id)
      const old = await read(key)
      if (old === undefined) return undefined
      const changed: SessionRecord = { ...old.value, ...change(old.value), version: old.value.version + 1 }
      if (changed.carrier === 'tokens') {
        // Its id is its reference and stays; every token of an earlier version is dead from here on.
        const written = await store.compareAndSet(old.key, old.version, changed, writeOptions(changed))
        forget(key)
        return written ? { id, record: changed } : undefined
      }
      // The new one is written before the old one is taken: whoever ends all sessions of the user meanwhile either
      // gets the old one first, or misses it and finds the new one when it looks again.
      const replacement = await keep(changed)
      const taken = await store.take<SessionRecord>({ kind: 'session', id: key })
      forget(key)
      if (taken !== undefined) return replacement
      await store.delete({ kind: 'session', id: hashSecret(replacement.id) })
      return undefined
    },

    end: id => endRecord(hashSecret(id)),
    endByReference: async (subject, reference) =>
      (await endWhere(subject, record => record.reference === reference)) > 0,
    endAll: (subject, exceptReference) => endWhere(subject, record => record.reference !== exceptReference),
    endWhere,
    list,
    async *listAll() {
      for await (const { value } of store.each<SessionRecord>('session')) if (lives(value)) yield value
    },
    onEnd: listener => void listeners.push(listener),
  }
}

/** Whether a password alone was not enough to begin it. */
function isStrong({ proofs, rememberedDevice }: SessionRecord): boolean {
  return rememberedDevice !== undefined || isMultiFactor(assuranceOf(proofs))
}
