import { faultOfPassword, PASSWORD_FAULTS } from '../users/password-policy.js'
import type { CliIo } from './cli-io.js'

/** OWASP ASVS 5.0, 6.2.1. */
const ADVISED = 15

/**
 * Asks for a new password: twice where a person types it, as the next line of the standard input otherwise.
 * @returns undefined when it cannot be one; why was told
 */
export async function askNewPassword(
  user: string,
  io: Pick<CliIo, 'askSecret' | 'asksPerson' | 'stderr'>,
): Promise<string | undefined> {
  const password = await io.askSecret(`New password of ${user}: `)
  const fault = await faultOfPassword(password, user)
  if (fault !== undefined) {
    io.stderr(`${PASSWORD_FAULTS[fault]} Nothing was changed.\n`)
    return undefined
  }
  if (io.asksPerson && (await io.askSecret('The same again: ')) !== password) {
    io.stderr('The two are not the same. Nothing was changed.\n')
    return undefined
  }
  if (Array.from(password).length < ADVISED)
    io.stderr(`This is a short password: ${ADVISED} characters or more are advised.\n`)
  return password
}
