import type { Clock } from '../clock.js'
import { referenceFrom } from '../credentials/reference.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, type StoredRecord, update, type WriteOptions } from '../store/store.js'

export interface RememberedDevicesOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /**
   * Milliseconds that a browser is remembered. A shorter one holds for those that are remembered already. Undefined:
   * none is remembered, and what was remembered before is worth nothing; it can still be forgotten.
   */
  readonly life: number | undefined
}

/** Whose browser it is, with the password as it is now. */
export interface DeviceOwner {
  readonly subject: string
  /** Another one now makes every remembered browser of the user worth nothing. */
  readonly passwordVersion: string
}

/** A remembered browser, as its owner sees it in a list. Times are milliseconds since the epoch. */
export interface RememberedDevice {
  /** A random public name. It opens nothing. */
  readonly reference: string
  /** What the browser called itself when it was remembered, at most 256 characters. */
  readonly userAgent: string
  /** The client's address when it was remembered, after trusted proxies. */
  readonly address: string
  readonly createdAt: number
  /** Written at most once a minute. Undefined: not used so far. */
  readonly lastUsedAt: number | undefined
  readonly expiresAt: number
}

/** A remembered browser that may spare somebody the second factor, and until when. */
export interface FoundDevice {
  readonly reference: string
  readonly expiresAt: number
}

/** The browsers that are not asked for a second factor again. They prove nothing: `decide()` says what they spare. */
export interface RememberedDevices {
  /**
   * Remembers a browser whose user has just shown a second factor. A user has at most 20: the oldest goes.
   * @returns the token for the browser's cookie, which is nowhere else; undefined when the feature is off
   */
  remember(
    device: DeviceOwner & { readonly userAgent: string; readonly address: string },
  ): Promise<{ readonly token: string; readonly reference: string; readonly expiresAt: number } | undefined>
  /**
   * Finds the browser that a cookie names. Undefined when it is unknown, forgotten, too old or another user's. When
   * the password was changed since, it is forgotten for good.
   */
  find(token: string, owner: DeviceOwner): Promise<FoundDevice | undefined>
  /** The one remembered last comes first. One whose password is another one now stays until it is next seen. */
  list(subject: string): Promise<readonly RememberedDevice[]>
  /** True when this user had such a browser. */
  forget(subject: string, reference: string): Promise<boolean>
  /** Forgets all of a user's, and gives how many. */
  forgetAll(subject: string): Promise<number>
}

interface DeviceRecord {
  readonly subject: string
  readonly passwordVersion: string
  readonly reference: string
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  /** By the life that was set when it was remembered. Nothing ever moves it. */
  readonly expiresAt: number
}

const TOKEN_BYTES = 32
const REFERENCE_BYTES = 16
const USER_AGENT_LENGTH = 256
const MOST_DEVICES = 20
const TOUCH_AT_MOST_EVERY = 60_000

const keyOf = (token: string): RecordKey => ({ kind: 'remembered_device', id: hashSecret(token) })

export function createRememberedDevices(options: RememberedDevicesOptions): RememberedDevices {
  const { store, now, random, life } = options

  /** When it ends by both lives, the one of then and the one of now. */
  const endOf = ({ createdAt, expiresAt }: DeviceRecord): number =>
    life === undefined ? 0 : Math.min(expiresAt, createdAt + life)
  const written = ({ expiresAt, subject }: DeviceRecord): WriteOptions => ({ expiresAt, owner: subject })

  /** The newest first, in the same order for everybody. */
  async function recordsOf(subject: string): Promise<readonly StoredRecord<DeviceRecord>[]> {
    const records = await store.listByOwner<DeviceRecord>('remembered_device', subject)
    return [...records].sort(
      (a, b) => b.value.createdAt - a.value.createdAt || (a.key.id < b.key.id ? -1 : 1),
    )
  }

  async function forgetWhere(subject: string, goes: (record: DeviceRecord) => boolean): Promise<number> {
    let forgotten = 0
    for (const { key, value } of await recordsOf(subject))
      if (goes(value) && (await store.delete(key))) forgotten++
    return forgotten
  }

  return {
    remember: async ({ subject, passwordVersion, userAgent, address }) => {
      if (life === undefined) return undefined
      const token = random(TOKEN_BYTES).toString('base64url')
      const record: DeviceRecord = {
        subject,
        passwordVersion,
        reference: referenceFrom(random(REFERENCE_BYTES).toString('base64url')),
        userAgent: userAgent.slice(0, USER_AGENT_LENGTH),
        address,
        createdAt: now(),
        lastUsedAt: null,
        expiresAt: now() + life,
      }
      await store.put(keyOf(token), record, written(record))
      // Afterwards, so that several at once cannot become too many.
      for (const { key } of (await recordsOf(subject)).slice(MOST_DEVICES)) await store.delete(key)
      return { token, reference: record.reference, expiresAt: record.expiresAt }
    },

    find: async (token, { subject, passwordVersion }) => {
      if (life === undefined) return undefined
      const key = keyOf(token)
      // Read and touched in one step: one that is being forgotten stays so.
      const found = await update<DeviceRecord, DeviceRecord | undefined>(store, key, record => {
        if (record?.subject !== subject || now() >= endOf(record)) return { result: undefined }
        const sinceTouched = now() - (record.lastUsedAt ?? -Infinity)
        if (record.passwordVersion !== passwordVersion || sinceTouched < TOUCH_AT_MOST_EVERY)
          return { result: record }
        const value: DeviceRecord = { ...record, lastUsedAt: now() }
        return { result: value, write: { value, options: written(value) } }
      })
      if (found === undefined) return undefined
      if (found.passwordVersion === passwordVersion)
        return { reference: found.reference, expiresAt: endOf(found) }
      // A password that comes back, out of a copy of the users file perhaps, brings no browser back.
      await store.delete(key)
      return undefined
    },

    list: async subject =>
      (await recordsOf(subject))
        .map(({ value }) => value)
        .filter(record => now() < endOf(record))
        .map(record => ({
          reference: record.reference,
          userAgent: record.userAgent,
          address: record.address,
          createdAt: record.createdAt,
          lastUsedAt: record.lastUsedAt ?? undefined,
          expiresAt: endOf(record),
        })),

    forget: async (subject, reference) =>
      (await forgetWhere(subject, record => record.reference === reference)) > 0,
    forgetAll: subject => forgetWhere(subject, () => true),
  }
}
