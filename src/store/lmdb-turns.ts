import { ABORT, open } from 'lmdb'
import { makeLmdbDirectory, WRITTEN_IN_TURN } from './lmdb-directory.js'

/** Whose turn it is among the processes that share a store. */
export interface Turns {
  /** Runs `work` while no other process runs any. Holds up the event loop until the turn comes. */
  takeNow<R>(work: () => R): R
  /** The same without holding up the event loop; the turn ends when what `work` gives is settled. */
  take<R>(work: () => Promise<R>): Promise<R>
  /** Lets what waits have its turn first. */
  close(): Promise<void>
}

/** The lock goes to whoever is quick. After so many turns in a row a process gives way to others, so long (in ms). */
const MOST_TURNS_IN_A_ROW = 16
const GIVES_WAY_FOR = 2

/**
 * Opening an LMDB file sets the shared number of the last transaction from what was read a moment before
 * (`mdb_env_open2`), outside of every lock. What another process commits in that moment is lost, and its pages are
 * written over. So whoever opens or writes takes turns, by the write lock of a second LMDB file into which nobody
 * ever writes: a number that never changes cannot be set back. The lock of a killed process is free again.
 * @param directory for nothing else; made when it is not there
 */
export function openTurns(directory: string): Turns {
  makeLmdbDirectory(directory)
  const lock = open<never, string>({
    path: directory,
    noSubdir: false,
    maxDbs: 0,
    ...WRITTEN_IN_TURN,
  })
  let waiting: Waiting[] = []
  let inARow = 0
  let whenIdle: (() => void) | undefined
  const allWaiting = (): readonly Waiting[] => {
    const all = waiting
    waiting = []
    return all
  }

  /** Everything that waits when the turn comes shares it, so that LMDB can commit it together. */
  async function takeTurn(): Promise<void> {
    inARow += 1
    try {
      await lock.transaction(() => Promise.all(allWaiting().map(({ run }) => run())))
    } catch (error) {
      for (const { reject } of allWaiting()) reject(error)
    }
    goOn()
  }

  function goOn(): void {
    if (waiting.length === 0) {
      inARow = 0
      whenIdle?.()
    } else if (inARow < MOST_TURNS_IN_A_ROW) void takeTurn()
    else {
      inARow = 0
      setTimeout(() => void takeTurn(), GIVES_WAY_FOR)
    }
  }

  return {
    takeNow: <R>(work: () => R): R => {
      const done: R[] = []
      void lock.transactionSync(() => {
        done.push(work())
        return ABORT
      })
      return done[0] as R
    },
    take: <R>(work: () => Promise<R>) =>
      new Promise<R>((resolve, reject) => {
        waiting.push({ run: async () => work().then(resolve, reject), reject })
        if (inARow === 0 && waiting.length === 1) void takeTurn()
      }),
    close: async () => {
      if (inARow > 0 || waiting.length > 0) await new Promise<void>(resolve => (whenIdle = resolve))
      await lock.close()
    },
  }
}

interface Waiting {
  /** Never rejects: the outcome goes to whoever waits for it. */
  readonly run: () => Promise<void>
  readonly reject: (error: unknown) => void
}
