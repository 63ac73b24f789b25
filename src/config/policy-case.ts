import type { Method } from '../access/assurance.js'
import type { Refusal } from '../access/canonicalise.js'
import type { AllowReason, DenyReason } from '../access/decision.js'
import type { ApiTokenGrant } from '../access/identity.js'
import type { AskedRequest } from '../access/judge.js'
import type { Place } from '../access/route.js'

/** One case of `tests:`: a request, who asks, and what must become of it. */
export interface PolicyCase {
  /** What the operator calls it; undefined: the request speaks for itself. */
  readonly name: string | undefined
  readonly place: Place
  readonly asked: AskedRequest
  /** The URL as it stands in the file, for messages. */
  readonly url: string
  /** Undefined: nobody is logged in. */
  readonly caller: CaseCaller | undefined
  /** When it happens, in milliseconds since the epoch; undefined: when the cases are run. */
  readonly at: number | undefined
  readonly expect: Expectation
  /** What the app must see, by header name in lower case; null: nothing of that name. Undefined: not looked at. */
  readonly headers: ReadonlyMap<string, string | null> | undefined
}

/** Who asks in a case. Ages are milliseconds. */
export interface CaseCaller {
  /** Undefined: somebody whose name does not matter. */
  readonly user: string | undefined
  /** The user is given by the name alone, and so must be in the users file. */
  readonly isNameOnly: boolean
  /** Undefined: those that the users file gives the user; none if it does not know that user. */
  readonly groups: readonly string[] | undefined
  /** `disabled`, `not_enrolled`: of the account. `none`: a second factor is there, but was not shown. */
  readonly mfa: 'none' | 'not_enrolled' | 'disabled' | undefined
  /** The second factors that were shown. Undefined: a code, where the user may have a second factor. */
  readonly factors: readonly Exclude<Method, 'password'>[] | undefined
  /** How long ago the second factors were shown. */
  readonly factorAge: number
  /** How long ago the password was shown; `none`: it was not. */
  readonly passwordAge: number | 'none'
  /** The browser is remembered, and no second factor was shown unless `factors` says so. */
  readonly isRemembered: boolean
  /** Set: the credential is an API token. */
  readonly apiToken: ApiTokenGrant | undefined
}

/** What a case wants. `reject`: refused with 400. `own`: for the gateway itself. A reason is compared where it is given. */
export type Expectation =
  | { readonly outcome: 'allow'; readonly reason?: AllowReason | undefined }
  | { readonly outcome: 'deny'; readonly reason?: DenyReason | undefined }
  | { readonly outcome: 'reject'; readonly reason?: Refusal | undefined }
  | { readonly outcome: 'login' | 'mfa' | 'step_up' | 'not_found' | 'own' }
