import { describedBy, errorSummary, hiddenField } from './form-parts.js'
import { frame } from './frame.js'
import { html, trusted } from './html.js'
import { texts } from './texts.js'

/** What the enrolment page shows. Its form posts `challenge`, `factor`, `code` and `return_to` to `${authPath}/enrol`. */
export interface EnrolPageData {
  readonly authPath: string
  readonly returnTo: string
  readonly challenge: string
  readonly username: string
  /** The QR code of `otpauthUri` as SVG, drawn by the gateway itself: it is not escaped. */
  readonly qrSvg: string
  /** For phones, where the app is on the same device. */
  readonly otpauthUri: string
  /** The key in base32 without spaces, for those who type it. */
  readonly secret: string
  readonly error: EnrolPageError | undefined
}

export type EnrolPageError = 'wrong' | 'incomplete'

/** The page where somebody sets up an authenticator app. */
export function enrolPage(data: EnrolPageData): string {
  const words = texts.enrol
  const error = data.error && words.errors[data.error]
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    wide: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      ${errorSummary(error)}
      <ol class="steps">
        <li>
          <h2>${words.getApp}</h2>
          <p>${words.whichApp}</p>
        </li>
        <li>
          <h2>${words.addAccount}</h2>
          <p>${words.scan}</p>
          <div class="qr" role="img" aria-label="${words.qrLabel(data.username)}">${trusted(data.qrSvg)}</div>
          <p><a href="${data.otpauthUri}">${words.openApp}</a></p>
          <details>
            <summary>${words.cannotScan}</summary>
            <p>${words.typeKey}</p>
            <p class="key"><code>${inGroups(data.secret)}</code></p>
            <button
              type="button"
              class="button"
              data-copy="${data.secret}"
              data-done="${words.copied}"
              hidden
            >
              ${words.copyKey}
            </button>
            <p>${words.keySettings}</p>
          </details>
        </li>
        <li>
          <h2>${words.confirm}</h2>
          <form method="post" action="${data.authPath}/enrol">
            ${hiddenField('challenge', data.challenge)} ${hiddenField('factor', 'totp')}
            ${hiddenField('return_to', data.returnTo)}
            <div class="field">
              <label for="code">${words.code}</label>
              <p class="hint" id="code-hint">${words.codeHint}</p>
              <input
                id="code"
                name="code"
                class="code"
                type="text"
                inputmode="numeric"
                autocomplete="one-time-code"
                maxlength="64"
                required${describedBy(error, 'code-hint')}${error !== undefined && html` autofocus`}
              />
            </div>
            <button class="button primary">${words.submit}</button>
          </form>
        </li>
      </ol>
      <p class="aside">${words.who(data.username)} <a href="${data.authPath}/logout">${words.later}</a></p>`,
  })
}

/** What the ticket page shows. Its form posts `challenge`, `ticket` and `return_to` to `${authPath}/enrol`. */
export interface EnrolTicketPageData {
  readonly authPath: string
  readonly returnTo: string
  readonly challenge: string
  readonly username: string
  readonly error: EnrolPageError | undefined
}

/** The page before enrolment that asks for the one-time ticket from the operator. */
export function enrolTicketPage(data: EnrolTicketPageData): string {
  const words = texts.ticket
  const error = data.error && words.errors[data.error]
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      ${errorSummary(error)}
      <form method="post" action="${data.authPath}/enrol">
        ${hiddenField('challenge', data.challenge)} ${hiddenField('return_to', data.returnTo)}
        <div class="field">
          <label for="ticket">${words.label}</label>
          <p class="hint" id="ticket-hint">${words.hint}</p>
          <input
            id="ticket"
            name="ticket"
            class="code"
            type="text"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            maxlength="256"
            required
            autofocus${describedBy(error, 'ticket-hint')}
          />
        </div>
        <button class="button primary">${words.submit}</button>
      </form>
      <p class="aside">
        ${texts.enrol.who(data.username)} <a href="${data.authPath}/logout">${texts.enrol.later}</a>
      </p>`,
  })
}

/** Groups of four are easier to read out and to type. */
function inGroups(secret: string): string {
  return secret.replace(/.{4}(?=.)/g, '$& ')
}
