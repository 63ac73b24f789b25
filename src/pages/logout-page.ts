import { buttonForm } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'

/** What the page before the logout shows. Its form posts to `${authPath}/logout`; a GET never logs out. */
export interface LogoutPageData {
  readonly authPath: string
  readonly username: string
}

/** The page that asks whether to log out. */
export function logoutPage({ authPath, username }: LogoutPageData): string {
  const words = texts.logout
  return frame({
    authPath,
    title: words.title,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.ask(username)}</p>
      ${buttonForm(`${authPath}/logout`, words.submit, { primary: true })}
      <p class="other"><a href="${authPath}/account">${words.stay}</a></p>`,
  })
}

/** The page after the logout. */
export function loggedOutPage({ authPath }: { readonly authPath: string }): string {
  const words = texts.loggedOut
  return frame({
    authPath,
    title: words.title,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.done}</p>
      <p><a class="button primary" href="${authPath}/login">${words.again}</a></p>`,
  })
}
