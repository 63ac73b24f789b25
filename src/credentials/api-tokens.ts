import type { Clock } from '../clock.js'
import { createRecentMap } from '../store/recent-map.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, type StoredRecord, update } from '../store/store.js'
import { type ApiToken, type ApiTokenFault, type ApiTokenOwner, faultOfApiToken } from './api-token.js'
import type { NewApiToken } from './api-token.js'
import { createApiTokenText, isApiTokenText } from './api-token-text.js'
import { referenceFrom } from './reference.js'

export interface ApiTokensOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** What came of making a token. `too_many`: the owner has 100. */
export type ApiTokenCreation =
  | {
      readonly outcome: 'created'
      /** The secret. Shown once: nobody can read it again. */
      readonly token: string
      readonly record: ApiToken
    }
  | { readonly outcome: 'invalid'; readonly fault: ApiTokenFault }
  | { readonly outcome: 'too_many' }

/** The tokens of machines, and those that users make for their programs. */
export interface ApiTokens {
  create(wanted: NewApiToken): Promise<ApiTokenCreation>
  /**
   * For every request: answers at once, without a promise, from what was read within the last 500 ms. Then it is the
   * same object as long as the token lives; only its `lastUsedAt` may lag. An end in another process holds within
   * that time. Undefined: there is no such token.
   */
  find(token: string): ApiToken | undefined | Promise<ApiToken | undefined>
  /** Finds it by its text, without noting a use. Reads the store. */
  peek(token: string): Promise<ApiToken | undefined>
  /** Finds it by its public name, for connections that outlive a request. Not a use of it. */
  findByReference(reference: string): Promise<ApiToken | undefined>
  /** Every token of an owner, or of everybody; the oldest first for each owner. */
  list(owner?: ApiTokenOwner): Promise<readonly ApiToken[]>
  /**
   * Ends a token.
   * @param owner ends it only if it is this owner's
   * @returns what it was; undefined when there was none
   */
  revoke(reference: string, owner?: ApiTokenOwner): Promise<ApiToken | undefined>
}

/** What the store holds of a token, under its reference. */
interface ApiTokenRecord {
  /** The hash of the token's text. */
  readonly hash: string
  readonly name: string
  readonly owner: ApiTokenOwner
  readonly scopes: readonly string[]
  readonly apps?: readonly string[]
  readonly paths?: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt?: number
}

interface CacheEntry {
  readonly reference: string
  token: ApiToken | undefined
  readAt: number
  reading: Promise<ApiToken | undefined> | undefined
}

const TRUSTED_FOR = 500
/** How many tokens are remembered at least, and for how long after a request, in milliseconds. */
const REMEMBERED = { least: 10_000, life: 60_000 }
const TOUCH_AT_MOST_EVERY = 60_000
/** Tokens of one owner. */
const MOST_TOKENS = 100
const REFERENCE = /^[A-Za-z0-9_-]{22}$/
/** Owns what belongs to machines. No user name has capital letters. */
const MACHINES = 'MACHINES'
/** The record of who has tokens. No reference is so short. */
const OWNERS: RecordKey = { kind: 'api_token', id: 'owners' }

