import type { Method, Proof } from '../access/assurance.js'
import type { ApiTokenGrant, Identity, Person } from '../access/identity.js'

/** Somebody in a question about the policy: who asks, and what they have shown. Ages are milliseconds. */
export interface DescribedCaller {
  readonly person: Person
  /** How long ago the password was shown; `none`: never (a passkey alone). Default 0. */
  readonly passwordAge?: number | 'none' | undefined
  /** The second factors that were shown; empty: none. */
  readonly factors: readonly Method[]
  /** How long ago the second factors were shown. Default 0. */
  readonly factorAge?: number | undefined
  /** Whether a second factor is enrolled. Default: whether the person may have one. */
  readonly hasSecondFactor?: boolean | undefined
  /** Whether the browser is remembered. Default false. */
  readonly rememberedDevice?: boolean | undefined
  /** Set: the credential is an API token, and nothing was shown. */
  readonly apiToken?: ApiTokenGrant | undefined
}

/** A person with nothing but a name and groups. */
export function describedPerson(
  subject: string,
  groups: readonly string[] = [],
  mfa: Person['mfa'] = 'enabled',
): Person {
  return { subject, displayName: subject, email: undefined, groups, mfa }
}

/** The identity that the gateway would make of such a caller at a moment. */
export function identityOf(caller: DescribedCaller, now: number): Identity {
  const { person, apiToken, factors, passwordAge = 0, factorAge = 0 } = caller
  const shared = { person, sessionReference: 'described' }
  if (apiToken !== undefined) return { ...shared, proofs: [], hasSecondFactor: false, apiToken }
  // A passkey begins a login only if it has verified its user.
  const traitsOf = (method: Method): Partial<Proof> =>
    passwordAge === 'none' && method === 'webauthn' ? { userVerified: true } : {}
  const password: readonly Proof[] =
    passwordAge === 'none' ? [] : [{ method: 'password', at: now - passwordAge }]
  return {
    ...shared,
    proofs: [...password, ...factors.map(method => ({ method, at: now - factorAge, ...traitsOf(method) }))],
    hasSecondFactor: caller.hasSecondFactor ?? person.mfa === 'enabled',
    rememberedDevice: caller.rememberedDevice ?? false,
  }
}
