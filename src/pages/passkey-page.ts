import { address } from './address.js'
import { errorSummary } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'
import { webauthnForm } from './webauthn-form.js'

/** What the page shows. Its form posts `code` and `return_to` to `${authPath}/passkey`; the browser's cookie says for which login. */
export interface PasskeyPageData {
  readonly authPath: string
  readonly returnTo: string
  /** For `navigator.credentials.get()`, as JSON. */
  readonly options: unknown
  /** The app that one is on the way to; undefined: none in particular. */
  readonly app: string | undefined
  /** Whether there is another way to log in. */
  readonly hasOtherWays: boolean
  /** `wrong` never says whether the passkey is known. `incomplete`: nothing came with the form. */
  readonly error: 'wrong' | 'incomplete' | undefined
}

/** The page on which a passkey alone logs in. */
export function passkeyPage(data: PasskeyPageData): string {
  const { authPath, returnTo } = data
  const words = texts.passwordless.passkey
  const error = data.error && words.errors[data.error]
  return frame({
    authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      ${data.app !== undefined && html`<p class="lead">${texts.login.goingTo(data.app)}</p>`}
      <p>${words.ask}</p>
      ${errorSummary(error)}
      ${webauthnForm({
        ceremony: 'get',
        action: `${authPath}/passkey`,
        options: data.options,
        fields: { return_to: returnTo },
        submit: words.submit,
        withoutScript: words.withoutScript,
      })}
      ${
        data.hasOtherWays &&
        html`<p class="other">
          <a href="${address(`${authPath}/login`, { return_to: returnTo })}">${texts.login.otherWays}</a>
        </p>`
      }
      <p class="aside">${texts.login.cannotGetIn}</p>`,
  })
}
