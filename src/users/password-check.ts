import type { DirectoryUser } from './user-directory.js'

/** What came of a password. `busy`: it was not looked at; `retryAfter` is in seconds. */
export type PasswordOutcome =
  | { readonly outcome: 'right'; readonly user: DirectoryUser }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'busy'; readonly retryAfter: number }

/** Checks a name and a password as they were typed. Unknown and disabled users cost as much as wrong passwords. */
export type PasswordCheck = (name: string, password: string) => Promise<PasswordOutcome>
