import type { Proof } from './assurance.js'

/** Who exists, as the user directory tells it. Read anew for each request, so a change there holds at once. */
export interface Person {
  /** The canonical user name: the subject of every token and the value of `Remote-User`. */
  readonly subject: string
  readonly displayName: string
  readonly email: string | undefined
  readonly groups: readonly string[]
  /** `disabled`: this user has no second factor by the operator's word. It never opens a `required` route. */
  readonly mfa: 'enabled' | 'disabled'
}

/** Somebody whose credential is genuine, with what was proved and when. */
export interface Identity {
  readonly person: Person
  readonly proofs: readonly Proof[]
  /** Whether a second factor is enrolled: what decides on `enrolled` routes. */
  readonly hasSecondFactor: boolean
  /** Names the session in assertions and logs. Not the credential: nothing can be opened with it. */
  readonly sessionReference: string
}

/** Who is asking. `undefined` is nobody; an error while finding out is nobody too. */
export type Caller = Identity | undefined
