import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Clock } from '../clock.js'
import { makeLmdbDirectory, WRITTEN_IN_TURN } from './lmdb-directory.js'
import { openTurns } from './lmdb-turns.js'
import { createRecordOperations, type Row, type Rows } from './record-operations.js'
import { type RecordKey, type RecordKind, type Store, StoreUnavailable } from './store.js'

/** Where the embedded store lies, and what time it is. */
export interface LmdbStoreOptions {
  /** Made with mode 0700 if it is not there. On a local disk: LMDB must not lie on a network file system. */
  readonly directory: string
  readonly now: Clock
}

type Name = [RecordKind, string]
type OwnerEntry = [RecordKind, string, string]
type ExpiryEntry = [number, RecordKind, string]

/** Leaves room for 9 * 10^10 transactions in a whole number. */
const WRITES_TOLD_APART = 100_000

/** Stands in the first page of every LMDB file, after the page's header. */
const LMDB_MAGIC = 0xbeefc0de
const LMDB_MAGIC_OFFSET = 24

interface Databases {
  readonly root: RootDatabase<never, string>
  readonly records: Database<Row, Name>
  readonly owners: Database<true, OwnerEntry>
  readonly expiries: Database<true, ExpiryEntry>
}

/**
 * The embedded store: LMDB in a directory, shared by any number of processes on one host. An awaited write is on the
 * disk: it survives kill -9 and a power failure.
 * @throws StoreUnavailable when the directory cannot be made or opened
 */
export function openLmdbStore({ directory, now }: LmdbStoreOptions): Store {
  const failed = (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error)
    // lmdb tells the cause by a promise of its own, which nobody would look at.
    if (error instanceof Error && 'commitError' in error)
      Promise.resolve(error.commitError).catch(() => undefined)
    throw new StoreUnavailable(`The store in ${directory} failed: ${why}`, { cause: error })
  }
  const turns = openOrFail(failed, () => openTurns(join(directory, 'turns')))
  const databases = openOrFail(failed, () => turns.takeNow(() => openDatabases(directory)))
  const { root, records, owners, expiries } = databases
  let closed = false
  let writes = 0

  const rows: Rows = {
    read: key => records.get(nameOf(key)),
    write: (row, previous) => {
      if (previous !== undefined) removeEntries(databases, previous)
      const [kind, id] = nameOf(row)
      records.putSync([kind, id], row)
      if (row.owner !== undefined) owners.putSync([kind, keyText(row.owner), id], true)
      if (row.expiresAt !== undefined) expiries.putSync([row.expiresAt, kind, id], true)
    },
    remove: row => {
      removeEntries(databases, row)
      records.removeSync(nameOf(row))
    },
    ownedBy: (kind, owner) => {
      const start = [kind, keyText(owner)]
      const found: Row[] = []
      // Every key text begins with a printable character, so the range ends before the next owner.
      for (const { key } of owners.getRange({ start, end: [...start, '\x7f'] })) {
        const row = records.get([key[0], key[2]])
        if (row !== undefined) found.push(row)
      }
      return found
    },
    ofKind: (kind, after, limit) => {
      const start = after === undefined ? [kind] : [kind, keyText(after)]
      const range = { start, end: [kind, '\x7f'], limit, exclusiveStart: after !== undefined }
      return [...records.getRange(range)].map(({ value }) => value)
    },
    expiredBy: (moment, limit) => {
      const found: Row[] = []
      for (const { key } of expiries.getRange({ end: [moment, '\x7f'], limit })) {
        const row = records.get([key[1], key[2]])
        if (row !== undefined) found.push(row)
      }
      return found
    },
    // Several writes may share one transaction of LMDB, whose number grows over all processes.
    nextVersion: () => root.getWriteTxnId() * WRITES_TOLD_APART + (writes++ % WRITES_TOLD_APART),
  }

  const attempt = <R>(work: () => R | Promise<R>): Promise<R> =>
    new Promise<R>(resolve => {
      if (closed) throw new Error('it is closed')
      resolve(work())
    }).catch(failed)

  return createRecordOperations(
    {
      read: work =>
        attempt(() => {
          // Without it a read may show what was there before another process's last write, for one turn of the loop.
          root.resetReadTxn()
          return work(rows)
        }),
      // lmdb's `transaction()` keeps what was written before an exception; a child transaction does not. It waits for
      // other processes and for the disk without holding up the event loop.
      transact: work => attempt(() => turns.take(() => root.childTransaction(() => work(rows)))),
      close: async () => {
        if (closed) return
        closed = true
        await turns.close()
        await root.close()
      },
    },
    now,
  )
}

function openOrFail<R>(failed: (error: unknown) => never, open: () => R): R {
  try {
    return open()
  } catch (error) {
    return failed(error)
  }
}

function openDatabases(directory: string): Databases {
  makeLmdbDirectory(directory)
  assertLmdb(join(directory, 'data.mdb'))
  const root = open<never, string>({ path: directory, noSubdir: false, maxDbs: 8, ...WRITTEN_IN_TURN })
  // The reader slots of killed processes would keep old pages from being used again.
  root.readerCheck()
  return {
    root,
    records: root.openDB<Row, Name>('records', { encoding: 'json' }),
    owners: root.openDB<true, OwnerEntry>('owners', { encoding: 'json' }),
    expiries: root.openDB<true, ExpiryEntry>('expiries', { encoding: 'json' }),
  }
}

/** Opening a file that is something else would end the process without a word. */
function assertLmdb(file: string): void {
  const start = Buffer.alloc(32)
  const descriptor = openSync(file, 'r')
  try {
    const length = readSync(descriptor, start, 0, start.length, 0)
    if (length > 0 && start.readUInt32LE(LMDB_MAGIC_OFFSET) !== LMDB_MAGIC) {
      throw new Error('data.mdb is damaged or not an LMDB file; restore it from a backup')
    }
  } finally {
    closeSync(descriptor)
  }
}

function removeEntries({ owners, expiries }: Databases, row: Row): void {
  const [kind, id] = nameOf(row)
  if (row.owner !== undefined) owners.removeSync([kind, keyText(row.owner), id])
  if (row.expiresAt !== undefined) expiries.removeSync([row.expiresAt, kind, id])
}

function nameOf({ kind, id }: RecordKey): Name {
  return [kind, keyText(id)]
}

/** LMDB's keys end at 1978 bytes and sort by bytes: what is long or unusual goes by its hash. */
function keyText(text: string): string {
  if (/^[\x20-\x7e]{1,128}$/.test(text)) return `=${text}`
  return `#${createHash('sha256').update(text).digest('base64url')}`
}
