import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import type { RecordKey, Store } from '../store/store.js'

/** Milliseconds in which a challenge may be answered. */
export const CHALLENGE_LIFE = 5 * 60_000
/** 256 bits; WebAuthn Level 3, 13.4.3, asks for 128. */
const CHALLENGE_BYTES = 32

/** What a challenge is for: a new key, a key as a factor of a known user, or a passkey that says who it is. */
type Use = 'create' | 'get' | 'sign_in'

interface IssuedChallenge {
  /** Base64url. */
  readonly challenge: string
  /** Whose key is to answer. Null where the key itself is to tell. */
  readonly subject: string | null
  /** The user handle that a new key was given; null for the other uses. */
  readonly handle: string | null
}

/** Challenges that wait for their answer, one for each use and binding. */
export interface WebAuthnChallenges {
  /** Makes a challenge and gives it. What was issued earlier for this use and binding is void. */
  issue(use: Use, binding: string, subject: string | null, handle: string | null): Promise<string>
  /** Spends the challenge: of many callers at once exactly one gets it. Undefined: there is none. */
  take(use: Use, binding: string): Promise<IssuedChallenge | undefined>
}

export interface WebAuthnChallengesOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

const keyOf = (use: Use, binding: string): RecordKey => ({
  kind: 'webauthn_challenge',
  id: `${use}:${binding}`,
})
const contextOf = (id: string): string => `webauthn_challenge:${id}`
const sealContext = (use: Use, binding: string): string => contextOf(keyOf(use, binding).id)

/** How challenges are sealed anew. */
export const WEBAUTHN_CHALLENGE_SEALS: SealedRecords = {
  kind: 'webauthn_challenge',
  reseal: ({ key, value }, anew) => {
    const { sealed } = value as { readonly sealed: string }
    return { sealed: anew(sealed, contextOf(key.id)) }
  },
}

export function createWebAuthnChallenges({
  store,
  seal,
  now,
  random,
}: WebAuthnChallengesOptions): WebAuthnChallenges {
  return {
    issue: async (use, binding, subject, handle) => {
      const challenge = random(CHALLENGE_BYTES).toString('base64url')
      const issued: IssuedChallenge = { challenge, subject, handle }
      // Sealed, so that who can write to the store cannot ask again what was answered before.
      const sealed = seal.seal(JSON.stringify(issued), sealContext(use, binding))
      const options = { expiresAt: now() + CHALLENGE_LIFE, owner: subject ?? undefined }
      await store.put(keyOf(use, binding), { sealed }, options)
      return challenge
    },
    take: async (use, binding) => {
      const record = await store.take<{ readonly sealed: string }>(keyOf(use, binding))
      const text = record && seal.open(record.sealed, sealContext(use, binding))
      return text === undefined ? undefined : (JSON.parse(text) as IssuedChallenge)
    },
  }
}
