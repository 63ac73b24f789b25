import type { Clock } from '../../src/clock.js'
import { createRecordOperations, type Row, type Rows } from '../../src/store/record-operations.js'
import type { RecordKey, Store } from '../../src/store/store.js'

/** A store in memory that can be put back to how it was. */
export interface RewindableStore extends Store {
  /** Remembers how everything is now. */
  keep: () => void
  /** Puts everything back to how it was when it was kept. Versions go on, so that nothing that was read before fits. */
  rewind: () => void
}

/** Makes an empty one. */
export function createRewindableStore(now: Clock): RewindableStore {
  let rows = new Map<string, Row>()
  let kept = new Map<string, Row>()
  let version = 0
  const nameOf = ({ kind, id }: RecordKey): string => `${kind} ${id}`
  const select = (wanted: (row: Row) => boolean): Row[] => structuredClone([...rows.values()].filter(wanted))
  const operations: Rows = {
    read: key => structuredClone(rows.get(nameOf(key))),
    write: row => rows.set(nameOf(row), structuredClone(row)),
    remove: row => rows.delete(nameOf(row)),
    ownedBy: (kind, owner) => select(row => row.kind === kind && row.owner === owner),
    ofKind: (kind, after, limit) =>
      select(row => row.kind === kind && (after === undefined || row.id > after))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    expiredBy: (moment, limit) =>
      select(row => row.expiresAt !== undefined && row.expiresAt <= moment).slice(0, limit),
    nextVersion: () => ++version,
  }
  const run = async <R>(work: (rows: Rows) => R): Promise<R> => work(operations)
  const home = { read: run, transact: run, close: () => Promise.resolve() }
  return {
    ...createRecordOperations(home, now),
    keep: () => {
      kept = new Map(rows)
    },
    rewind: () => {
      rows = new Map(kept)
    },
  }
}
