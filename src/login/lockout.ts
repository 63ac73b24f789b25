import type { Clock } from '../clock.js'
import { SECOND_FACTORS, type SecondFactor } from '../factors/factor.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey, Store } from '../store/store.js'
import { addressPrefix } from '../access/address-prefix.js'
import {
  accountKey,
  type Attempt,
  beginsLogin,
  countedAs,
  type Counted,
  FIRST_CODES,
  FIRST_FACTORS,
  GUESSES,
} from './attempt.js'
import { type CountState, createCountStates } from './count-states.js'
import { ALLOWED, createFailureCounts, type Permission } from './failure-counts.js'
import { createGuessBudget } from './guess-budget.js'
import type { KnownBrowsers } from './known-browsers.js'
import {
  ADDRESS_LIMITS,
  FIRST_CODE_LIMITS,
  FIRST_LIMITS,
  KNOWN_BROWSER_LIMITS,
  type Limits,
  SECOND_FACTOR_LIMITS,
} from './lockout-limits.js'
import { createOverallCount } from './overall-count.js'

export interface LockoutOptions {
  readonly store: Store
  readonly now: Clock
  readonly knownBrowsers: Pick<KnownBrowsers, 'isKnown' | 'forget'>
}

/**
 * Counts failures in the shared store, by account, by address and over all accounts, apart for each method; the limits
 * are in `lockout-limits.ts`. The hundredth wrong second factor in a row locks that method of the account (NIST SP
 * 800-63B-4, 3.2.2), and so does what all codes of a year could have guessed. A browser in which the owner has logged
 * in before has its own counts for what begins a login, and none of the others.
 */
export interface Lockout {
  /** Counts the try before anything is checked, so that tries made at once cannot outrun the count. */
  begin(attempt: Attempt): Promise<Permission>
  /** The same by address alone, where nobody is named before the check. */
  beginAddress(attempt: Attempt): Promise<Permission>
  /**
   * The try was right. What begins a login clears the account's count of its own and lifts the lock of codes that
   * begin a login, and nothing else; a second factor clears the counts of all second factors of the account as well.
   * A known browser clears its own count alone. The address gets back this one try.
   */
  succeeded(attempt: Attempt): Promise<void>
  /** The try was not looked at: takes the counts back. */
  notChecked(attempt: Attempt): Promise<void>
  /**
   * Clears every count of the account and lifts its locks.
   * @param factor only those of this second factor, and what the codes of a year could have guessed
   */
  unlock(account: string, factor?: SecondFactor): Promise<void>
  /**
   * The counts of an account that are not 0, for an operator to look at.
   * @param passwordVersion that of the password as it is now: guesses are counted for it
   */
  stateOf(account: string, passwordVersion: string): Promise<readonly CountState[]>
}

/** One of the counts that a try goes into. */
interface Count {
  readonly take: () => Promise<Permission>
  readonly giveBack: () => Promise<void>
}

