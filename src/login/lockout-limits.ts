/** How failures of one kind are counted. */
export interface Limits {
  /** Tries without a wait. */
  readonly free: number
  /** The count that ends all tries. Infinity: none does. */
  readonly locksAt: number
  /** Milliseconds after the last try when a count is forgotten. Undefined: never. */
  readonly forgottenAfter: number | undefined
}

const DAY = 24 * 60 * 60_000
/** Longest wait between two tries, in milliseconds. */
const MAX_DELAY = 15 * 60_000

/** One client address (IPv6: one /64), over all accounts. */
export const ADDRESS_LIMITS: Limits = { free: 50, locksAt: Infinity, forgottenAfter: DAY }
/** What begins a login, for one name as it was typed. Anybody can try that, so it never locks. */
export const FIRST_LIMITS: Limits = { free: 5, locksAt: Infinity, forgottenAfter: DAY }
/** What begins a login, in one browser that its owner has logged in with before. At the lock it is known no more. */
export const KNOWN_BROWSER_LIMITS: Limits = { free: 5, locksAt: 20, forgottenAfter: DAY }
/**
 * Codes that begin a login, for one account whatever it was called. There are no more of these counts than users.
 * It knows no wait: whoever typed a name must not learn from one that another name is the same person's.
 */
export const FIRST_CODE_LIMITS: Limits = { free: Infinity, locksAt: 100, forgottenAfter: undefined }
/** A second factor: NIST SP 800-63B-4, section 3.2.2. There are no more of these counts than users. */
export const SECOND_FACTOR_LIMITS: Limits = { free: 5, locksAt: 100, forgottenAfter: undefined }

/** Failures within one minute, over all accounts, beyond which browsers that nobody knows wait for the next one. */
export const OVERALL_LIMITS = { first: 1000, second: 200 } as const

/**
 * The chance, in millionths, that wrong codes may have had together within a year: 0.08 %. Right answers in between
 * give none of it back.
 */
export const GUESSES_A_YEAR = 800
/** Milliseconds that a guess counts. */
export const GUESS_COUNTS_FOR = 365 * DAY

/**
 * Milliseconds until the next try, after so many failures: 1 s, 2 s, 4 s … up to 15 minutes beyond the free ones.
 */
export function delayAfter(failures: number, { free }: Limits): number {
  return failures < free ? 0 : Math.min(1000 * 2 ** (failures - free), MAX_DELAY)
}
