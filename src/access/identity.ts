import type { Proof } from './assurance.js'
import type { PathPattern } from './path-pattern.js'

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

/** What a token for machines may open, as its owner narrowed it. It opens only routes that name one of its scopes. */
export interface ApiTokenGrant {
  readonly scopes: readonly string[]
  /** Names of apps; undefined: any. */
  readonly apps: readonly string[] | undefined
  /** Any one of these; undefined: every path. */
  readonly paths: readonly PathPattern[] | undefined
  /** Whose it is: a machine's own, or a user's, who must then be one whom the route lets in. */
  readonly owner: 'machine' | 'user'
}

/** Somebody whose credential is genuine, with what was proved and when. */
export interface Identity {
  readonly person: Person
  readonly proofs: readonly Proof[]
  /** Whether a second factor is enrolled: what decides on `enrolled` routes. */
  readonly hasSecondFactor: boolean
  /** Names the session, or the API token, in assertions and logs. Not the credential: nothing can be opened with it. */
  readonly sessionReference: string
  /** Set when the credential is an API token: nothing was proved then, and `proofs` is empty. */
  readonly apiToken?: ApiTokenGrant | undefined
  /**
   * The browser is one that its owner asked to be remembered, and that still is. It proves nothing: it only spares
   * the second factor on routes without `step_up`.
   */
  readonly rememberedDevice?: boolean | undefined
}

/** Who is asking. `undefined` is nobody; an error while finding out is nobody too. */
export type Caller = Identity | undefined