export function createLockout({ store, now, knownBrowsers }: LockoutOptions): Lockout {
  const counts = createFailureCounts({ store, now })
  const budget = createGuessBudget({ store, now })
  const overall = createOverallCount({ store, now })

  const failures = (key: RecordKey, limits: Limits): Count => ({
    take: () => counts.take(key, limits),
    giveBack: () => counts.giveBack(key, limits),
  })

  const byAddress = (attempt: Attempt): readonly Count[] => {
    if (attempt.address === undefined) return []
    const id = `${countedAs(attempt)}:address:${addressPrefix(attempt.address)}`
    return [failures({ kind: 'attempts', id }, ADDRESS_LIMITS)]
  }

  const byAccount = (attempt: Attempt): Count =>
    failures(
      accountKey(countedAs(attempt), attempt.account),
      beginsLogin(attempt) ? FIRST_LIMITS : SECOND_FACTOR_LIMITS,
    )

  /** What could be guessed of an account, whatever it was called. */
  function byGuesses(attempt: Attempt): readonly Count[] {
    const { subject, guess, method } = attempt
    if (subject === undefined || guess === undefined) return []
    const begins = beginsLogin(attempt)
    const key = accountKey(begins ? 'first_guesses' : 'guesses', subject)
    const ofYear: Count = {
      take: async () => ((await budget.spend(key, guess)) ? ALLOWED : { outcome: 'locked' }),
      giveBack: () => budget.giveBack(key, guess),
    }
    return begins ? [failures(accountKey(`locks_${method}`, subject), FIRST_CODE_LIMITS), ofYear] : [ofYear]
  }

  function byAll(attempt: Attempt, isKnown: boolean): readonly Count[] {
    if (attempt.address === undefined || isKnown) return []
    const stage = beginsLogin(attempt) ? 'first' : 'second'
    const beginOverall = async (): Promise<Permission> => {
      const retryAfter = await overall.begin(stage)
      return retryAfter === 0 ? ALLOWED : { outcome: 'throttled', retryAfter }
    }
    return [{ take: beginOverall, giveBack: () => overall.giveBack(stage) }]
  }

  /** The name under which the browser's own tries are counted; undefined for one that this user has not met. */
  async function knownAs({ browserToken, subject }: Attempt): Promise<string | undefined> {
    if (browserToken === undefined || subject === undefined) return undefined
    return (await knownBrowsers.isKnown(browserToken, subject)) ? browserToken : undefined
  }

  const ownKey = (attempt: Attempt, browserToken: string): RecordKey => ({
    kind: 'attempts',
    id: `${countedAs(attempt)}:browser:${hashSecret(browserToken)}`,
  })

  /** The counts that whoever tries may see. */
  const visible = (attempt: Attempt, isKnown: boolean): readonly Count[] => [
    ...byAddress(attempt),
    byAccount(attempt),
    ...byAll(attempt, isKnown),
  ]

  const takeAll = async (counts: readonly Count[]): Promise<Permission> => {
    for (const [index, count] of counts.entries()) {
      const permission = await count.take()
      if (permission.outcome === 'allowed') continue
      // What is not checked does not count, so that a blocked account does not block its owner's address too.
      await giveBackAll(counts.slice(0, index))
      return permission
    }
    return ALLOWED
  }

  const giveBackAll = async (counts: readonly Count[]): Promise<void> => {
    for (const count of counts) await count.giveBack()
  }

  async function beginStrange(attempt: Attempt, isKnown: boolean): Promise<Permission> {
    if (!beginsLogin(attempt)) return takeAll([...visible(attempt, isKnown), ...byGuesses(attempt)])
    const permission = await takeAll(visible(attempt, isKnown))
    if (permission.outcome !== 'allowed') return permission
    // These stay counted, as those of a wrong answer do.
    const heard = await takeAll(byGuesses(attempt))
    return heard.outcome === 'allowed' ? ALLOWED : { outcome: 'unheard' }
  }

  const clear = async (counts: readonly Counted[], account: string): Promise<void> => {
    for (const counted of counts) {
      const key = accountKey(counted, account)
      // Reading is cheaper than a write of every process at every login.
      if ((await store.get(key)) !== undefined) await store.delete(key)
    }
  }

  return {
    begin: async attempt => {
      const known = await knownAs(attempt)
      if (known === undefined || !beginsLogin(attempt)) return beginStrange(attempt, known !== undefined)
      const own = await counts.take(ownKey(attempt, known), KNOWN_BROWSER_LIMITS)
      if (own.outcome !== 'locked') return own
      await knownBrowsers.forget(known)
      return beginStrange(attempt, false)
    },

    beginAddress: attempt => takeAll([...byAddress(attempt), ...byAll(attempt, false)]),

    succeeded: async attempt => {
      const { account, subject } = attempt
      const known = await knownAs(attempt)
      if (known !== undefined && beginsLogin(attempt)) await store.delete(ownKey(attempt, known))
      else {
        await giveBackAll([
          ...byAddress(attempt),
          ...byAll(attempt, known !== undefined),
          ...byGuesses(attempt),
        ])
        await clear(beginsLogin(attempt) ? [countedAs(attempt)] : SECOND_FACTORS, account)
      }
      if (subject !== undefined) await clear(FIRST_CODES, subject)
    },

    notChecked: async attempt => {
      const known = await knownAs(attempt)
      if (known === undefined || !beginsLogin(attempt))
        await giveBackAll([...visible(attempt, known !== undefined), ...byGuesses(attempt)])
      else await counts.giveBack(ownKey(attempt, known), KNOWN_BROWSER_LIMITS)
    },

    unlock: (account, factor) =>
      clear(
        factor === undefined
          ? [...FIRST_FACTORS, ...FIRST_CODES, ...SECOND_FACTORS, ...GUESSES]
          : [factor, 'guesses'],
        account,
      ),

    stateOf: createCountStates({ counts, budget, now }),
  }
}
