import { askAddressPage } from './ask-address-form.js'
import { texts } from './texts.js'

/** What the page shows. Its form posts `channel`, `identifier` and `return_to` to `${authPath}/otp/send`. */
export interface AskCodePageData {
  readonly authPath: string
  readonly returnTo: string
  readonly channel: 'email' | 'sms'
  /** What was typed before: an address or number, or a user name. Empty at first. */
  readonly identifier: string
  /** Whether the form came back because nothing was typed. */
  readonly incomplete: boolean
  /** Nothing more is sent for so many milliseconds. */
  readonly retryAfter?: number | undefined
  /** Whether there is another way to log in. */
  readonly hasOtherWays: boolean
}

/** The page that asks where to send a code that logs in. */
export function askCodePage({ channel, ...data }: AskCodePageData): string {
  return askAddressPage({
    ...data,
    action: `${data.authPath}/otp/send`,
    fields: { channel },
    words: texts.passwordless.askCode[channel],
  })
}
