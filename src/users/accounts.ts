import { type RecordKey, type Store, update } from '../store/store.js'

/** What the gateway itself remembers of a user, besides what the directory knows. */
export interface Account {
  /** Once true, no first login enrols a factor any more. */
  readonly everEnrolled: boolean
  /** A stronger hash of the password than the directory holds. Void once the directory has another version. */
  readonly renewedPassword?: RenewedPassword | undefined
  /**
   * The user has switched the second factor off for themselves. It counts only where the operator lets people do
   * that, and never on routes that require one.
   */
  readonly secondFactorOff?: boolean | undefined
}

/** A hash that we made of a password that was right. */
export interface RenewedPassword {
  /** The `passwordVersion` of the directory for which it was made. */
  readonly ofVersion: string
  readonly hash: string
}

const NOTHING: Account = { everEnrolled: false }

/** Reads what is remembered of a subject; of somebody who was never here, that is nothing. */
export async function readAccount(store: Store, subject: string): Promise<Account> {
  return (await store.get<Account>(keyOf(subject)))?.value ?? NOTHING
}

/** Remembers that a factor was enrolled, for ever. */
export function markEnrolled(store: Store, subject: string): Promise<void> {
  return change(store, subject, account => ({ ...account, everEnrolled: true }))
}

/** Remembers a stronger hash of the subject's password. */
export function rememberRenewedPassword(
  store: Store,
  subject: string,
  renewed: RenewedPassword,
): Promise<void> {
  return change(store, subject, account => ({ ...account, renewedPassword: renewed }))
}

/** Remembers whether the user wants to be asked for a second factor where it is left to them. Default: on. */
export function switchSecondFactor(store: Store, subject: string, to: 'on' | 'off'): Promise<void> {
  return change(store, subject, account => ({ ...account, secondFactorOff: to === 'off' }))
}

function change(store: Store, subject: string, to: (account: Account) => Account): Promise<void> {
  return update<Account, undefined>(store, keyOf(subject), current => ({
    result: undefined,
    write: { value: to(current ?? NOTHING), options: { expiresAt: undefined, owner: subject } },
  }))
}

function keyOf(subject: string): RecordKey {
  return { kind: 'account', id: subject }
}
