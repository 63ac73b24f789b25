import { describedBy, errorSummary, hiddenField, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'

/** What the login page shows. Its form posts `username`, `password` and `return_to` to `${authPath}/login`. */
export interface LoginPageData {
  readonly authPath: string
  /** Where to go afterwards: an address that was checked. */
  readonly returnTo: string
  /** The app that one is on the way to; undefined: none in particular. */
  readonly app: string | undefined
  /** What was typed before; empty at first. */
  readonly username: string
  /** `wrong` never says whether the name or the password was it. */
  readonly error: LoginPageError | undefined
  /** `form_lost`: a form was sent to the app without a login. `expired`: the login or session ran out. */
  readonly notice: LoginPageNotice | undefined
}

export type LoginPageError = 'wrong' | 'incomplete'

export type LoginPageNotice = 'form_lost' | 'expired'

/** The page that asks for user name and password. */
export function loginPage(data: LoginPageData): string {
  const words = texts.login
  const error = data.error && words.errors[data.error]
  const startAtPassword = data.username !== ''
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      ${data.app !== undefined && html`<p class="lead">${words.goingTo(data.app)}</p>`} ${errorSummary(error)}
      ${notice(data.notice && words.notices[data.notice])}
      <form method="post" action="${data.authPath}/login">
        ${hiddenField('return_to', data.returnTo)}
        <div class="field">
          <label for="username">${words.username}</label>
          <input
            id="username"
            name="username"
            type="text"
            value="${data.username}"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            maxlength="256"
            required${describedBy(error)}${!startAtPassword && html` autofocus`}
          />
        </div>
        <div class="field">
          <label for="password">${words.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            maxlength="4096"
            required${describedBy(error)}${startAtPassword && html` autofocus`}
          />
          <button
            type="button"
            class="quiet"
            data-reveal="password"
            data-other-label="${words.hidePassword}"
            hidden
          >
            ${words.showPassword}
          </button>
        </div>
        <button class="button primary">${words.submit}</button>
      </form>
      <p class="aside">${words.forgotten}</p>`,
  })
}
