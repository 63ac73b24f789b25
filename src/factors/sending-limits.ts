import type { Clock } from '../clock.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'

export interface SendingLimitsOptions {
  readonly store: Store
  readonly now: Clock
  /** Most messages to all targets together within an hour. Default 1,000. */
  readonly perHour?: number | undefined
}

/** One message that somebody asks for. */
export interface SendingRequest {
  readonly channel: 'email' | 'sms'
  /** Where it would go; undefined: to nobody, because there is no such person or the person has no such address. */
  readonly target: string | undefined
  /** The canonical user name, whether or not there is such a user. */
  readonly account: string
  /** It begins a login, so anybody can ask for it. */
  readonly isFirst?: boolean | undefined
}

/** Whether a message may be sent. `retryAfter` is in seconds. */
export type SendingPermission =
  { readonly outcome: 'allowed' } | { readonly outcome: 'too_many'; readonly retryAfter: number }

/**
 * Counts messages in the shared store before they are made: at least 30 s between two to one target and 5 of them
 * an hour, 10 an hour for one account, and a number for all together. The hour is the last 60 minutes.
 * What begins a login is counted apart for its target and account, and stops at four fifths of the number for all:
 * strangers take no second factor from whoever has shown the first one. It is counted by the minute as well, whether or
 * not there is anybody to send it to: what strangers ask for leaves a bounded number of records.
 */
export interface SendingLimits {
  /** Counts the message. A refused one is counted nowhere, so that asking again does not prolong the wait. */
  begin(request: SendingRequest): Promise<SendingPermission>
}

interface Limit {
  readonly key: RecordKey
  /** Within an hour. */
  readonly most: number
  /** Least milliseconds between two. */
  readonly gap: number
  /** Messages within so many milliseconds are kept as one entry. */
  readonly step: number
}

/** Oldest first. `at`: when the step of the entry began, in milliseconds since the epoch. */
interface SentRecord {
  readonly sent: readonly { readonly at: number; readonly count: number }[]
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Most that may be asked for within a minute by anybody, sent or not, because each leaves records behind. */
const ASKED_A_MINUTE = 2000
const PER_TARGET = { most: 5, gap: 30_000, step: 1 }
const PER_ACCOUNT = { most: 10, gap: 0, step: 1 }
const PER_HOUR = 1000
/** How much of what all may have together anybody can ask for. */
const SHARE_OF_ANYBODY = 0.8

export function createSendingLimits({ store, now, perHour = PER_HOUR }: SendingLimitsOptions): SendingLimits {
  const keyOf = (id: string): RecordKey => ({ kind: 'sent_codes', id })
  const overall: Limit = { key: keyOf('all'), most: perHour, gap: 0, step: 60_000 }
  const forAnybody: Limit = { ...overall, most: Math.ceil(perHour * SHARE_OF_ANYBODY) }
  const nobody: Limit = { ...overall, key: keyOf('nobody'), most: Infinity }

  const entries = (record: SentRecord | undefined, { step }: Limit): SentRecord['sent'] =>
    record?.sent.filter(({ at }) => at + step + HOUR > now()) ?? []

  /** Milliseconds until the limit lets one more pass; 0 when it does now. */
  function waitFor(record: SentRecord | undefined, limit: Limit): number {
    const sent = entries(record, limit)
    const total = sent.reduce((sum, { count }) => sum + count, 0)
    const oldest = sent[0]
    const full = total >= limit.most && oldest ? oldest.at + limit.step + HOUR - now() : 0
    const latest = sent.at(-1)
    const close = latest ? latest.at + limit.gap - now() : 0
    return Math.max(full, close, 0)
  }

  /** @returns the wait in milliseconds; 0: counted */
  function count(limit: Limit): Promise<number> {
    const at = Math.floor(now() / limit.step) * limit.step
    const options = { expiresAt: now() + limit.step + HOUR }
    return update<SentRecord, number>(store, limit.key, record => {
      const wait = waitFor(record, limit)
      if (wait > 0) return { result: wait }
      const sent = entries(record, limit)
      const same = sent.find(entry => entry.at === at)
      const others = sent.filter(entry => entry !== same)
      const value = { sent: [...others, { at, count: (same?.count ?? 0) + 1 }] }
      return { result: 0, write: { value, options } }
    })
  }

  function giveBack(limit: Limit): Promise<void> {
    return update<SentRecord, undefined>(store, limit.key, record => {
      const sent = entries(record, limit)
      const latest = sent.at(-1)
      if (latest === undefined) return { result: undefined }
      const rest = latest.count > 1 ? [{ ...latest, count: latest.count - 1 }] : []
      const value = { sent: [...sent.slice(0, -1), ...rest] }
      return { result: undefined, write: { value, options: { expiresAt: now() + limit.step + HOUR } } }
    })
  }

  /**
   * What goes to nobody costs nothing, and must not use up what others need. It is refused when all are, after as
   * many writes.
   */
  async function countForNobody(all: Limit): Promise<number> {
    const record = await store.get<SentRecord>(all.key)
    await count(nobody)
    return waitFor(record?.value, all)
  }

  /** @returns the wait in milliseconds; 0: counted. A look first, so that whoever has to wait writes nothing. */
  async function countAsked(): Promise<number> {
    const key = keyOf(`asked:${String(Math.floor(now() / MINUTE))}`)
    const asked = (await store.get<number>(key))?.value ?? 0
    const over =
      asked >= ASKED_A_MINUTE ||
      (await store.increment(key, { expiresAt: now() + 2 * MINUTE })) > ASKED_A_MINUTE
    return over ? MINUTE - (now() % MINUTE) : 0
  }

  return {
    begin: async ({ channel, target, account, isFirst = false }) => {
      const crowded = isFirst ? await countAsked() : 0
      if (crowded > 0) return { outcome: 'too_many', retryAfter: Math.ceil(crowded / 1000) }
      const part = isFirst ? 'first:' : ''
      const all = isFirst ? forAnybody : overall
      const name = target === undefined ? `nobody:${hashSecret(account)}` : hashSecret(target)
      const limits: readonly Limit[] = [
        { ...PER_TARGET, key: keyOf(`target:${part}${channel}:${name}`) },
        { ...PER_ACCOUNT, key: keyOf(`account:${part}${hashSecret(account)}`) },
        all,
      ]
      for (const [index, limit] of limits.entries()) {
        const wait = await (limit === all && target === undefined ? countForNobody(all) : count(limit))
        if (wait === 0) continue
        for (const counted of limits.slice(0, index)) await giveBack(counted)
        return { outcome: 'too_many', retryAfter: Math.ceil(wait / 1000) }
      }
      return { outcome: 'allowed' }
    },
  }
}
