import { address } from './address.js'
import { codeField } from './code-field.js'
import { errorSummary, hiddenField, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import type { BlindSending } from './sent-code.js'
import { texts } from './texts.js'

/**
 * What the page shows. Its form posts `identifier`, `code` (what the other device shows) and `return_to` to
 * `${authPath}/link/authenticate`. The button for a new link posts the same with `resend=1`. Which login it is for, the
 * browser's cookie says.
 */
export interface LinkSentPageData {
  readonly authPath: string
  readonly returnTo: string
  /** As the person typed it, known or not: the page is the same. */
  readonly identifier: string
  readonly sending: BlindSending
  readonly error: 'wrong' | 'incomplete' | undefined
}

/** The page that waits for a link to be opened, and takes the code that it shows elsewhere. */
export function linkSentPage(data: LinkSentPageData): string {
  const { authPath, sending } = data
  const words = texts.passwordless.linkSent
  const error = data.error && words.errors[data.error]
  return frame({
    authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p>${words.sent(data.identifier)}</p>
      <p>${words.here}</p>
      ${errorSummary(error)} ${sending.state === 'sent' && sending.again && notice(words.sentAgain)}
      ${sending.state === 'too_many' && notice(words.tooMany(sending.retryAfter))}
      <section>
        <h2>${words.elsewhere}</h2>
        <p>${words.elsewhereHow}</p>
        <form method="post" action="${authPath}/link/authenticate">
          ${hiddenField('identifier', data.identifier)} ${hiddenField('return_to', data.returnTo)}
          ${codeField({
            label: words.label,
            hint: words.hint,
            typing: 'digits',
            error,
            focus: error !== undefined,
          })}
          <button class="button primary">${words.submit}</button>
          <p class="other">
            <button class="quiet" name="resend" value="1" formnovalidate>${words.resend}</button>
          </p>
        </form>
      </section>
      <p class="other">
        <a href="${address(`${authPath}/link`, { return_to: data.returnTo })}">${words.other}</a>
      </p>
      <p class="aside">${texts.login.cannotGetIn}</p>`,
  })
}
