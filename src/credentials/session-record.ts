import type { Proof } from '../access/assurance.js'

/**
 * What a session is, as the store keeps it. Partial and full sessions look alike: the proofs tell them apart.
 * Times are milliseconds since the epoch.
 */
export interface SessionRecord {
  readonly subject: string
  readonly proofs: readonly Proof[]
  /** A random public name, for listing and ending it, for assertions and logs. It opens nothing. */
  readonly reference: string
  readonly createdAt: number
  /** Written at most once a minute, so it may lag behind by that much. */
  readonly lastSeenAt: number
  /** The absolute limit. Nothing ever moves it. */
  readonly expiresAt: number
  /** The client's address at the login, after trusted proxies. */
  readonly address: string
  /** What the client called itself at the login, at most 256 characters. Shown to its owner only. */
  readonly userAgent: string
  /** The user's password version at the login. Another one now makes the session worth nothing. */
  readonly passwordVersion: string
  /** Whether the user had a second factor when the last step of this login was made. */
  readonly hasSecondFactor: boolean
}

/** A session with the credential that opens it. The id goes into the cookie and nowhere else. */
export interface OpenSession {
  readonly id: string
  readonly record: SessionRecord
}
