import { address } from './address.js'
import { codeField } from './code-field.js'
import { errorSummary, hiddenField, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import type { BlindSending } from './sent-code.js'
import { texts } from './texts.js'

/**
 * What the page shows. Its form posts `channel`, `identifier`, `code` and `return_to` to
 * `${authPath}/otp/authenticate`. The button for a new code posts the same with `resend=1`. Which login it is for, the
 * browser's cookie says.
 */
export interface CodePageData {
  readonly authPath: string
  readonly returnTo: string
  readonly channel: 'email' | 'sms'
  /** As the person typed it, known or not: the page is the same. */
  readonly identifier: string
  readonly sending: BlindSending
  readonly error: 'wrong' | 'incomplete' | undefined
}

/** The page that takes a code which logs in. It is the same whether or not anybody was sent one. */
export function codePage(data: CodePageData): string {
  const { authPath, channel, sending } = data
  const words = texts.passwordless.code
  const sent = texts.sentCode
  const error = data.error && sent.errors[data.error]
  return frame({
    authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p>${words.sent[channel](data.identifier)}</p>
      ${errorSummary(error)} ${sending.state === 'sent' && sending.again && notice(words.sentAgain)}
      ${sending.state === 'too_many' && notice(sent.tooMany(sending.retryAfter))}
      <form method="post" action="${authPath}/otp/authenticate">
        ${hiddenField('channel', channel)} ${hiddenField('identifier', data.identifier)}
        ${hiddenField('return_to', data.returnTo)}
        ${codeField({ label: sent.label, hint: sent.hints[channel], typing: 'digits', error, focus: true })}
        <button class="button primary">${words.submit}</button>
        <p class="other">
          <button class="quiet" name="resend" value="1" formnovalidate>${sent.resend}</button>
        </p>
      </form>
      <p class="other">
        <a href="${address(`${authPath}/otp`, { channel, return_to: data.returnTo })}"
          >${words.other[channel]}</a
        >
      </p>
      <p class="aside">${texts.login.cannotGetIn}</p>`,
  })
}
