import { errorSummary } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { keyNameField } from './key-name-field.js'
import { texts } from './texts.js'
import { webauthnForm } from './webauthn-form.js'

/** What the page shows. Its form posts `name` and `code` to `${authPath}/account/factors/webauthn/confirm`. */
export interface AddKeyPageData {
  readonly authPath: string
  /** For `navigator.credentials.create()`, as JSON. */
  readonly options: unknown
  /** What was typed before; empty at first. */
  readonly name: string
  /** `name`: that cannot be a name. */
  readonly error: 'wrong' | 'incomplete' | 'name' | undefined
}

/** The page on which a further security key or passkey is set up. */
export function addKeyPage(data: AddKeyPageData): string {
  const words = texts.addFactor.key
  const setup = texts.keySetup
  const error = data.error && setup.errors[data.error]
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      <p>${setup.ask}</p>
      ${errorSummary(error)}
      ${webauthnForm({
        ceremony: 'create',
        action: `${data.authPath}/account/factors/webauthn/confirm`,
        options: data.options,
        fields: {},
        body: keyNameField(data.name, data.error === 'name' ? error : undefined),
        submit: words.submit,
        withoutScript: setup.withoutScript(undefined),
      })}
      <p class="other"><a href="${data.authPath}/account/factors">${texts.addFactor.cancel}</a></p>`,
  })
}
