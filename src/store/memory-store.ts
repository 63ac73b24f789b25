import type { Clock } from '../clock.js'
import { createRecordOperations, type Row, type Rows } from './record-operations.js'
import { type RecordKey, type Store, StoreUnavailable } from './store.js'

/**
 * A store that forgets everything with its process: for tests and for looking at the gateway. Values go through JSON
 * as in every other store, so nobody holds on to a stored value.
 */
export function createMemoryStore({ now }: { readonly now: Clock }): Store {
  const texts = new Map<string, string>()
  let version = 0
  let closed = false

  const parse = (text: string): Row => JSON.parse(text) as Row
  const select = (wanted: (row: Row) => boolean): Row[] => [...texts.values()].map(parse).filter(wanted)
  const rows: Rows = {
    read: key => {
      const text = texts.get(nameOf(key))
      return text === undefined ? undefined : parse(text)
    },
    write: row => texts.set(nameOf(row), JSON.stringify(row)),
    remove: row => texts.delete(nameOf(row)),
    ownedBy: (kind, owner) => select(row => row.kind === kind && row.owner === owner),
    ofKind: (kind, after, limit) =>
      select(row => row.kind === kind && (after === undefined || row.id > after))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    expiredBy: (moment, limit) =>
      select(row => row.expiresAt !== undefined && row.expiresAt <= moment).slice(0, limit),
    nextVersion: () => ++version,
  }
  // Each operation writes or deletes one row, or deletes some: there is nothing that could be half done.
  const run = <R>(work: (rows: Rows) => R): Promise<R> =>
    new Promise(resolve => {
      if (closed) throw new StoreUnavailable('The store is closed.')
      resolve(work(rows))
    })
  const close = (): Promise<void> => {
    closed = true
    return Promise.resolve()
  }
  return createRecordOperations({ read: run, transact: run, close }, now)
}

function nameOf({ kind, id }: RecordKey): string {
  return `${kind} ${id}`
}
