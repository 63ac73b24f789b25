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
  /**
   * What carries it. `cookie`: a random id in a cookie. `tokens`: access and refresh tokens; its id then is made of
   * the reference and opens nothing by itself.
   */
  readonly carrier: SessionCarrier
  /** Counts the changes of its proofs. A token of an earlier version is worth nothing. */
  readonly version: number
  /** The public name of the remembered browser that this login rests on. Undefined: it rests on none. */
  readonly rememberedDevice?: string | undefined
  /** The name of the machine that began it for its user. Undefined: the user did. */
  readonly backend?: string | undefined
}

export type SessionCarrier = 'cookie' | 'tokens'

/** The id under which the store finds a session that tokens carry. */
export function tokenSessionId(reference: string): string {
  return `${TOKENS}${reference}`
}

/** Whether a session id is of one that tokens carry. */
export function isTokenSessionId(id: string): boolean {
  return id.startsWith(TOKENS)
}

const TOKENS = 'tokens:'

/** A session with the credential that opens it. The id goes into the cookie and nowhere else. */
export interface OpenSession {
  readonly id: string
  readonly record: SessionRecord
}
