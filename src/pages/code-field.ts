import { field } from './form-parts.js'
import { html, type Html } from './html.js'

/** A field for a code or a word that proves something. Its name and id are `code`. */
export interface CodeField {
  readonly label: string | Html
  readonly hint: string
  /**
   * What the keyboard of a phone shows, and what is filled in. `digits`: the number pad and codes from messages.
   * `letters`: codes with letters, which the number pad would lock out. `words`: an answer.
   */
  readonly typing: 'digits' | 'letters' | 'words'
  readonly error: string | undefined
  readonly focus: boolean
}

const TYPING: Readonly<Record<CodeField['typing'], Html>> = {
  digits: html`class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="64"`,
  letters: html`class="code" autocomplete="off" autocapitalize="none" maxlength="64"`,
  words: html`autocomplete="off" autocapitalize="none" maxlength="256"`,
}

/** Draws the field for a code. */
export function codeField({ label, hint, typing, error, focus }: CodeField): Html {
  const attributes = html`type="text" ${TYPING[typing]} spellcheck="false" required`
  return field({ id: 'code', label, hint, attributes, error, focus })
}
