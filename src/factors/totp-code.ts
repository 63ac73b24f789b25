import { generateURI, ScureBase32Plugin, verifySync } from 'otplib'

/** How codes are computed (RFC 6238, section 1.2). */
export interface TotpParameters {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  readonly digits: 6 | 8
  /** Length of a step in seconds, 15 to 60. */
  readonly period: number
}

/** What every authenticator app understands, and what an authenticator has that says nothing else. */
export const USUAL_TOTP: TotpParameters = { algorithm: 'sha1', digits: 6, period: 30 }

/** RFC 6238 section 5.1 advises a key as long as the hash. All of them are above the 128 bits of RFC 4226, section 4. */
const SECRET_BYTES: Readonly<Record<TotpParameters['algorithm'], number>> = {
  sha1: 20,
  sha256: 32,
  sha512: 64,
}

const base32 = new ScureBase32Plugin()

/** How many random bytes a new secret has. */
export function totpSecretBytes({ algorithm }: Pick<TotpParameters, 'algorithm'>): number {
  return SECRET_BYTES[algorithm]
}

/** Writes a secret as authenticator apps take it: base32 without padding. */
export function encodeTotpSecret(bytes: Buffer): string {
  return base32.encode(bytes)
}

/**
 * Brings what was typed into the one form that is checked and consumed: ASCII spaces and hyphens go, and exactly
 * six or eight ASCII digits must be left. Both lengths, whatever new authenticators have: older ones stay as they are.
 */
export function normaliseTotpCode(typed: string): string | undefined {
  if (typed.length > 20) return undefined
  const code = typed.replace(/[ -]/g, '')
  return /^(?:[0-9]{6}|[0-9]{8})$/.test(code) ? code : undefined
}

/** How many steps' codes are right at one moment: the current one's and the one's before. */
const STEPS_AT_ONCE = 2

/** The chance, in millionths, that a random code is right for one authenticator. */
export function totpChance({ digits }: Pick<TotpParameters, 'digits'> = USUAL_TOTP): number {
  return STEPS_AT_ONCE * 10 ** (6 - digits)
}

/**
 * Finds the time step whose code this is: the current one or the one before, never a future one.
 * @param secret base32
 * @param code normalised; one of another length is no code of this authenticator
 * @param at milliseconds since the epoch
 * @returns the number of the step, or undefined
 */
export function matchTotpCode(
  secret: string,
  code: string,
  at: number,
  { algorithm, digits, period }: TotpParameters,
): number | undefined {
  if (code.length !== digits) return undefined
  const result = verifySync({
    secret,
    token: code,
    algorithm,
    digits,
    period,
    epoch: Math.floor(at / 1000),
    epochTolerance: [period, 0],
  })
  return result.valid && 'timeStep' in result ? result.timeStep : undefined
}

/** The `otpauth://totp/…` address that authenticator apps read from a QR code. It names what is not as usual. */
export function totpUri(
  secret: string,
  issuer: string,
  label: string,
  { algorithm, digits, period }: TotpParameters,
): string {
  return generateURI({ issuer, label, secret, algorithm, digits, period })
}
