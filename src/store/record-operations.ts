import type { Clock } from '../clock.js'
import type { OwnedRecord, RecordKey, RecordKind, Store, StoredRecord, WriteOptions } from './store.js'

/** One record as a home keeps it. Everything in it is JSON. */
export interface Row {
  readonly kind: RecordKind
  readonly id: string
  readonly value: unknown
  readonly version: string
  readonly expiresAt?: number | undefined
  readonly owner?: string | undefined
}

/** What a home can do with rows, inside or outside of a transaction. It knows nothing of time. */
export interface Rows {
  /** The row under this key, also an expired one. */
  read(key: RecordKey): Row | undefined
  /** Writes the row and both of its index entries; the entries of `previous` go. */
  write(row: Row, previous: Row | undefined): void
  /** Removes the row and both of its index entries. */
  remove(row: Row): void
  /** Every row of a kind that belongs to a subject, in any order. */
  ownedBy(kind: RecordKind, owner: string): readonly Row[]
  /** At most `limit` rows of a kind, in an order that stays, those behind the id `after`. Undefined: from the first. */
  ofKind(kind: RecordKind, after: string | undefined, limit: number): readonly Row[]
  /** At most `limit` rows whose expiry is at or before `moment`. */
  expiredBy(moment: number, limit: number): readonly Row[]
  /** A number greater than that of any earlier write, of any process. Only inside of a transaction. */
  nextVersion(): number
}

/** A home of records: how it reads, and how it changes several rows in one step. */
export interface Home {
  /** Runs `work` on the newest committed rows. */
  read<R>(work: (rows: Rows) => R): Promise<R>
  /** Runs `work` while nobody else writes. What it wrote is kept as a whole or, when it throws, not at all. */
  transact<R>(work: (rows: Rows) => R): Promise<R>
  close(): Promise<void>
}

/** How many rows `each()` reads at once: a gateway that answers meanwhile waits for no more. */
const PIECE = 500

/**
 * Builds the store's contract on a home that can run a piece of work in a transaction, so that expiry, ownership and
 * versions mean the same in each.
 */
export function createRecordOperations(home: Home, now: Clock): Store {
  const live = (row: Row | undefined): Row | undefined =>
    row !== undefined && (row.expiresAt === undefined || row.expiresAt > now()) ? row : undefined

  /** `stored` is what lies under the key, expired or not, so that its index entries go. */
  const write = (
    rows: Rows,
    key: RecordKey,
    stored: Row | undefined,
    value: unknown,
    options: WriteOptions,
  ): void => {
    const { kind, id } = key
    const owner = options.owner ?? live(stored)?.owner
    const version = String(rows.nextVersion())
    rows.write({ kind, id, value, version, expiresAt: options.expiresAt, owner }, stored)
  }

  return {
    get: <T>(key: RecordKey) =>
      home.read(rows => {
        const row = live(rows.read(key))
        return row && asRecord<T>(row)
      }),
    put: (key, value, options) =>
      home.transact(rows => {
        write(rows, key, rows.read(key), value, options)
      }),
    putIfAbsent: (key, value, options) =>
      home.transact(rows => {
        const stored = rows.read(key)
        if (live(stored) !== undefined) return false
        write(rows, key, stored, value, options)
        return true
      }),
    take: <T>(key: RecordKey) =>
      home.transact(rows => {
        const stored = rows.read(key)
        if (stored !== undefined) rows.remove(stored)
        return live(stored)?.value as T | undefined
      }),
    compareAndSet: (key, version, value, options) =>
      home.transact(rows => {
        const stored = live(rows.read(key))
        if (stored?.version !== version) return false
        write(rows, key, stored, value, options)
        return true
      }),
    delete: key =>
      home.transact(rows => {
        const stored = rows.read(key)
        if (stored !== undefined) rows.remove(stored)
        return live(stored) !== undefined
      }),
    increment: (key, options) =>
      home.transact(rows => {
        const stored = rows.read(key)
        const counter = live(stored)
        const count = typeof counter?.value === 'number' ? counter.value + 1 : 1
        write(rows, key, stored, count, counter === undefined ? options : { expiresAt: counter.expiresAt })
        return count
      }),
    listByOwner: <T>(kind: RecordKind, owner: string) =>
      home.read(rows =>
        rows
          .ownedBy(kind, owner)
          .filter(row => live(row) !== undefined)
          .sort((a, b) => Number(a.version) - Number(b.version))
          .map(row => asRecord<T>(row)),
      ),
    async *each<T>(kind: RecordKind): AsyncGenerator<OwnedRecord<T>, void> {
      let after: string | undefined
      for (;;) {
        const from = after
        const rows = await home.read(all => all.ofKind(kind, from, PIECE))
        for (const row of rows) if (live(row) !== undefined) yield { ...asRecord<T>(row), owner: row.owner }
        after = rows.at(-1)?.id
        if (after === undefined || rows.length < PIECE) return
      }
    },
    sweep: limit =>
      home.transact(rows => {
        const expired = rows.expiredBy(now(), limit)
        for (const row of expired) rows.remove(row)
        return expired.length
      }),
    close: () => home.close(),
  }
}

function asRecord<T>(row: Row): StoredRecord<T> {
  return {
    key: { kind: row.kind, id: row.id },
    value: row.value as T,
    version: row.version,
    expiresAt: row.expiresAt,
  }
}
