import { codeField } from './code-field.js'
import type { TotpSettings } from './enrol-texts.js'
import { copyButton } from './form-parts.js'
import { html, trusted, type Html } from './html.js'
import { texts } from './texts.js'

/** What somebody needs who sets up an authenticator app. */
export interface TotpSetup {
  readonly username: string
  /** The QR code of `otpauthUri` as SVG, drawn by the gateway itself: it is not escaped. */
  readonly qrSvg: string
  /** For phones, where the app is on the same device. */
  readonly otpauthUri: string
  /** The key in base32 without spaces, for those who type it. */
  readonly secret: string
  /** How the app has to compute its codes. */
  readonly settings: TotpSettings
}

/** The first steps of the list: get an app, and bring the key into it. */
export function totpSetupSteps(setup: TotpSetup): Html {
  const words = texts.totpSetup
  return html`<li>
      <h2>${words.getApp}</h2>
      <p>${words.whichApp(setup.settings)}</p>
    </li>
    <li>
      <h2>${words.addAccount}</h2>
      <p>${words.scan}</p>
      <div class="qr" role="img" aria-label="${words.qrLabel(setup.username)}">${trusted(setup.qrSvg)}</div>
      <p><a href="${setup.otpauthUri}">${words.openApp}</a></p>
      <details>
        <summary>${words.cannotScan}</summary>
        <p>${words.typeKey}</p>
        <p class="key"><code>${inGroups(setup.secret)}</code></p>
        ${copyButton(setup.secret, words.copyKey)}
        <p>${words.keySettings(setup.settings)}</p>
      </details>
    </li>`
}

/** The field for the code that shows that the app has the key. */
export function totpConfirmField(settings: TotpSettings, error: string | undefined): Html {
  const words = texts.totpSetup
  return codeField({
    label: words.code,
    hint: words.codeHint(settings),
    typing: 'digits',
    error,
    focus: error !== undefined,
  })
}

/** Groups of four are easier to read out and to type. */
function inGroups(secret: string): string {
  return secret.replace(/.{4}(?=.)/g, '$& ')
}
