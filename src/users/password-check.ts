import type { Store } from '../store/store.js'
import { readAccount, rememberRenewedPassword } from './accounts.js'
import type { HashQueue } from './hash-queue.js'
import { hashPassword, needsRenewal, verifyPassword } from './password-hash.js'
import type { DirectoryUser, StandInDirectory } from './user-directory.js'

/** What came of a password. `busy`: it was not looked at; `retryAfter` is in seconds. */
export type PasswordOutcome =
  | { readonly outcome: 'right'; readonly user: DirectoryUser }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'busy'; readonly retryAfter: number }

/**
 * Checks a name and a password as they were typed. Unknown and disabled users cost as much as wrong passwords.
 * Rejects with `StoreUnavailable`.
 */
export type PasswordCheck = (name: string, password: string) => Promise<PasswordOutcome>

/** What checking passwords needs. */
export interface PasswordCheckOptions {
  readonly directory: StandInDirectory
  /** Where renewed hashes are kept. */
  readonly store: Store
  readonly queue: HashQueue
}

/** A longer password is wrong whatever it is (bytes of UTF-8). */
const LONGEST_PASSWORD = 1024

/**
 * Makes the check. For a name that nobody has, the hash of another user is worked on and the result thrown away, so
 * that the time tells nothing, whatever kinds of hashes the directory holds. A right password whose hash is weak
 * gets a stronger one, which is kept in the store and holds until the directory's is changed.
 */
export function createPasswordCheck({ directory, store, queue }: PasswordCheckOptions): PasswordCheck {
  const hashOf = async (user: DirectoryUser): Promise<string> => {
    const { renewedPassword } = await readAccount(store, user.person.subject)
    return renewedPassword?.ofVersion === user.passwordVersion ? renewedPassword.hash : user.passwordHash
  }

  const renew = async (user: DirectoryUser, password: string): Promise<void> => {
    const hash = await hashPassword(password)
    await rememberRenewedPassword(store, user.person.subject, { ofVersion: user.passwordVersion, hash })
  }

  return async (name, password) => {
    const known = directory.find(name)
    const worked = known ?? directory.standIn(name)
    if (worked === undefined) return { outcome: 'wrong' }
    const short = Buffer.byteLength(password) <= LONGEST_PASSWORD
    const hash = await hashOf(worked)
    const may = known !== undefined && !known.disabled && short && password !== ''
    const verified = await queue.run(async () => {
      const right = (await verifyPassword(short ? password : '', hash)) === 'right'
      if (right && may && needsRenewal(hash, password)) await renew(known, password)
      return right
    })
    if (verified.outcome === 'busy') return verified
    return verified.value && may ? { outcome: 'right', user: known } : { outcome: 'wrong' }
  }
}
