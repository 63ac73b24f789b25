import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const SECRET_BYTES = 32

/**
 * Gives the secret that lies beside the embedded store in `DIRECTORY/secret`, and makes it when there is none. Of
 * several processes that start at once, all get the same.
 * @param directory made with mode 0700 if it is not there; the file has mode 0600
 * @returns 256 random bits in base64url
 * @throws Error when the file cannot be read or written, or does not hold such a secret: then nothing is replaced,
 *   because what it sealed would be lost
 */
export function readOrCreateEmbeddedSecret(directory: string): string {
  const file = join(directory, 'secret')
  const found = readSecret(file)
  if (found !== undefined) return found
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `secret.${randomBytes(9).toString('base64url')}`)
  writeWhole(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`)
  try {
    // Unlike rename, link never replaces what another process has put there meanwhile.
    linkSync(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  const secret = readSecret(file)
  if (secret === undefined)
    throw new Error(`The secret in ${file} was removed while it was being made. Start again.`)
  return secret
}

function readSecret(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  if (Buffer.from(text, 'base64url').length === SECRET_BYTES) return text
  throw new Error(
    `${file} does not hold a secret that the gateway made. Restore it from a backup; only if there is none, ` +
      'remove it: then every session and every enrolled factor is lost.',
  )
}

function writeWhole(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
