/** Every kind of record. Each has one owner module; the kind is part of the key and of every seal. */
export const RECORD_KINDS = [
  'account',
  'activity',
  'api_token',
  'attempts',
  'backup_codes',
  'challenge',
  'enrolment',
  'enrolment_ticket',
  'first_factor',
  'knowledge_questions',
  'known_browser',
  'mfa_token',
  'one_time_code',
  'refresh_token',
  'remembered_device',
  'sent_codes',
  'session',
  'shadow_report',
  'signing_key',
  'stateless_challenge',
  'store_mark',
  'totp',
  'webauthn',
  'webauthn_challenge',
] as const

/** What a record is. */
export type RecordKind = (typeof RECORD_KINDS)[number]

/** Names one record: a kind and an id of any text. Secrets never are ids: `hashSecret()` them first. */
export interface RecordKey {
  readonly kind: RecordKind
  readonly id: string
}

/**
 * A record as it is stored. `version` changes with every write and is what `compareAndSet` compares; it never comes
 * back for a key, also not after the record was deleted and made again.
 */
export interface StoredRecord<T> {
  readonly key: RecordKey
  readonly value: T
  readonly version: string
  /** Milliseconds since the epoch, or undefined when it lives until it is deleted. */
  readonly expiresAt: number | undefined
}

/** A record with the subject it belongs to. */
export interface OwnedRecord<T> extends StoredRecord<T> {
  /** Undefined: nobody. */
  readonly owner: string | undefined
}

export interface WriteOptions {
  /** The record is gone from this moment on (milliseconds since the epoch). Undefined: it stays. */
  readonly expiresAt: number | undefined
  /** The subject it belongs to, for `listByOwner`. Undefined: whoever owned the live record before, or nobody. */
  readonly owner?: string | undefined
}

/** The store could not be reached or could not keep what it was given. Answered as 503, never as a yes. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/**
 * Where the gateway remembers. Values are JSON. Every operation is atomic, in one process and between processes,
 * and an awaited write survives the death of the process. An expired record is never given out.
 * Throws `StoreUnavailable` when the home of the records fails.
 */
export interface Store {
  /** Reads the newest committed record, also one that another process has just written. */
  get<T>(key: RecordKey): Promise<StoredRecord<T> | undefined>
  put(key: RecordKey, value: unknown, options: WriteOptions): Promise<void>
  /** Writes only where there is no live record. True: written. */
  putIfAbsent(key: RecordKey, value: unknown, options: WriteOptions): Promise<boolean>
  /** Reads and deletes in one step: of many callers at once exactly one gets the value. */
  take<T>(key: RecordKey): Promise<T | undefined>
  /** Writes only while the record still has this version. True: written. */
  compareAndSet(key: RecordKey, version: string, value: unknown, options: WriteOptions): Promise<boolean>
  /** True when there was a live record. */
  delete(key: RecordKey): Promise<boolean>
  /** Adds one to a counter (absent is 0) and gives the new count. Only the first increment sets expiry and owner. */
  increment(key: RecordKey, options: WriteOptions): Promise<number>
  /** Every live record of a kind that belongs to a subject, oldest write first. */
  listByOwner<T>(kind: RecordKind, owner: string): Promise<readonly StoredRecord<T>[]>
  /**
   * Every live record of a kind, whoever owns it, in no order and read piece by piece. One that is there all the while
   * comes at least once; one that is written or deleted meanwhile may come or not.
   */
  each<T>(kind: RecordKind): AsyncIterable<OwnedRecord<T>>
  /** Deletes what has expired, at most `limit` records, and gives how many. */
  sweep(limit: number): Promise<number>
  close(): Promise<void>
}

/** What `update()` is to answer, and what it is to write, if anything. */
export interface Change<T, R> {
  readonly result: R
  readonly write?: { readonly value: T; readonly options: WriteOptions }
}

/**
 * Reads, changes and writes one record so that no concurrent change is lost.
 * `change` may run several times; without `write` the record stays as it is.
 * @returns what the last run of `change` gave as `result`
 */
export async function update<T, R>(
  store: Store,
  key: RecordKey,
  change: (current: T | undefined) => Change<T, R>,
): Promise<R> {
  for (;;) {
    const record = await store.get<T>(key)
    const { result, write } = change(record?.value)
    if (write === undefined) return result
    const written =
      record === undefined
        ? await store.putIfAbsent(key, write.value, write.options)
        : await store.compareAndSet(key, record.version, write.value, write.options)
    if (written) return result
  }
}
