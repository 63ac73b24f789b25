import { generateURI, ScureBase32Plugin, verifySync } from 'otplib'

/** RFC 6238 with the parameters every authenticator app understands: SHA-1, six digits, steps of 30 seconds. */
const PARAMETERS = { algorithm: 'sha1', digits: 6, period: 30 } as const

/** 160 bits, as RFC 4226 section 4 advises. */
export const TOTP_SECRET_BYTES = 20

const base32 = new ScureBase32Plugin()

/** Writes a secret as authenticator apps take it: base32 without padding. */
export function encodeTotpSecret(bytes: Buffer): string {
  return base32.encode(bytes)
}

/**
 * Brings what was typed into the one form that is checked and consumed: ASCII spaces and hyphens go, and exactly
 * six ASCII digits must be left.
 */
export function normaliseTotpCode(typed: string): string | undefined {
  if (typed.length > 20) return undefined
  const code = typed.replace(/[ -]/g, '')
  return /^[0-9]{6}$/.test(code) ? code : undefined
}

/**
 * Finds the time step whose code this is: the current one or the one before, never a future one.
 * @param secret base32
 * @param at milliseconds since the epoch
 * @returns the number of the step, or undefined
 */
export function matchTotpCode(secret: string, code: string, at: number): number | undefined {
  const epoch = Math.floor(at / 1000)
  const result = verifySync({
    secret,
    token: code,
    ...PARAMETERS,
    epoch,
    epochTolerance: [PARAMETERS.period, 0],
  })
  return result.valid && 'timeStep' in result ? result.timeStep : undefined
}

/** The `otpauth://totp/…` address that authenticator apps read from a QR code. */
export function totpUri(secret: string, issuer: string, label: string): string {
  return generateURI({ issuer, label, secret, ...PARAMETERS })
}