export function createApiTokens({ store, now, random }: ApiTokensOptions): ApiTokens {
  // Keyed by the token's text, so that a hit costs no hash.
  const cache = createRecentMap<CacheEntry>({ ...REMEMBERED, now })

  async function readInto(text: string, entry: CacheEntry): Promise<ApiToken | undefined> {
    try {
      const readAt = now()
      const found = await store.get<ApiTokenRecord>(keyOf(entry.reference))
      const good = found?.value.hash === hashSecret(text) ? found : undefined
      if (good === undefined) {
        forgetEntry(text, entry)
        return undefined
      }
      entry.token ??= read(entry.reference, good.value)
      entry.readAt = readAt
      // Not waited for. If the store is broken, the next read of this token says so.
      touch(good, readAt).catch(() => undefined)
      return entry.token
    } catch (error) {
      forgetEntry(text, entry)
      throw error
    } finally {
      entry.reading = undefined
    }
  }

  /** Notes the use, unless one was noted within a minute. A token that was revoked meanwhile stays so. */
  async function touch({ key, version, value }: StoredRecord<ApiTokenRecord>, at: number): Promise<void> {
    if (value.lastUsedAt !== undefined && at - value.lastUsedAt < TOUCH_AT_MOST_EVERY) return
    const { expiresAt } = value
    await store.compareAndSet(key, version, { ...value, lastUsedAt: at }, { expiresAt })
  }

  /** Meanwhile the token may have been revoked, and another entry have come. */
  function forgetEntry(text: string, entry: CacheEntry): void {
    if (cache.get(text) === entry) cache.delete(text)
  }

  function forget(reference: string): void {
    for (const [text, entry] of cache.entries()) if (entry.reference === reference) cache.delete(text)
  }

  async function listOf(owner: string): Promise<readonly ApiToken[]> {
    const records = await store.listByOwner<ApiTokenRecord>('api_token', owner)
    return records
      .map(({ key, value }) => read(key.id, value))
      .sort((one, other) => one.createdAt - other.createdAt)
  }

  async function remove(reference: string): Promise<ApiToken | undefined> {
    const record = await store.take<ApiTokenRecord>(keyOf(reference))
    forget(reference)
    return record && read(reference, record)
  }

  return {
    create: async wanted => {
      const fault = faultOfApiToken(wanted, now())
      if (fault !== undefined) return { outcome: 'invalid', fault }
      const { name, owner, scopes, apps, paths, expiresAt } = wanted
      const token = createApiTokenText(random)
      const reference = referenceOf(token)
      const record: ApiTokenRecord = {
        hash: hashSecret(token),
        name,
        owner,
        scopes: [...new Set(scopes)],
        ...(apps === undefined ? {} : { apps }),
        ...(paths === undefined ? {} : { paths }),
        createdAt: now(),
        expiresAt,
      }
      if (owner.kind === 'user') await noteOwner(store, owner.subject)
      await store.put(keyOf(reference), record, { expiresAt, owner: ownerText(owner) })
      // Counted afterwards, so that of many who make one at once none gets past the limit.
      if ((await listOf(ownerText(owner))).length > MOST_TOKENS) {
        await remove(reference)
        return { outcome: 'too_many' }
      }
      return { outcome: 'created', token, record: read(reference, record) }
    },

    find: text => {
      let entry = cache.get(text)
      if (entry === undefined) {
        if (!isApiTokenText(text)) return undefined
        entry = { reference: referenceOf(text), token: undefined, readAt: 0, reading: undefined }
        cache.set(text, entry)
      } else if (entry.token !== undefined) {
        const age = now() - entry.readAt
        if (age >= 0 && age < TRUSTED_FOR && now() < entry.token.expiresAt) return entry.token
      }
      entry.reading ??= readInto(text, entry)
      return entry.reading
    },

    peek: async text => {
      if (!isApiTokenText(text)) return undefined
      const reference = referenceOf(text)
      const found = await store.get<ApiTokenRecord>(keyOf(reference))
      return found?.value.hash === hashSecret(text) ? read(reference, found.value) : undefined
    },

    findByReference: async reference => {
      if (!REFERENCE.test(reference)) return undefined
      const found = await store.get<ApiTokenRecord>(keyOf(reference))
      return found && read(reference, found.value)
    },

    list: async owner => {
      if (owner !== undefined) return listOf(ownerText(owner))
      const subjects = (await store.get<readonly string[]>(OWNERS))?.value ?? []
      return (await Promise.all([MACHINES, ...subjects].map(listOf))).flat()
    },

    revoke: async (reference, owner) => {
      if (!REFERENCE.test(reference)) return undefined
      const found = await store.get<ApiTokenRecord>(keyOf(reference))
      if (found === undefined) return undefined
      const isTheirs = owner === undefined || ownerText(owner) === ownerText(found.value.owner)
      return isTheirs ? remove(reference) : undefined
    },
  }
}

/**
 * The public name of a token, and the id of its record: one half of another hash than the one that the record holds, so
 * that one read finds the record from the token and from its name. It opens nothing: nobody can compute a text of 256
 * random bits from it.
 */
function referenceOf(token: string): string {
  return referenceFrom(hashSecret(`api token reference ${token}`).slice(0, 22))
}

function keyOf(reference: string): RecordKey {
  return { kind: 'api_token', id: reference }
}

function ownerText(owner: ApiTokenOwner): string {
  return owner.kind === 'machine' ? MACHINES : owner.subject
}

function read(reference: string, record: ApiTokenRecord): ApiToken {
  const { name, owner, scopes, apps, paths, createdAt, expiresAt, lastUsedAt } = record
  return { reference, name, owner, scopes, apps, paths, createdAt, expiresAt, lastUsedAt }
}

/** Takes somebody off the list of those who ever had a token: for a user who is removed, with all tokens. */
export function forgetApiTokenOwner(store: Store, subject: string): Promise<void> {
  return update<readonly string[], undefined>(store, OWNERS, subjects =>
    subjects?.includes(subject) === true
      ? {
          result: undefined,
          write: { value: subjects.filter(other => other !== subject), options: { expiresAt: undefined } },
        }
      : { result: undefined },
  )
}

/** Keeps the names of all who ever had a token, so that the operator can list those of users who are gone. */
function noteOwner(store: Store, subject: string): Promise<void> {
  return update<readonly string[], undefined>(store, OWNERS, subjects =>
    subjects?.includes(subject) === true
      ? { result: undefined }
      : {
          result: undefined,
          write: { value: [...(subjects ?? []), subject], options: { expiresAt: undefined } },
        },
  )
}
