import type { Store } from './store.js'

export interface MeasuredStoreOptions {
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: () => number
  /** Told of each operation when it ends: its name, how long it took in seconds, and whether it threw. */
  readonly onAnswer: (operation: string, seconds: number, failed: boolean) => void
}

/** The same store, which tells how long each operation took. `each` is not told: it takes as long as its reader. */
export function measureStore(store: Store, { elapsed, onAnswer }: MeasuredStoreOptions): Store {
  function measured<R>(operation: string, work: () => Promise<R>): Promise<R> {
    const begun = elapsed()
    const tell = (failed: boolean): void => onAnswer(operation, (elapsed() - begun) / 1000, failed)
    const told = work()
    // The promise itself is given on: whoever waits for it waits no longer than before.
    told.then(
      () => tell(false),
      () => tell(true),
    )
    return told
  }
  return {
    get: key => measured('get', () => store.get(key)),
    put: (key, value, options) => measured('put', () => store.put(key, value, options)),
    putIfAbsent: (key, value, options) =>
      measured('put_if_absent', () => store.putIfAbsent(key, value, options)),
    take: key => measured('take', () => store.take(key)),
    compareAndSet: (key, version, value, options) =>
      measured('compare_and_set', () => store.compareAndSet(key, version, value, options)),
    delete: key => measured('delete', () => store.delete(key)),
    increment: (key, options) => measured('increment', () => store.increment(key, options)),
    listByOwner: (kind, owner) => measured('list_by_owner', () => store.listByOwner(kind, owner)),
    each: kind => store.each(kind),
    sweep: limit => measured('sweep', () => store.sweep(limit)),
    close: () => store.close(),
  }
}
