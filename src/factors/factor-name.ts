/** In characters, not bytes. */
const LONGEST_NAME = 64
/** Control characters, line separators, marks that turn the direction of text, and halves of characters. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Makes what somebody calls a factor of theirs fit for lists: what does not show as itself goes, at most 64
 * characters stay, and no blanks around them.
 * @returns an empty text when nothing is left
 */
export function cleanFactorName(typed: string): string {
  const characters = [
    ...typed
      .slice(0, LONGEST_NAME * 8)
      .replace(NOT_IN_NAMES, '')
      .trim(),
  ]
  return characters.slice(0, LONGEST_NAME).join('').trim()
}
