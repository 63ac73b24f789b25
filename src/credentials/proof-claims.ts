import { amrOf, assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Assurance, Proof } from '../access/assurance.js'

/** What a token says of how somebody was authenticated. */
export interface ProofClaims {
  /** RFC 8176. */
  readonly amr: readonly string[]
  readonly acr: Assurance
  /** When the last proof was given, in seconds since the epoch (OpenID Connect Core, 2). Left out: nothing was proved. */
  readonly auth_time?: number
  readonly mfa_verified: boolean
}

/** Derives the claims from proofs, in every token of ours alike. */
export function proofClaims(proofs: readonly Proof[]): ProofClaims {
  const acr = assuranceOf(proofs)
  return {
    amr: amrOf(proofs),
    acr,
    ...(proofs.length === 0
      ? {}
      : { auth_time: Math.floor(Math.max(...proofs.map(proof => proof.at)) / 1000) }),
    mfa_verified: isMultiFactor(acr),
  }
}
