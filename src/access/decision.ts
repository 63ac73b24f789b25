import type { StepUp } from './route.js'

/** Why a request is denied, in words that programs may rely on (`reason` in problem bodies). */
export type DenyReason = 'denied' | 'not_this_user' | 'not_in_group' | 'mfa_disabled' | 'token_scope'

/** Why a request may pass. */
export type AllowReason =
  'public' | 'bypassed' | 'enrolled' | 'required' | 'preflight' | 'remembered_device' | 'api_token'

/**
 * What becomes of a request. `decide()` is the only place that makes an `allow`.
 * `login`: nobody is logged in. `mfa`: the second factor is missing. `step_up`: a fresher or stronger proof is due.
 */
export type Decision =
  | { readonly effect: 'allow'; readonly reason: AllowReason; readonly withIdentity: boolean }
  | { readonly effect: 'login' }
  | { readonly effect: 'mfa' }
  | { readonly effect: 'step_up'; readonly stepUp: StepUp }
  | { readonly effect: 'deny'; readonly reason: DenyReason }
  | { readonly effect: 'not_found' }
