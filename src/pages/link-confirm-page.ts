import { describeBrowser } from './describe-browser.js'
import { fact } from './fact.js'
import { buttonForm } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/**
 * What the page shows that a link from the mail opens. Its form posts `token` to `${authPath}/link/confirm`; opening
 * the page uses nothing up.
 */
export interface LinkConfirmPageData {
  readonly authPath: string
  /** The token of the link. */
  readonly token: string
  /** Who is logged in by it; undefined: the page does not tell. */
  readonly username: string | undefined
  /** What one is logged in to, as people know it: the host of `public_url`. */
  readonly site: string
  /** Whether this is the browser that asked for the link. Elsewhere the button shows a code. */
  readonly sameBrowser: boolean
  /** Who asked: what the client called itself, its address, and when (milliseconds since the epoch). */
  readonly askedBy: {
    readonly userAgent: string | undefined
    readonly address: string
    readonly at: number
  }
}

/** The page between the mail and the login: one button, and all that helps to tell a stranger's request. */
export function linkConfirmPage(data: LinkConfirmPageData): string {
  const { authPath, token, sameBrowser, askedBy } = data
  const words = texts.passwordless.linkConfirm
  const title = sameBrowser ? words.title : words.titleElsewhere
  return frame({
    authPath,
    title,
    script: true,
    main: html`<h1>${title}</h1>
      <p class="lead">${words.as(data.username, data.site)}</p>
      ${!sameBrowser && html`<p>${words.elsewhere}</p>`}
      <h2>${words.asked}</h2>
      <dl class="facts">
        ${fact(words.browser, describeBrowser(askedBy.userAgent))} ${fact(words.address, askedBy.address)}
        ${fact(words.time, timeElement(askedBy.at))}
      </dl>
      ${!sameBrowser && html`<p><strong>${words.warning}</strong></p>`}
      ${buttonForm(`${authPath}/link/confirm`, sameBrowser ? words.submit : words.show, {
        fields: { token },
        primary: true,
      })}
      <p class="aside">${words.notYou}</p>`,
  })
}

/** What the page shows after the button of another browser. It must be sent with `Cache-Control: no-store`. */
export interface LinkCodePageData {
  readonly authPath: string
  /** To be typed in the browser that asked for the link. */
  readonly code: string
  /** How long it is good for, in milliseconds. */
  readonly life: number
}

/** The page that shows the code for the browser that asked for the link. */
export function linkCodePage({ authPath, code, life }: LinkCodePageData): string {
  const words = texts.passwordless.linkCode
  return frame({
    authPath,
    title: words.title,
    main: html`<h1>${words.title}</h1>
      <p>${words.where}</p>
      <p class="shown-code"><code>${inHalves(code)}</code></p>
      <p>${words.life(life)}</p>
      <p><strong>${words.warning}</strong></p>
      <p class="aside">${words.close}</p>`,
  })
}

/** Two halves are easier to carry from one device to another. */
function inHalves(code: string): string {
  if (code.length < 6) return code
  const middle = Math.ceil(code.length / 2)
  return `${code.slice(0, middle)} ${code.slice(middle)}`
}
