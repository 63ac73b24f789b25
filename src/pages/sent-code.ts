import { hiddenField, notice } from './form-parts.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/**
 * How far the sending of a code has come. `unsent`: nothing was sent, a button asks for it. `sent`: it is on its
 * way; `again`: it is not the first of this login, which the page then says. `too_many`: nothing more is sent for
 * now; `retryAfter` is in milliseconds.
 */
export type CodeSending =
  /** `target`: the part of the address or number that may be shown; undefined: nothing of it. */
  | { readonly state: 'unsent'; readonly target: string | undefined }
  | { readonly state: 'sent'; readonly target: string; readonly again: boolean }
  | { readonly state: 'too_many'; readonly retryAfter: number }

/**
 * How far the sending has come, as far as it may be told to somebody who is not known yet. `again`: it was asked for
 * once more. `too_many`: nothing more is sent for now; `retryAfter` is in milliseconds.
 */
export type BlindSending =
  | { readonly state: 'sent'; readonly again: boolean }
  | { readonly state: 'too_many'; readonly retryAfter: number }

/** The form that has the first code sent: it posts the fields and `resend=1`. */
export function sendForm(
  channel: 'email' | 'sms',
  target: string | undefined,
  action: string,
  fields: Readonly<Record<string, string>>,
): Html {
  const words = texts.sentCode
  return html`<p>${words.unsent[channel](target)}</p>
    <form method="post" action="${action}">
      ${Object.entries(fields).map(([name, value]) => hiddenField(name, value))} ${hiddenField('resend', '1')}
      <button class="button primary">${words.send}</button>
    </form>`
}

/** Says where the code was sent to, or why none was. */
export function codeOnItsWay(sending: Exclude<CodeSending, { state: 'unsent' }>): Html | undefined {
  const words = texts.sentCode
  if (sending.state === 'too_many') return notice(words.tooMany(sending.retryAfter))
  if (sending.again) return notice(words.sentAgainTo(sending.target))
  return html`<p>${words.sentTo(sending.target)}</p>`
}
