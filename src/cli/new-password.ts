import type { CliIo } from './cli-io.js'

/** OWASP ASVS 5.0, 6.2.1: at least 8 characters, 15 advised. */
const SHORTEST = 8
const ADVISED = 15
/** The password check takes no longer one. */
const MOST_BYTES = 1024

/**
 * Asks for a new password: twice where a person types it, as the next line of the standard input otherwise.
 * @returns undefined when it cannot be one; why was told
 */
export async function askNewPassword(
  user: string,
  io: Pick<CliIo, 'askSecret' | 'asksPerson' | 'stderr'>,
): Promise<string | undefined> {
  const password = await io.askSecret(`New password of ${user}: `)
  const fault = faultOf(password)
  if (fault !== undefined) {
    io.stderr(`${fault} Nothing was changed.\n`)
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

function faultOf(password: string): string | undefined {
  if (password === '') return 'There is no password: type one, or give it as a line of the standard input.'
  if (Array.from(password).length < SHORTEST) return `A password has at least ${SHORTEST} characters.`
  if (Buffer.byteLength(password) > MOST_BYTES) return `A password has at most ${MOST_BYTES} bytes.`
  return undefined
}
