import type { Method } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { addressPrefix } from './address-prefix.js'

export interface LockoutOptions {
  readonly store: Store
  readonly now: Clock
}

/** One try at one method. */
export interface Attempt {
  readonly method: Method
  /** The canonical user name, whether or not there is such a user. */
  readonly account: string
  /** The client's IP address after trusted proxies. */
  readonly address: string
}

/** Whether a try may be made. `retryAfter` is in seconds. */
type Permission =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'throttled'; readonly retryAfter: number }
  | { readonly outcome: 'locked' }

/**
 * Counts failures in the shared store, by account and by address, apart for each method. An account has 5 free
 * tries, an address 50; every further one waits 1 s, 2 s, 4 s … up to 15 minutes after the one before. The hundredth
 * wrong second factor in a row locks that method of the account (NIST SP 800-63B, 3.2.2).
 */
export interface Lockout {
  /** Counts the try before anything is checked, so that tries made at once cannot outrun the count. */
  begin(attempt: Attempt): Promise<Permission>
  /**
   * The try was right. A password clears the account's count of wrong passwords and nothing else; a second factor
   * clears the counts of all second factors of the account. The address gets back this one try.
   */
  succeeded(attempt: Attempt): Promise<void>
  /** The try was not looked at: takes the count back. */
  notChecked(attempt: Attempt): Promise<void>
  /** Clears every count of the account and lifts its locks. */
  unlock(account: string): Promise<void>
}

interface Counter {
  /** Tries that were counted and not (yet) right. */
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly blockedUntil: number
}

interface Limits {
  readonly free: number
  readonly locksAt: number
  /** Milliseconds after the last try when a count is forgotten. Undefined: never. */
  readonly forgottenAfter: number | undefined
}

const DAY = 24 * 60 * 60_000
const MAX_DELAY = 15 * 60_000
const ADDRESS: Limits = { free: 50, locksAt: Infinity, forgottenAfter: DAY }
const PASSWORD: Limits = { free: 5, locksAt: Infinity, forgottenAfter: DAY }
/** "In a row" knows no time. There are no more of these counts than users: only a right password leads here. */
const SECOND_FACTOR: Limits = { free: 5, locksAt: 100, forgottenAfter: undefined }

const SECOND_FACTORS: readonly Method[] = [
  'totp',
  'backup_code',
  'webauthn',
  'email',
  'sms',
  'knowledge_question',
]

const ALLOWED: Permission = { outcome: 'allowed' }

export function createLockout({ store, now }: LockoutOptions): Lockout {
  const accountKey = (method: Method, account: string): RecordKey => ({
    kind: 'attempts',
    id: `${method}:account:${hashSecret(account)}`,
  })
  const addressKey = ({ method, address }: Attempt): RecordKey => ({
    kind: 'attempts',
    id: `${method}:address:${addressPrefix(address)}`,
  })
  const accountLimits = (method: Method): Limits => (method === 'password' ? PASSWORD : SECOND_FACTOR)

  function count(key: RecordKey, limits: Limits): Promise<Permission> {
    return update<Counter, Permission>(store, key, counter => {
      const { failures, blockedUntil } = counter ?? { failures: 0, blockedUntil: 0 }
      if (failures >= limits.locksAt) return { result: { outcome: 'locked' } }
      const wait = blockedUntil - now()
      if (wait > 0) return { result: { outcome: 'throttled', retryAfter: Math.ceil(wait / 1000) } }
      const counted = { failures: failures + 1, blockedUntil: now() + delayAfter(failures + 1, limits) }
      return { result: ALLOWED, write: { value: counted, options: expiry(limits) } }
    })
  }

  function giveBack(key: RecordKey, limits: Limits): Promise<void> {
    return update<Counter, undefined>(store, key, counter => {
      if (counter === undefined || counter.failures === 0) return { result: undefined }
      const failures = counter.failures - 1
      const value = { failures, blockedUntil: failures < limits.free ? 0 : counter.blockedUntil }
      return { result: undefined, write: { value, options: expiry(limits) } }
    })
  }

  const expiry = ({ forgottenAfter }: Limits) => ({
    expiresAt: forgottenAfter === undefined ? undefined : now() + forgottenAfter,
  })

  const clear = async (methods: readonly Method[], account: string): Promise<void> => {
    for (const method of methods) await store.delete(accountKey(method, account))
  }

  return {
    begin: async attempt => {
      const address = await count(addressKey(attempt), ADDRESS)
      if (address.outcome !== 'allowed') return address
      const account = await count(accountKey(attempt.method, attempt.account), accountLimits(attempt.method))
      // What is not checked does not count, so that a blocked account does not block its owner's address too.
      if (account.outcome !== 'allowed') await giveBack(addressKey(attempt), ADDRESS)
      return account
    },
    succeeded: async attempt => {
      await clear(attempt.method === 'password' ? ['password'] : SECOND_FACTORS, attempt.account)
      await giveBack(addressKey(attempt), ADDRESS)
    },
    notChecked: async attempt => {
      await giveBack(accountKey(attempt.method, attempt.account), accountLimits(attempt.method))
      await giveBack(addressKey(attempt), ADDRESS)
    },
    unlock: account => clear(['password', ...SECOND_FACTORS], account),
  }
}

function delayAfter(failures: number, { free }: Limits): number {
  return failures < free ? 0 : Math.min(1000 * 2 ** (failures - free), MAX_DELAY)
}
