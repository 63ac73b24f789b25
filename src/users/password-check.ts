import type { Store } from '../store/store.js'
import { readAccount, rememberRenewedPassword } from './accounts.js'
import type { HashPlace, HashQueue, QueueFull } from './hash-queue.js'
import type { PasswordHasher } from './hash-threads.js'
import { needsRenewal } from './password-hash.js'
import type { DirectoryUser, StandInDirectory } from './user-directory.js'

/** What came of a password that was looked at. */
type PasswordOutcome =
  { readonly outcome: 'right'; readonly user: DirectoryUser } | { readonly outcome: 'wrong' }

/**
 * Checks a name and a password as they were typed. Unknown and disabled users cost as much as wrong passwords.
 * @param countTry counts the try, and gives what forbids it, if anything does. Asked before the password is looked
 *   at, and not at all where too many wait already (`busy`): that says nothing of anybody, and costs next to nothing
 * @returns rejects with `StoreUnavailable`, and with what `countTry` rejects with
 */
export type PasswordCheck = <Reason>(
  name: string,
  password: string,
  countTry: () => Promise<Reason | undefined>,
) => Promise<PasswordOutcome | { readonly outcome: 'forbidden'; readonly reason: Reason } | QueueFull>

/** What checking passwords needs. */
export interface PasswordCheckOptions {
  readonly directory: StandInDirectory
  /** Where renewed hashes are kept. */
  readonly store: Store
  readonly queue: HashQueue
  readonly hasher: Pick<PasswordHasher, 'verify' | 'hash'>
}

/** A longer password is wrong whatever it is (bytes of UTF-8). */
const LONGEST_PASSWORD = 1024

/**
 * Makes the check. For a name that nobody has, the hash of another user is worked on and the result thrown away, so
 * that the time tells nothing, whatever kinds of hashes the directory holds. A right password whose hash is weak
 * gets a stronger one, which is kept in the store and holds until the directory's is changed.
 */
export function createPasswordCheck({
  directory,
  store,
  queue,
  hasher,
}: PasswordCheckOptions): PasswordCheck {
  const hashOf = async (user: DirectoryUser): Promise<string> => {
    const { renewedPassword } = await readAccount(store, user.person.subject)
    return renewedPassword?.ofVersion === user.passwordVersion ? renewedPassword.hash : user.passwordHash
  }

  const renew = async (user: DirectoryUser, password: string): Promise<void> => {
    const hash = await hasher.hash(password)
    await rememberRenewedPassword(store, user.person.subject, { ofVersion: user.passwordVersion, hash })
  }

  async function check(place: HashPlace, name: string, password: string): Promise<PasswordOutcome> {
    const known = directory.find(name)
    const worked = known ?? directory.standIn(name)
    if (worked === undefined) return { outcome: 'wrong' }
    const short = Buffer.byteLength(password) <= LONGEST_PASSWORD
    const hash = await hashOf(worked)
    const may = known !== undefined && !known.disabled && short && password !== ''
    const isRight = await place.run(async () => {
      const right = (await hasher.verify(short ? password : '', hash)) === 'right'
      if (right && may && needsRenewal(hash, password)) await renew(known, password)
      return right
    })
    return isRight && may ? { outcome: 'right', user: known } : { outcome: 'wrong' }
  }

  return async (name, password, countTry) => {
    const place = queue.enter()
    if (place.outcome === 'busy') return place
    try {
      const reason = await countTry()
      return reason === undefined ? await check(place, name, password) : { outcome: 'forbidden', reason }
    } finally {
      place.leave()
    }
  }
}
