import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How lmdb writes, whatever it is opened for.
 *
 * It would sync after it has given back the write lock, under a second lock. Whoever waits for that one while its
 * owner is killed is told that its own file is beyond repair (`MDB_PANIC`, `mdb_mutex_failed`), for good.
 *
 * It would gather what is written in one turn of the event loop, and for each such batch whose commit fails, as on a
 * full disk, reject a promise of its own that nobody can look at. Our turns gather what waits by themselves.
 */
export const WRITTEN_IN_TURN = { overlappingSync: false, eventTurnBatching: false } as const

/** Makes a directory for LMDB that only its owner can read, with its files: LMDB would make them 0644. */
export function makeLmdbDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const name of ['data.mdb', 'lock.mdb']) {
    const file = join(directory, name)
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  }
}
