import { field } from './form-parts.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** The field `name` for a security key or passkey that is being set up: 1 to 64 characters. */
export function keyNameField(name: string, error: string | undefined): Html {
  const words = texts.keySetup
  return field({
    id: 'name',
    label: words.name,
    hint: words.nameHint,
    attributes: html`type="text" value="${name}" autocomplete="off" maxlength="64" required`,
    error,
    focus: error !== undefined,
  })
}
