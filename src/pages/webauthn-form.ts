import { hiddenField } from './form-parts.js'
import { html, type Html } from './html.js'

/** A form that is answered by a security key or passkey. */
export interface WebAuthnForm {
  /** `get`: shows a key that is registered. `create`: registers one. */
  readonly ceremony: 'get' | 'create'
  readonly action: string
  /** The options of the ceremony as JSON (WebAuthn Level 3, sections 5.1.8 and 5.1.9). */
  readonly options: unknown
  /** What is sent along, by name. The response is sent as `code`, by the script. */
  readonly fields: Readonly<Record<string, string>>
  /** What the person fills in before the button. */
  readonly body?: Html | undefined
  readonly submit: string
  /** The sentence for browsers without JavaScript, which see no form. */
  readonly withoutScript: string
}

/** Draws a form that the script answers: its page needs `script: true` in its frame. Without JavaScript it is not seen. */
export function webauthnForm(form: WebAuthnForm): Html {
  return html`<noscript><p class="notice">${form.withoutScript}</p></noscript>
    <form
      method="post"
      action="${form.action}"
      data-webauthn="${form.ceremony}"
      data-options="${JSON.stringify(form.options)}"
    >
      ${Object.entries(form.fields).map(([name, value]) => hiddenField(name, value))}
      ${hiddenField('code', '')} ${form.body}
      <p class="notice" data-webauthn-status role="status" hidden></p>
      <button class="button primary">${form.submit}</button>
    </form>`
}
