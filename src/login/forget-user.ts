import { forgetApiTokenOwner } from '../credentials/api-tokens.js'
import type { Sessions } from '../credentials/sessions.js'
import type { Factor } from '../factors/factor.js'
import { RECORD_KINDS, type Store } from '../store/store.js'
import type { Lockout } from './lockout.js'

export interface ForgetOptions {
  readonly store: Store
  readonly sessions: Pick<Sessions, 'endAll'>
  readonly lockout: Pick<Lockout, 'unlock'>
  /** Every factor that is kept for users. */
  readonly factors: readonly Pick<Factor, 'remove'>[]
}

/**
 * Forgets everything that the store knows of a user: sessions, factors, browsers, tokens, counts, what happened. Whoever
 * gets the name next begins anew. Counts of messages that were sent end by themselves, within an hour.
 * @returns how many sessions were ended, and how many other records are gone
 */
export async function forgetUser(
  subject: string,
  { store, sessions, lockout, factors }: ForgetOptions,
): Promise<{ readonly sessions: number; readonly others: number }> {
  const ended = await sessions.endAll(subject)
  let others = 0
  for (const factor of factors) if (await factor.remove(subject)) others++
  await lockout.unlock(subject)
  for (const kind of RECORD_KINDS)
    for (const { key } of await store.listByOwner(kind, subject)) if (await store.delete(key)) others++
  await forgetApiTokenOwner(store, subject)
  return { sessions: ended, others }
}
