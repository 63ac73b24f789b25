import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import type { FactorOutcome } from './factor.js'
import { createSendingLimits, type SendingRequest } from './sending-limits.js'

export interface OneTimeCodesOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Most codes to all targets together within an hour. Default 1,000. */
  readonly perHour?: number | undefined
}

/** For which login a code is, and over which channel it goes. */
export interface CodePlace {
  readonly channel: 'email' | 'sms'
  /** Names the login that waits for the code: a hash of its challenge, never the challenge itself. */
  readonly binding: string
}

/**
 * What came of asking for a code. `code` is undefined when it goes to nobody: the store then holds what looks like a
 * code and is never right. `retryAfter` is in seconds.
 */
export type IssuedCode =
  | { readonly outcome: 'issued'; readonly code: string | undefined }
  | { readonly outcome: 'too_many'; readonly retryAfter: number }

/** A code that somebody asks for. */
interface CodeRequest extends CodePlace, SendingRequest {
  /** Milliseconds that the code is good for, at most 10 minutes (NIST SP 800-63B, 3.1.3). Default 5 minutes. */
  readonly lifetime?: number | undefined
}

/** Codes of six digits that go to a person by message: good for five minutes, for five tries, and once. */
export interface OneTimeCodes {
  /**
   * Makes the one code of this place; an older one is dead from then on. The sending is counted first: at least 30 s
   * between two codes to a target and 5 an hour, 10 an hour for an account, `perHour` over all. Codes that begin a login
   * are counted apart, see `SendingLimits`.
   */
  issue(request: CodeRequest): Promise<IssuedCode>
  /** Counts the try, then compares. Of many callers with the right code at once exactly one gets `right`. */
  check(place: CodePlace, code: string): Promise<FactorOutcome>
}

interface CodeRecord {
  /** Sealed, because a hash of six digits hides nothing. A new one for every code, also for the same digits. */
  readonly sealedCode: string
  readonly tries: number
  readonly spent: boolean
  /** Milliseconds since the epoch. Tries do not move it. */
  readonly expiresAt: number
}

/** Milliseconds that a code is good for, unless it is asked for with another lifetime. */
export const CODE_LIFETIME = 5 * 60_000

/** The chance, in millionths, that a random code is the one that was sent. */
export const CHANCE_OF_A_CODE = 1

const MAX_TRIES = 5
const DIGITS = 6
const CODES = 10 ** DIGITS
/** The greatest multiple of the number of codes that 32 bits hold. */
const FAIR_BELOW = Math.floor(2 ** 32 / CODES) * CODES
const NO_CODE = ''

const keyOf = ({ channel, binding }: CodePlace): RecordKey => ({
  kind: 'one_time_code',
  id: `${channel}:${binding}`,
})
const contextOf = (id: string): string => `one_time_code:${id}`
const sealContext = (place: CodePlace): string => contextOf(keyOf(place).id)

/** How codes that were sent are sealed anew. */
export const CODE_SEALS: SealedRecords = {
  kind: 'one_time_code',
  reseal: ({ key, value }, anew) => {
    const record = value as CodeRecord
    return { ...record, sealedCode: anew(record.sealedCode, contextOf(key.id)) }
  },
}

export function createOneTimeCodes({ store, seal, now, random, perHour }: OneTimeCodesOptions): OneTimeCodes {
  const limits = createSendingLimits({ store, now, perHour })

  /** Numbers above the last whole multiple are thrown again: otherwise low codes would come more often. */
  function drawCode(): string {
    for (;;) {
      const number = random(4).readUInt32BE()
      if (number < FAIR_BELOW) return String(number % CODES).padStart(DIGITS, '0')
    }
  }

  /** @returns the record with this try in it, or undefined when there is no code or no try left */
  function countTry(place: CodePlace): Promise<CodeRecord | undefined> {
    return update<CodeRecord, CodeRecord | undefined>(store, keyOf(place), record => {
      if (record === undefined || record.tries >= MAX_TRIES) return { result: undefined }
      const value = { ...record, tries: record.tries + 1 }
      return { result: value, write: { value, options: { expiresAt: record.expiresAt } } }
    })
  }

  /** Uses up the code that was compared, and not one that replaced it meanwhile. */
  function spend(place: CodePlace, { sealedCode }: CodeRecord): Promise<FactorOutcome> {
    return update<CodeRecord, FactorOutcome>(store, keyOf(place), record => {
      if (record?.sealedCode !== sealedCode) return { result: { outcome: 'wrong' } }
      if (record.spent) return { result: { outcome: 'used' } }
      const write = { value: { ...record, spent: true }, options: { expiresAt: record.expiresAt } }
      return { result: { outcome: 'right' }, write }
    })
  }

  return {
    issue: async request => {
      const permission = await limits.begin(request)
      if (permission.outcome !== 'allowed') return permission
      const code = drawCode()
      const kept = request.target === undefined ? NO_CODE : code
      const expiresAt = now() + (request.lifetime ?? CODE_LIFETIME)
      const record: CodeRecord = {
        sealedCode: seal.seal(kept, sealContext(request)),
        tries: 0,
        spent: false,
        expiresAt,
      }
      await store.put(keyOf(request), record, { expiresAt })
      return { outcome: 'issued', code: request.target === undefined ? undefined : code }
    },

    check: async (place, code) => {
      const record = await countTry(place)
      if (record === undefined) return { outcome: 'wrong' }
      // A code that was sealed by a secret which is gone is no code: the person asks for another one.
      const expected = seal.open(record.sealedCode, sealContext(place)) ?? NO_CODE
      const right = equal(expected, code) && expected !== NO_CODE
      return right ? spend(place, record) : { outcome: 'wrong' }
    },
  }
}

/** Compares in a time that tells nothing of either text, whatever their lengths. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(a)), Buffer.from(hashSecret(b)))
}
