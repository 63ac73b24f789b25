import { askAddressPage } from './ask-address-form.js'
import { texts } from './texts.js'

/** What the page shows. Its form posts `identifier` and `return_to` to `${authPath}/link/send`. */
export interface AskLinkPageData {
  readonly authPath: string
  readonly returnTo: string
  /** What was typed before: an e-mail address or a user name. Empty at first. */
  readonly identifier: string
  /** Whether the form came back because nothing was typed. */
  readonly incomplete: boolean
  /** Nothing more is sent for so many milliseconds. */
  readonly retryAfter?: number | undefined
  /** Whether there is another way to log in. */
  readonly hasOtherWays: boolean
}

/** The page that asks where to send a link that logs in. */
export function askLinkPage(data: AskLinkPageData): string {
  return askAddressPage({
    ...data,
    action: `${data.authPath}/link/send`,
    fields: {},
    words: texts.passwordless.askLink,
  })
}
