import { errorSummary, field, revealButton } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'

/** What the page shows. Its form posts `current_password` and `new_password` to `${authPath}/account/password`. */
export interface ChangePasswordPageData {
  readonly authPath: string
  /** For password managers. */
  readonly username: string
  /** The fewest characters that a new password can have. */
  readonly shortest: number
  readonly error: ChangePasswordPageError | undefined
}

/** `wrong_current` is about the current one, all others but `incomplete` about the new one. */
export type ChangePasswordPageError = keyof typeof texts.account.password.errors

/** The page on which a password is changed. Neither password ever stands in the page. */
export function changePasswordPage(data: ChangePasswordPageData): string {
  const words = texts.account.password
  const error = errorText(data)
  const isAboutNew = error !== undefined && data.error !== 'wrong_current' && data.error !== 'incomplete'
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      ${errorSummary(error)}
      <form method="post" action="${data.authPath}/account/password">
        <div hidden>
          <label for="username">${texts.login.username}</label>
          <input id="username" type="text" autocomplete="username" value="${data.username}" readonly />
        </div>
        ${field({
          id: 'current',
          name: 'current_password',
          label: words.current,
          attributes: html`type="password" autocomplete="current-password" maxlength="4096" required`,
          error: isAboutNew ? undefined : error,
          focus: true,
          after: revealButton('current'),
        })}
        ${field({
          id: 'new',
          name: 'new_password',
          label: words.next,
          hint: words.nextHint(data.shortest),
          attributes: html`type="password" autocomplete="new-password" maxlength="4096" required`,
          error: data.error === 'wrong_current' ? undefined : error,
          after: revealButton('new'),
        })}
        <button class="button primary">${words.submit}</button>
      </form>
      <p class="other"><a href="${data.authPath}/account/factors">${words.back}</a></p>`,
  })
}

function errorText({ error, shortest }: ChangePasswordPageData): string | undefined {
  const words = texts.account.password.errors
  if (error === undefined) return undefined
  return error === 'too_short' ? words.too_short(shortest) : words[error]
}
