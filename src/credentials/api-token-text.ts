import { crc32 } from 'node:zlib'

const PREFIX = 'gh_'
const FORM = /^gh_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/
const SECRET_BYTES = 32
const CHECKSUM_LENGTH = 6
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * Makes the text of an API token: `gh_`, 256 random bits in base64url (43 characters), and a checksum of these (6), so
 * that whoever searches files for leaked tokens finds real ones only, and a mistyped one costs no look into the store.
 */
export function createApiTokenText(random: (bytes: number) => Buffer): string {
  const secret = `${PREFIX}${random(SECRET_BYTES).toString('base64url')}`
  return `${secret}${checksumOf(secret)}`
}

/** Whether a text has the form of an API token with the right checksum. It says nothing about its being known. */
export function isApiTokenText(text: string): boolean {
  return FORM.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
}

/** CRC-32 in base 62. It keeps nothing secret: it finds mistakes. */
function checksumOf(secret: string): string {
  let rest = crc32(secret)
  let digits = ''
  while (digits.length < CHECKSUM_LENGTH) {
    digits = `${DIGITS[rest % DIGITS.length] ?? ''}${digits}`
    rest = Math.floor(rest / DIGITS.length)
  }
  return digits
}
