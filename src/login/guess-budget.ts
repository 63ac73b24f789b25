import type { Clock } from '../clock.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { GUESS_COUNTS_FOR, GUESSES_A_YEAR } from './lockout-limits.js'

/** What one try at a code could guess. */
export interface Guess {
  /** The chance that a random answer is right, in millionths. */
  readonly chance: number
  /**
   * The password of the account as it is now. Another one begins anew: who made the guesses so far had the old one.
   */
  readonly passwordVersion: string
}

/**
 * Adds up what wrong codes could have guessed within a year. A lock that a right answer lifts bounds no year: an owner
 * who logs in daily lifts it daily.
 */
export interface GuessBudget {
  /** Counts the try before anything is checked. False: nothing is left, and nothing was counted. */
  spend(key: RecordKey, guess: Guess): Promise<boolean>
  /** Takes one try back. */
  giveBack(key: RecordKey, guess: Guess): Promise<void>
  /** The sum for a password, in millionths. */
  spent(key: RecordKey, passwordVersion: string): Promise<number>
}

interface GuessRecord {
  readonly passwordVersion: string
  /** Oldest first. `at`: when the step of the entry began, in milliseconds since the epoch. */
  readonly spent: readonly { readonly at: number; readonly chance: number }[]
}

/** Guesses within so many milliseconds are kept as one entry. */
const STEP = 30 * 24 * 60 * 60_000

/** Keeps the sums in the store that every process shares. */
export function createGuessBudget({
  store,
  now,
}: {
  readonly store: Store
  readonly now: Clock
}): GuessBudget {
  const options = (): { readonly expiresAt: number } => ({ expiresAt: now() + STEP + GUESS_COUNTS_FOR })

  const spentSoFar = (
    record: GuessRecord | undefined,
    { passwordVersion }: Pick<Guess, 'passwordVersion'>,
  ): GuessRecord['spent'] =>
    record?.passwordVersion === passwordVersion
      ? record.spent.filter(({ at }) => at + STEP + GUESS_COUNTS_FOR > now())
      : []

  return {
    spend: (key, guess) =>
      update<GuessRecord, boolean>(store, key, record => {
        const spent = spentSoFar(record, guess)
        const total = spent.reduce((sum, { chance }) => sum + chance, 0)
        if (total + guess.chance > GUESSES_A_YEAR) return { result: false }
        const at = Math.floor(now() / STEP) * STEP
        const same = spent.find(entry => entry.at === at)
        const others = spent.filter(entry => entry !== same)
        const entry = { at, chance: (same?.chance ?? 0) + guess.chance }
        const value = { passwordVersion: guess.passwordVersion, spent: [...others, entry] }
        return { result: true, write: { value, options: options() } }
      }),

    spent: async (key, passwordVersion) => {
      const record = await store.get<GuessRecord>(key)
      return spentSoFar(record?.value, { passwordVersion }).reduce((sum, { chance }) => sum + chance, 0)
    },

    giveBack: (key, guess) =>
      update<GuessRecord, undefined>(store, key, record => {
        const spent = spentSoFar(record, guess)
        const latest = spent.at(-1)
        if (latest === undefined) return { result: undefined }
        const entry = { ...latest, chance: Math.max(0, latest.chance - guess.chance) }
        const value = { passwordVersion: guess.passwordVersion, spent: [...spent.slice(0, -1), entry] }
        return { result: undefined, write: { value, options: options() } }
      }),
  }
}
