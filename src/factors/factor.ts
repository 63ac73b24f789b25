import type { Method, Proof } from '../access/assurance.js'

/** The methods that can follow a first one, the usual one first. */
export const SECOND_FACTORS = [
  'totp',
  'webauthn',
  'backup_code',
  'email',
  'sms',
  'knowledge_question',
] as const satisfies readonly Exclude<Method, 'password'>[]

/** A method that can follow a first one. */
export type SecondFactor = (typeof SECOND_FACTORS)[number]

/** Whose factor it is, as the directory knows them now. */
export interface FactorUser {
  readonly subject: string
  readonly displayName: string
  readonly email: string | undefined
  /** As the operator wrote it, in the form of E.164 (`+491701234567`). */
  readonly phone: string | undefined
}

/** One use of a factor: by whom, and for which login. */
export interface FactorAttempt {
  readonly user: FactorUser
  /**
   * Names the login that waits for the answer. What was sent or asked for one login answers no other. It is kept in
   * the store, so it is never the challenge itself but its hash.
   */
  readonly binding: string
  /** The answer begins the login, so anybody can ask for it: it is counted apart, and takes nothing from a second factor. */
  readonly isFirst?: boolean | undefined
}

/**
 * What a factor has done, or asks, before it can be answered. `none`: nothing, the code is in somebody's hand.
 * `sent`: a code is on its way to `target`, of which only a part is told. `webauthn`: the options for
 * `navigator.credentials.get()` as JSON (WebAuthn Level 3, 5.10). `question`: what to answer. `too_many`: nothing
 * more is sent for now; `retryAfter` is in seconds.
 */
export type FactorPrompt =
  | { readonly prompt: 'none' }
  | { readonly prompt: 'sent'; readonly target: string }
  | { readonly prompt: 'webauthn'; readonly options: unknown }
  | { readonly prompt: 'question'; readonly question: string }
  | { readonly prompt: 'too_many'; readonly retryAfter: number }

/** What a proof says besides its method and time. */
export type ProofTraits = Omit<Proof, 'method' | 'at'>

/**
 * What came of an answer. `used`: it was right once, and its only use is over; whoever asks is told the same as for
 * `wrong`.
 */
export type FactorOutcome =
  { readonly outcome: 'right'; readonly traits?: ProofTraits } | { readonly outcome: 'wrong' | 'used' }

/**
 * One way to prove that it is you. A factor asks, checks and consumes; who may try, and how often, is decided
 * before it is asked.
 */
export interface Factor {
  readonly method: SecondFactor
  /** Whether this user can show it now. */
  isReady(user: FactorUser): Promise<boolean>
  /** Does what must be done before an answer can be right. What was prepared earlier for this binding is void. */
  prepare(attempt: FactorAttempt): Promise<FactorPrompt>
  /**
   * Brings what was typed into the one form that is both checked and consumed.
   * @returns undefined when it cannot be an answer to this factor, whoever it is about
   */
  normalise(typed: string): string | undefined
  /** Checks a normalised answer and consumes it in the same step: of many callers at once one gets `right`. */
  verify(attempt: FactorAttempt, answer: string): Promise<FactorOutcome>
  /**
   * The chance, in millionths, that a random answer of the right form is right for this user now. Absent: none that
   * anybody could count on.
   */
  chance?(subject: string): Promise<number>
  /** Removes all of it, for an operator's reset. True when there was something. */
  remove(subject: string): Promise<boolean>
}
