import type { Clock } from '../clock.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { delayAfter, type Limits } from './lockout-limits.js'

/**
 * Whether a try may be made. `retryAfter` is in seconds. `unheard`: whatever the answer is, it is to be taken for a
 * wrong one, because a refusal would tell whose address it is.
 */
export type Permission =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'throttled'; readonly retryAfter: number }
  | { readonly outcome: 'locked' }
  | { readonly outcome: 'unheard' }

/** The answer to a try that may be made. */
export const ALLOWED: Permission = { outcome: 'allowed' }

/** Failures that were counted. */
interface FailureCount {
  /** Tries that were counted and not (yet) right. */
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly blockedUntil: number
}

/** Counts tries under keys of the store, each with the limits of its kind. */
export interface FailureCounts {
  /** Counts a try, unless it has to wait or none may be made any more. */
  take(key: RecordKey, limits: Limits): Promise<Permission>
  /** Takes back one that was counted. */
  giveBack(key: RecordKey, limits: Limits): Promise<void>
  /** Undefined: nothing was counted, or it is forgotten. */
  read(key: RecordKey): Promise<FailureCount | undefined>
}

/** Keeps the counts in the store that every process shares. */
export function createFailureCounts({
  store,
  now,
}: {
  readonly store: Store
  readonly now: Clock
}): FailureCounts {
  const expiry = ({ forgottenAfter }: Limits) => ({
    expiresAt: forgottenAfter === undefined ? undefined : now() + forgottenAfter,
  })

  return {
    take: (key, limits) =>
      update<FailureCount, Permission>(store, key, counter => {
        const { failures, blockedUntil } = counter ?? { failures: 0, blockedUntil: 0 }
        if (failures >= limits.locksAt) return { result: { outcome: 'locked' } }
        const wait = blockedUntil - now()
        if (wait > 0) return { result: { outcome: 'throttled', retryAfter: Math.ceil(wait / 1000) } }
        const counted = { failures: failures + 1, blockedUntil: now() + delayAfter(failures + 1, limits) }
        return { result: ALLOWED, write: { value: counted, options: expiry(limits) } }
      }),

    giveBack: (key, limits) =>
      update<FailureCount, undefined>(store, key, counter => {
        if (counter === undefined || counter.failures === 0) return { result: undefined }
        const failures = counter.failures - 1
        const value = { failures, blockedUntil: failures < limits.free ? 0 : counter.blockedUntil }
        return { result: undefined, write: { value, options: expiry(limits) } }
      }),

    read: async key => (await store.get<FailureCount>(key))?.value,
  }
}
