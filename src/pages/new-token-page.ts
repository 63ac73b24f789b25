import { fact } from './fact.js'
import { copyButton } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/** What the page shows. It must be sent with `Cache-Control: no-store`: the token is shown once. */
export interface NewTokenPageData {
  readonly authPath: string
  readonly username: string
  /** The token itself. */
  readonly token: string
  readonly name: string
  readonly scopes: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** The page that shows a new API token, and says what to do with it. */
export function newTokenPage(data: NewTokenPageData): string {
  const words = texts.tokens
  return frame({
    authPath: data.authPath,
    title: words.made.title,
    script: true,
    wide: true,
    main: html`<h1>${words.made.title}</h1>
      <p class="lead">${words.made.once}</p>
      <p class="key" role="group" aria-label="${words.made.label}"><code>${data.token}</code></p>
      <div class="actions">${copyButton(data.token, words.made.copy)}</div>
      <dl class="facts">
        ${fact(words.name, data.name)} ${fact(words.scope, data.scopes.join(', '))}
        ${fact(words.expires, timeElement(data.expiresAt))}
      </dl>
      <h2>${words.made.how}</h2>
      <p>${words.made.bearer}</p>
      <p class="key"><code>Authorization: Bearer ${data.token}</code></p>
      <p>${words.made.basic(data.username)}</p>
      <p>${words.made.lost}</p>
      <p><a class="button primary" href="${data.authPath}/account/tokens">${words.made.done}</a></p>`,
  })
}
