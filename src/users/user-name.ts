const LONGEST_TYPED = 1024
const LONGEST_NAME = 256

/** Control, format (zero-width, bidirectional), unassigned and invisible characters, and line separators. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/**
 * Gives the one form of a user name under which accounts and counters are kept: Unicode NFKC, lower case, without
 * blanks around it. The form of a form is the form itself.
 * @param text as somebody typed it or as a file has it
 * @returns undefined for what cannot be a name: nothing, more than 256 characters, or invisible characters
 */
export function canonicalUserName(text: string): string | undefined {
  if (text.length > LONGEST_TYPED) return undefined
  const name = fold(fold(text))
  if (name === '' || name.length > LONGEST_NAME || INVISIBLE.test(name)) return undefined
  return fold(name) === name ? name : undefined
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim()
}
