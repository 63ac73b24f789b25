import { address } from './address.js'
import { errorSummary, field, hiddenField, mainWays, notice, revealButton, ways } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** A way to begin a login, as the configuration names it (`login.methods`). */
export type FirstMethod = 'password' | 'passkey' | 'email' | 'sms' | 'link'

/** What the login page shows. Its form posts `username`, `password` and `return_to` to `${authPath}/login`. */
export interface LoginPageData {
  readonly authPath: string
  /** Where to go afterwards: an address that was checked. */
  readonly returnTo: string
  /** The app that one is on the way to; undefined: none in particular. */
  readonly app: string | undefined
  /** What is offered, in this order. Without `password` the page has links only. */
  readonly methods: readonly FirstMethod[]
  /** What was typed before; empty at first. */
  readonly username: string
  /** `wrong` never says whether the name or the password was it. */
  readonly error: LoginPageError | undefined
  /**
   * `form_lost`: a form was sent to the app without a login. `expired`: the login or session ran out. `cookies`: the
   * browser keeps no cookies. `too_many_codes`: the challenge died of wrong codes. `password_changed`: all sessions
   * ended with the old password.
   */
  readonly notice: LoginPageNotice | undefined
}

export type LoginPageError = 'wrong' | 'incomplete'

export type LoginPageNotice = 'form_lost' | 'expired' | 'cookies' | 'too_many_codes' | 'password_changed'

/** The page on which a login begins: with user name and password, or by a link to another way. */
export function loginPage(data: LoginPageData): string {
  const words = texts.login
  const error = data.error && words.errors[data.error]
  const asksPassword = data.methods.includes('password')
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      ${data.app !== undefined && html`<p class="lead">${words.goingTo(data.app)}</p>`} ${errorSummary(error)}
      ${notice(data.notice && words.notices[data.notice])} ${asksPassword && passwordForm(data, error)}
      ${asksPassword ? ways(words.otherWays, otherWays(data)) : mainWays(words.chooseWay, otherWays(data))}
      <p class="aside">${asksPassword ? words.forgotten : words.cannotGetIn}</p>`,
  })
}

function passwordForm(data: LoginPageData, error: string | undefined): Html {
  const words = texts.login
  const startAtPassword = data.username !== ''
  return html`<form method="post" action="${data.authPath}/login">
    ${hiddenField('return_to', data.returnTo)}
    ${field({
      id: 'username',
      label: words.username,
      attributes: html`type="text" value="${data.username}" autocomplete="username" autocapitalize="none"
      spellcheck="false" maxlength="256" required`,
      error,
      focus: !startAtPassword,
    })}
    ${field({
      id: 'password',
      label: words.password,
      attributes: html`type="password" autocomplete="current-password" maxlength="4096" required`,
      error,
      focus: startAtPassword,
      after: revealButton('password'),
    })}
    <button class="button primary">${words.submit}</button>
  </form>`
}

function otherWays({ authPath, returnTo, methods }: LoginPageData): { href: string; label: string }[] {
  const to = {
    passkey: address(`${authPath}/passkey`, { return_to: returnTo }),
    email: address(`${authPath}/otp`, { channel: 'email', return_to: returnTo }),
    sms: address(`${authPath}/otp`, { channel: 'sms', return_to: returnTo }),
    link: address(`${authPath}/link`, { return_to: returnTo }),
  }
  return methods.flatMap(method =>
    method === 'password' ? [] : [{ href: to[method], label: texts.login.ways[method] }],
  )
}
