import { address } from './address.js'
import { errorSummary, field, hiddenField, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'

/** A page that asks where to send something that logs in. */
export interface AskAddress {
  readonly authPath: string
  readonly returnTo: string
  /** Where the form goes: it posts `identifier`, `return_to` and the fields. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly words: {
    readonly title: string
    readonly ask: string
    readonly label: string
    readonly submit: string
    readonly incomplete: string
  }
  /** What was typed before; empty at first. */
  readonly identifier: string
  /** Whether nothing was typed. There is no other error: whether an address is known is never told. */
  readonly incomplete: boolean
  /** Nothing more is sent for so many milliseconds: the same for everybody, known or not. */
  readonly retryAfter?: number | undefined
  readonly hasOtherWays: boolean
}

/** Draws the whole page that asks for an address, a number or a user name. */
export function askAddressPage(data: AskAddress): string {
  const { authPath, words, returnTo, retryAfter } = data
  const error = data.incomplete ? words.incomplete : undefined
  return frame({
    authPath,
    title: words.title,
    failed: data.incomplete,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p>${words.ask}</p>
      ${errorSummary(error)} ${notice(retryAfter === undefined ? undefined : texts.sentCode.wait(retryAfter))}
      <form method="post" action="${data.action}">
        ${Object.entries(data.fields).map(([name, value]) => hiddenField(name, value))}
        ${hiddenField('return_to', returnTo)}
        ${field({
          id: 'identifier',
          label: words.label,
          attributes: html`type="text" value="${data.identifier}" autocomplete="username"
          autocapitalize="none" spellcheck="false" maxlength="256" required`,
          error,
          focus: true,
        })}
        <button class="button primary">${words.submit}</button>
      </form>
      ${
        data.hasOtherWays &&
        html`<p class="other">
          <a href="${address(`${authPath}/login`, { return_to: returnTo })}">${texts.login.otherWays}</a>
        </p>`
      }
      <p class="aside">${texts.login.cannotGetIn}</p>`,
  })
}
