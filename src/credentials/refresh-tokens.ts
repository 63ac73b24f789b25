import type { Clock } from '../clock.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'

export interface RefreshTokensOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** A family of refresh tokens: one session that tokens carry. */
export interface RefreshFamily {
  readonly subject: string
  /** The public name of the session. */
  readonly reference: string
  /** When the whole family ends, in milliseconds since the epoch. No refresh moves it. */
  readonly expiresAt: number
  /** The version of the session that the token was made for. */
  readonly version: number
}

/** What came of using a token. `reused`: it was used before, so somebody has a copy, and the family has to end. */
export type RefreshOutcome =
  ({ readonly outcome: 'right' | 'reused' } & RefreshFamily) | { readonly outcome: 'unknown' }

/**
 * Refresh tokens: opaque, 256 random bits, each good for one use (RFC 9700, 4.14.2). Whether the session that one
 * names still lives is for the caller to see.
 */
export interface RefreshTokens {
  /** Makes the next token of a family. */
  issue(family: RefreshFamily): Promise<string>
  /** What a token names, without using it. `used`: it was used before. Undefined: there is no such token. */
  peek(token: string): Promise<(RefreshFamily & { readonly used: boolean }) | undefined>
  /**
   * Uses a token up: of many callers at once exactly one gets `right`, every other and every later one `reused`. Used
   * tokens are remembered until their family ends by its age.
   */
  use(token: string): Promise<RefreshOutcome>
  /** Whether a text has the form of a refresh token, good or not: then it is for nobody but the gateway. */
  looksLikeOurs(text: string): boolean
}

interface RefreshRecord extends RefreshFamily {
  readonly used: boolean
}

const PREFIX = 'ghrt_'
const FORM = /^ghrt_[A-Za-z0-9_-]{43}$/

export function createRefreshTokens({ store, now, random }: RefreshTokensOptions): RefreshTokens {
  const keyOf = (token: string): RecordKey => ({ kind: 'refresh_token', id: hashSecret(token) })
  const familyOf = ({ subject, reference, expiresAt, version }: RefreshRecord): RefreshFamily => ({
    subject,
    reference,
    expiresAt,
    version,
  })

  return {
    issue: async ({ subject, reference, expiresAt, version }) => {
      const token = `${PREFIX}${random(32).toString('base64url')}`
      const record: RefreshRecord = { subject, reference, expiresAt, version, used: false }
      await store.put(keyOf(token), record, { expiresAt, owner: subject })
      return token
    },

    peek: async token => {
      if (!FORM.test(token)) return undefined
      const found = await store.get<RefreshRecord>(keyOf(token))
      return found && { ...familyOf(found.value), used: found.value.used }
    },

    use: token => {
      if (!FORM.test(token)) return Promise.resolve({ outcome: 'unknown' })
      return update<RefreshRecord, RefreshOutcome>(store, keyOf(token), record => {
        if (record === undefined || now() >= record.expiresAt) return { result: { outcome: 'unknown' } }
        if (record.used) return { result: { outcome: 'reused', ...familyOf(record) } }
        return {
          result: { outcome: 'right', ...familyOf(record) },
          write: { value: { ...record, used: true }, options: { expiresAt: record.expiresAt } },
        }
      })
    },

    looksLikeOurs: text => text.startsWith(PREFIX),
  }
}
