import type { Clock } from '../clock.js'
import { isTokenSessionId } from './session-record.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'

/** What a challenge waits for. An `enrol` challenge never takes the code of a factor that exists, nor the reverse. */
type ChallengePurpose = 'second_factor' | 'enrol'

/** A login that waits for its next step. */
interface LoginChallenge {
  readonly purpose: ChallengePurpose
  /** Where the person was going when the login began. */
  readonly returnTo: string | undefined
}

/** What came of a try. `used_up`: there were five already. `none`: no such challenge, or not of this session. */
type CountedTry =
  | { readonly outcome: 'open'; readonly challenge: LoginChallenge }
  | { readonly outcome: 'used_up' }
  | { readonly outcome: 'none' }

interface ChallengeRecord {
  readonly purpose: ChallengePurpose
  readonly returnTo?: string
  /** The hash of the one session that may answer it. */
  readonly session: string
  /** The id of that session, where tokens carry it: then the challenge alone names it, and the id opens nothing. */
  readonly tokenSession?: string
  readonly tries: number
  readonly expiresAt: number
}

export interface LoginChallengesOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** Single-use challenges, each bound to its session. Whatever is not alive and of this session is undefined. */
export interface LoginChallenges {
  /** @returns the challenge's id, a secret of 256 bits */
  create(sessionId: string, subject: string, challenge: LoginChallenge): Promise<string>
  /** Looks without counting. Undefined after five tries. */
  peek(id: string, sessionId: string): Promise<LoginChallenge | undefined>
  /** Counts one try, before whatever is tried is looked at. */
  countTry(id: string, sessionId: string): Promise<CountedTry>
  /** The session that waits with this challenge, where tokens carry it; undefined for every other challenge. */
  tokenSessionOf(id: string): Promise<string | undefined>
  /** Uses it up: of many callers at once exactly one gets true. */
  take(id: string): Promise<boolean>
}

/** Seconds that a challenge lives. */
export const CHALLENGE_SECONDS = 300

const MAX_TRIES = 5

/** Names a challenge without being one: what a factor keeps for it is kept under this. */
export function challengeBinding(id: string): string {
  return hashSecret(id)
}

export function createLoginChallenges({ store, now, random }: LoginChallengesOptions): LoginChallenges {
  const keyOf = (id: string): RecordKey => ({ kind: 'challenge', id: hashSecret(id) })
  const read = (record: ChallengeRecord): LoginChallenge => ({
    purpose: record.purpose,
    returnTo: record.returnTo,
  })

  const isOpen = (record: ChallengeRecord | undefined, sessionId: string): record is ChallengeRecord =>
    record?.session === hashSecret(sessionId) && record.tries < MAX_TRIES

  return {
    create: async (sessionId, subject, { purpose, returnTo }) => {
      const id = random(32).toString('base64url')
      const expiresAt = now() + CHALLENGE_SECONDS * 1000
      const record: ChallengeRecord = {
        purpose,
        ...(returnTo === undefined ? {} : { returnTo }),
        session: hashSecret(sessionId),
        ...(isTokenSessionId(sessionId) ? { tokenSession: sessionId } : {}),
        tries: 0,
        expiresAt,
      }
      await store.put(keyOf(id), record, { expiresAt, owner: subject })
      return id
    },

    peek: async (id, sessionId) => {
      const record = (await store.get<ChallengeRecord>(keyOf(id)))?.value
      return isOpen(record, sessionId) ? read(record) : undefined
    },

    countTry: (id, sessionId) =>
      update<ChallengeRecord, CountedTry>(store, keyOf(id), record => {
        if (record?.session !== hashSecret(sessionId)) return { result: { outcome: 'none' } }
        if (record.tries >= MAX_TRIES) return { result: { outcome: 'used_up' } }
        const counted = { ...record, tries: record.tries + 1 }
        return {
          result: { outcome: 'open', challenge: read(record) },
          write: { value: counted, options: { expiresAt: record.expiresAt } },
        }
      }),

    tokenSessionOf: async id => (await store.get<ChallengeRecord>(keyOf(id)))?.value.tokenSession,
    take: async id => (await store.take(keyOf(id))) !== undefined,
  }
}
