import type { Clock } from '../clock.js'
import type { RecordKey, Store } from '../store/store.js'
import { OVERALL_LIMITS } from './lockout-limits.js'

/** What is counted apart: what begins a login, and second factors. */
export type Stage = keyof typeof OVERALL_LIMITS

/**
 * Counts the failures of all accounts together within a minute. What is tried and what was right are two counts that
 * only grow, so that many processes add to them in one step and none waits for another.
 */
export interface OverallCount {
  /** Counts the try before anything is checked. @returns the wait in seconds; 0: counted */
  begin(stage: Stage): Promise<number>
  /** The try was right, or not looked at. */
  giveBack(stage: Stage): Promise<void>
}

const MINUTE = 60_000

/** Keeps the counts in the store that every process shares. */
export function createOverallCount({
  store,
  now,
}: {
  readonly store: Store
  readonly now: Clock
}): OverallCount {
  const keyOf = (stage: Stage, what: 'tried' | 'right'): RecordKey => ({
    kind: 'attempts',
    id: `overall:${stage}:${what}:${String(Math.floor(now() / MINUTE))}`,
  })
  const add = (key: RecordKey): Promise<number> => store.increment(key, { expiresAt: now() + 2 * MINUTE })
  const read = async (key: RecordKey): Promise<number> => (await store.get<number>(key))?.value ?? 0

  return {
    begin: async stage => {
      const limit = OVERALL_LIMITS[stage]
      const [tried, right] = [keyOf(stage, 'tried'), keyOf(stage, 'right')]
      const wait = Math.ceil((MINUTE - (now() % MINUTE)) / 1000)
      // A look first, so that a siege that has to wait writes nothing.
      const before = await read(tried)
      if (before >= limit && before - (await read(right)) >= limit) return wait
      const count = await add(tried)
      if (count <= limit || count - (await read(right)) <= limit) return 0
      await add(right)
      return wait
    },
    giveBack: async stage => {
      await add(keyOf(stage, 'right'))
    },
  }
}
