import type { Method } from '../access/assurance.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey } from '../store/store.js'
import type { Guess } from './guess-budget.js'

/** One try at one method. */
export interface Attempt {
  readonly method: Method
  /** The canonical user name, whether or not there is such a user, or what else names somebody at a first factor. */
  readonly account: string
  /** The user whom the try is about. Undefined: nobody, or not known before the check. */
  readonly subject?: string | undefined
  /**
   * The client's IP address after trusted proxies. Undefined: a backend tries for its users, so that its address says
   * nothing of who they are, and the wrong codes of some must not make all others wait.
   */
  readonly address: string | undefined
  /** What the browser's cookie says of being known. */
  readonly browserToken?: string | undefined
  /**
   * The method begins the login. Anybody can try that, so it has counts of its own: strangers neither use up the tries
   * of a second factor nor lock it, and being right says nothing about the second factors.
   */
  readonly isFirst?: boolean
  /** What a code could be guessed with. Undefined: nothing that anybody could guess. */
  readonly guess?: Guess | undefined
}

/** What begins a login with a named account. A passkey names nobody before it is checked. */
export const FIRST_FACTORS = ['password', 'first_email', 'first_sms'] as const
/** What begins a login and could be guessed: locked by account, whatever it was called. */
export const FIRST_CODES = ['locks_email', 'locks_sms'] as const
/** The sums of what could have been guessed within a year: by second factors, and by codes that begin a login. */
export const GUESSES = ['guesses', 'first_guesses'] as const

/** What is counted apart. */
export type Counted = Method | `first_${Method}` | `locks_${Method}` | (typeof GUESSES)[number]

/** Where a count of an account is kept. There is its hash alone: names that are tried may be passwords. */
export function accountKey(counted: Counted, account: string): RecordKey {
  return { kind: 'attempts', id: `${counted}:account:${hashSecret(account)}` }
}

/** Whether a try begins a login, which anybody can do, or shows a second factor. */
export function beginsLogin({ method, isFirst }: Attempt): boolean {
  return method === 'password' || isFirst === true
}

/**
 * What a try is counted as. A passkey is the same authenticator whichever way it is used, and shows more when it
 * begins a login.
 */
export function countedAs({ method, isFirst }: Attempt): Counted {
  return isFirst === true && method !== 'webauthn' ? `first_${method}` : method
}
