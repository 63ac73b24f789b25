import type { Clock } from '../clock.js'
import { type AccountChange, accountNotice } from '../factors/delivery/account-notices.js'
import type { Message } from '../factors/delivery/messenger.js'
import { hashSecret } from '../store/secret-hash.js'
import type { Store } from '../store/store.js'
import type { FindUser } from './current-session.js'
import type { Client } from './login-step.js'

export interface NotifyOptions {
  readonly store: Store
  readonly now: Clock
  readonly findUser: FindUser
  /** Takes a mail for delivery and returns at once; undefined where no mail is sent. */
  readonly send: ((message: Message) => void) | undefined
  /** The host as people see it in the address bar. */
  readonly site: string
  /** The address of the account page. */
  readonly accountUrl: string
  /** Told when the store fails meanwhile. */
  readonly onFault: (error: Error) => void
}

/**
 * Tells somebody by mail what happened to their account, where mail is sent and an address is known. Never waits and
 * never throws: what is done is done, whether or not the mail arrives.
 */
export type Notify = (subject: string, change: AccountChange, client: Client) => void

/**
 * Most mails an hour of what somebody else can bring about again and again. One says as well as a hundred that
 * somebody tries; a new browser has passed every factor, so that one must not hide behind another.
 */
const MOST_AN_HOUR: Readonly<Partial<Record<AccountChange['change'], number>>> = {
  second_factor_failed: 1,
  factor_locked: 1,
  new_browser: 5,
}
const HOUR = 60 * 60_000

export function createNotify(options: NotifyOptions): Notify {
  const { store, now, findUser, send, site, accountUrl, onFault } = options

  async function isOneTooMany(subject: string, change: AccountChange): Promise<boolean> {
    const most = MOST_AN_HOUR[change.change]
    if (most === undefined) return false
    const key = { kind: 'sent_codes', id: `notice:${change.change}:${hashSecret(subject)}` } as const
    return (await store.increment(key, { expiresAt: now() + HOUR })) > most
  }

  async function tell(subject: string, change: AccountChange, client: Client): Promise<void> {
    const to = findUser(subject)?.person.email
    if (send === undefined || to === undefined || (await isOneTooMany(subject, change))) return
    const { address, userAgent: browser } = client
    const circumstances = { site, account: subject, at: now(), address, browser, accountUrl }
    send({ to, ...accountNotice(change, circumstances) })
  }

  return (subject, change, client) => {
    tell(subject, change, client).catch((error: unknown) => {
      onFault(error instanceof Error ? error : new Error(String(error)))
    })
  }
}
