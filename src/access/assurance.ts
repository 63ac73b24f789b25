/** An authentication method that the gateway can verify (CONTRACT names, see the README's table of factors). */
export type Method = 'password' | 'totp' | 'backup_code' | 'webauthn' | 'email' | 'sms' | 'knowledge_question'

/** What a method proves: something known, something held, or both at once with presence. */
type Proves = 'knowledge' | 'possession'

/** One authentication method that was verified for a session. */
export interface Proof {
  readonly method: Method
  /** When it was verified, in milliseconds since the epoch. */
  readonly at: number
  /** `webauthn` only: the authenticator verified its user by PIN or biometrics, so it is two factors at once. */
  readonly userVerified?: boolean | undefined
  /** `webauthn` only: the key is synchronised between devices (a passkey), so it is no proof of one device. */
  readonly synced?: boolean | undefined
  /** `knowledge_question` only: the operator lets it count as a second factor beside a password. */
  readonly countsAsSecondFactor?: boolean | undefined
}

/** How sure the gateway is of who is there. Always derived from proofs, never stored. */
export type Assurance = 'none' | 'single' | 'multi' | 'phishing_resistant'

interface MethodTraits {
  readonly proves: Proves
  /** Two proofs over one channel are one proof. */
  readonly channel: string
  /** The authentication method reference of RFC 8176; `eml` is private, none is registered. */
  readonly amr: string
}

const METHODS: Readonly<Record<Method, MethodTraits>> = {
  password: { proves: 'knowledge', channel: 'memory', amr: 'pwd' },
  knowledge_question: { proves: 'knowledge', channel: 'memory', amr: 'kba' },
  totp: { proves: 'possession', channel: 'authenticator', amr: 'otp' },
  backup_code: { proves: 'possession', channel: 'paper', amr: 'otp' },
  webauthn: { proves: 'possession', channel: 'authenticator', amr: 'hwk' },
  email: { proves: 'possession', channel: 'email', amr: 'eml' },
  sms: { proves: 'possession', channel: 'sms', amr: 'sms' },
}

/**
 * Derives the assurance: `multi` needs two proofs that differ in what they prove or in their channel, or one of an
 * authenticator that has verified its user.
 */
export function assuranceOf(proofs: readonly Proof[]): Assurance {
  const first = proofs[0]
  if (first === undefined) return 'none'
  const traits = METHODS[first.method]
  let multi = false
  let resistant = false
  for (const proof of proofs) {
    const other = METHODS[proof.method]
    if (other.proves !== traits.proves || other.channel !== traits.channel) multi = true
    if (proof.userVerified === true) multi = true
    if (proof.countsAsSecondFactor === true && proof.method !== first.method) multi = true
    if (proof.method === 'webauthn') resistant = true
  }
  if (!multi) return 'single'
  return resistant ? 'phishing_resistant' : 'multi'
}

/** Whether a method proves that something is held. What is known twice is still only known. */
export function provesPossession(method: Method): boolean {
  return METHODS[method].proves === 'possession'
}

/** Whether one more proof would be, or is, a second factor beside those shown so far. */
export function addsFactor(proofs: readonly Proof[], more: Proof): boolean {
  return isMultiFactor(assuranceOf([...proofs, more]))
}

/** Whether a second factor was shown. The meaning of the claim `mfa_verified`. */
export function isMultiFactor(assurance: Assurance): boolean {
  return assurance === 'multi' || assurance === 'phishing_resistant'
}

/** The `amr` claim of RFC 8176 in the order of the proofs, with `mfa` at the end once two factors differ. */
export function amrOf(proofs: readonly Proof[]): readonly string[] {
  const names = new Set(proofs.map(proof => (proof.synced === true ? 'swk' : METHODS[proof.method].amr)))
  if (isMultiFactor(assuranceOf(proofs))) names.add('mfa')
  return [...names]
}
