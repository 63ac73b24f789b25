import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import type { OpenSession } from '../credentials/session-record.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey, Store } from '../store/store.js'
import type { Client } from './login-step.js'

export interface KnownBrowsersOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** What a browser is to keep, so that it is known from now on. */
export interface KnownBrowser {
  /** The secret for its cookie. In the store there is only its hash. */
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/**
 * The browsers in which somebody has logged in to the end. A known one spares nobody any proof: it has tries of its
 * own at what begins a login, so that strangers who hammer a name do not keep its owner out. Nobody has to agree to
 * it and nothing rests on it, which sets it apart from a remembered device.
 */
export interface KnownBrowsers {
  /**
   * Makes the browser known for 90 days, if the session in its cookie has come to the end of a login. One that is known
   * already keeps its token. A user has at most 20: the oldest goes.
   * @returns undefined when the login has not come to its end, or no cookie carries it
   */
  meet(session: OpenSession, client: Client): Promise<KnownBrowser | undefined>
  /** Whether this is a browser of this user. */
  readonly isKnown: (token: string, subject: string) => Promise<boolean>
  /** It is known no more. */
  forget(token: string): Promise<void>
}

interface BrowserRecord {
  readonly subject: string
}

/** Whether this browser was met for the first time, which its owner ought to hear of. */
export function isNewBrowser(met: KnownBrowser | undefined, { browserToken }: Client): boolean {
  return met !== undefined && met.token !== browserToken
}

const LIFE = 90 * 24 * 60 * 60_000
const TOKEN_BYTES = 32
const MOST_BROWSERS = 20

const keyOf = (token: string): RecordKey => ({ kind: 'known_browser', id: hashSecret(token) })

/** Keeps the known browsers in the store that every process shares. */
export function createKnownBrowsers({ store, now, random }: KnownBrowsersOptions): KnownBrowsers {
  const isKnown: KnownBrowsers['isKnown'] = async (token, subject) =>
    (await store.get<BrowserRecord>(keyOf(token)))?.value.subject === subject

  return {
    isKnown,

    meet: async ({ record }, { browserToken }) => {
      const { subject, carrier, proofs, hasSecondFactor } = record
      const isWhole = !hasSecondFactor || isMultiFactor(assuranceOf(proofs))
      if (carrier !== 'cookie' || !isWhole) return undefined
      const isSame = browserToken !== undefined && (await isKnown(browserToken, subject))
      // Never a token that came from elsewhere: whoever planted it would have it, too.
      const token = isSame ? browserToken : random(TOKEN_BYTES).toString('base64url')
      const expiresAt = now() + LIFE
      const value: BrowserRecord = { subject }
      await store.put(keyOf(token), value, { expiresAt, owner: subject })
      // Afterwards, so that several at once cannot become too many.
      const all = await store.listByOwner<BrowserRecord>('known_browser', subject)
      for (const { key } of all.slice(0, -MOST_BROWSERS)) await store.delete(key)
      return { token, expiresAt }
    },

    forget: async token => {
      await store.delete(keyOf(token))
    },
  }
}
