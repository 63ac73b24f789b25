import type { StatelessFactor } from '../login/stateless-login.js'

/** The factors by the names that the stateless protocol has for them. */
export type AuthType = 'TOTP' | 'SMS' | 'EMAIL' | 'PVQ' | 'BACKUP'

const FACTORS: Readonly<Record<AuthType, StatelessFactor>> = {
  TOTP: 'totp',
  SMS: 'sms',
  EMAIL: 'email',
  PVQ: 'knowledge_question',
  BACKUP: 'backup_code',
}
const NAMES: Readonly<Record<StatelessFactor, AuthType>> = {
  totp: 'TOTP',
  sms: 'SMS',
  email: 'EMAIL',
  knowledge_question: 'PVQ',
  backup_code: 'BACKUP',
}

/** Every name. */
export const AUTH_TYPES = ['TOTP', 'SMS', 'EMAIL', 'PVQ', 'BACKUP'] as const satisfies readonly AuthType[]

/** `MFA authType="TOTP", token="…"` (RFC 9110, section 11.4); older clients leave the scheme and the comma out. */
const MFA = /^(?:mfa +)?authType="([A-Z]{1,8})"(?: *, *| +)token="([A-Za-z0-9_-]{1,256})"$/i

/** What proves a second factor at a stateless login. */
export interface MfaProof {
  readonly factor: StatelessFactor
  readonly token: string
}

/**
 * Reads the `Authorization` of a stateless login.
 * @returns undefined when there is none; `malformed` for everything that is not exactly one such proof
 */
export function readMfaAuthorization(value: string | undefined): MfaProof | undefined | 'malformed' {
  if (value === undefined) return undefined
  const [, name = '', token = ''] = MFA.exec(value) ?? []
  const authType = AUTH_TYPES.find(known => known === name)
  return authType === undefined ? 'malformed' : { factor: FACTORS[authType], token }
}

/** The challenge of a 401 (RFC 9110, section 11.3). */
export function mfaChallenge(factor: StatelessFactor, realm: string): string {
  return `MFA authType="${NAMES[factor]}", realm="${realm}"`
}

export function authTypeOf(factor: StatelessFactor): AuthType {
  return NAMES[factor]
}

export function factorOfAuthType(authType: AuthType): StatelessFactor {
  return FACTORS[authType]
}
