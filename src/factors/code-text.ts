/** Crockford's base32: digits and capitals without I, L, O and U, so that nothing is misread. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUP = /.{4}(?=.)/g

/**
 * Writes random bytes as a code for people: groups of four characters with hyphens.
 * @param bytes a multiple of five bytes, so that every character carries five full bits
 */
export function encodeCode(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 5) {
    let bits = bytes.readUIntBE(at, 5)
    let eight = ''
    for (let left = 8; left > 0; left--) {
      eight = ALPHABET.charAt(bits % 32) + eight
      bits = Math.floor(bits / 32)
    }
    text += eight
  }
  return text.replace(GROUP, '$&-')
}

/**
 * Brings a typed code into its one form: capitals without spaces and hyphens, with O read as 0, I and L as 1.
 * @param length how many characters the code has
 * @returns undefined when it is not such a code
 */
export function normaliseCode(typed: string, length: number): string | undefined {
  // Nobody types more than twice as many characters; what is longer is not worth the work.
  if (typed.length > length * 2) return undefined
  const code = typed
    .replace(/[ -]/g, '')
    .replace(/[a-z]/g, letter => letter.toUpperCase())
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  return code.length === length && /^[0-9A-HJKMNP-TV-Z]*$/.test(code) ? code : undefined
}
