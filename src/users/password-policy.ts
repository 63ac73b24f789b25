import { isCommonPassword } from './common-passwords.js'

/** The fewest characters of a new password (OWASP ASVS 5.0, 6.2.1). */
export const SHORTEST_PASSWORD = 8
/** The password check takes no longer one. */
const MOST_BYTES = 1024

/** What is wrong with a new password. `too_common`: among the first that anybody tries, or the user's own name. */
export type PasswordFault = 'empty' | 'too_short' | 'too_long' | 'too_common'

/** The same as a sentence. */
export const PASSWORD_FAULTS: Readonly<Record<PasswordFault, string>> = {
  empty: 'There is no password: type one, or give it as a line of the standard input.',
  too_short: `A password has at least ${SHORTEST_PASSWORD} characters.`,
  too_long: `A password has at most ${MOST_BYTES} bytes.`,
  too_common: 'This password is among the first that are tried: take another one.',
}

/**
 * What is wrong with a new password; undefined when nothing is. Any character counts, and none must be there (OWASP
 * ASVS 5.0, 6.2.4, 6.2.5, 6.2.11; NIST SP 800-63B-4, 3.1.1.2).
 * @param user the name of the user whose password it is to be
 */
export async function faultOfPassword(password: string, user: string): Promise<PasswordFault | undefined> {
  if (password === '') return 'empty'
  if (Array.from(password).length < SHORTEST_PASSWORD) return 'too_short'
  if (Buffer.byteLength(password) > MOST_BYTES) return 'too_long'
  return (await isCommonPassword(password, user)) ? 'too_common' : undefined
}
