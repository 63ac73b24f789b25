import { createHash } from 'node:crypto'

/**
 * Hashes a random secret of at least 128 bits, so that the store never holds what opens a session. Not for
 * passwords: it is fast, and that is only safe where nobody can guess.
 * @returns SHA-256 in base64url, 43 characters
 */
export function hashSecret(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}
