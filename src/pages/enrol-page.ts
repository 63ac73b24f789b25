import { address } from './address.js'
import { errorSummary, field, hiddenField, ways } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'
import { totpConfirmField, totpSetupSteps, type TotpSetup } from './totp-setup.js'
import { webauthnForm } from './webauthn-form.js'

/** What every page of the first enrolment shows. */
interface EnrolCommon {
  readonly authPath: string
  readonly returnTo: string
  readonly challenge: string
  readonly username: string
  readonly error: EnrolPageError | undefined
}

/** What the enrolment page shows. Its form posts `challenge`, `factor`, `code` and `return_to` to `${authPath}/enrol`. */
export interface EnrolPageData extends EnrolCommon, TotpSetup {
  /** Whether a security key may be set up instead: a link to `${authPath}/enrol?factor=webauthn&return_to=…`. */
  readonly offersKey: boolean
}

export type EnrolPageError = 'wrong' | 'incomplete'

/** The page where somebody sets up an authenticator app as the first second factor. */
export function enrolPage(data: EnrolPageData): string {
  const words = texts.enrol
  const setup = texts.totpSetup
  const error = data.error && setup.errors[data.error]
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
        ${totpSetupSteps(data)}
        <li>
          <h2>${setup.confirm}</h2>
          <form method="post" action="${data.authPath}/enrol">
            ${hiddenField('challenge', data.challenge)} ${hiddenField('factor', 'totp')}
            ${hiddenField('return_to', data.returnTo)} ${totpConfirmField(data.settings, error)}
            <button class="button primary">${words.submit}</button>
          </form>
        </li>
      </ol>
      ${data.offersKey && otherWay(data, 'webauthn')} ${whoIsIt(data)}`,
  })
}

/**
 * What the page shows that sets up a security key. Its form posts `challenge`, `factor` (`webauthn`), `code` and
 * `return_to` to `${authPath}/enrol`.
 */
export interface EnrolKeyPageData extends EnrolCommon {
  /** For `navigator.credentials.create()`, as JSON. */
  readonly options: unknown
  /** Whether an authenticator app may be set up instead: a link to `${authPath}/enrol?factor=totp&return_to=…`. */
  readonly offersApp: boolean
}

/** The page where somebody sets up a security key or passkey as the first second factor. */
export function enrolKeyPage(data: EnrolKeyPageData): string {
  const words = texts.enrol.key
  const setup = texts.keySetup
  const error = data.error && setup.errors[data.error]
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      <p>${setup.ask}</p>
      ${errorSummary(error)}
      ${webauthnForm({
        ceremony: 'create',
        action: `${data.authPath}/enrol`,
        options: data.options,
        fields: { challenge: data.challenge, factor: 'webauthn', return_to: data.returnTo },
        submit: words.submit,
        withoutScript: setup.withoutScript(data.offersApp ? words.insteadWithoutScript : undefined),
      })}
      ${data.offersApp && otherWay(data, 'totp')} ${whoIsIt(data)}`,
  })
}

/** What the ticket page shows. Its form posts `challenge`, `ticket` and `return_to` to `${authPath}/enrol`. */
export type EnrolTicketPageData = EnrolCommon

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
        ${field({
          id: 'ticket',
          label: words.label,
          hint: words.hint,
          attributes: html`class="code" type="text" autocomplete="off" autocapitalize="none"
          spellcheck="false" maxlength="256" required`,
          error,
          focus: true,
        })}
        <button class="button primary">${words.submit}</button>
      </form>
      ${whoIsIt(data)}`,
  })
}

function otherWay(
  { authPath, returnTo }: Omit<EnrolCommon, 'error'>,
  factor: 'totp' | 'webauthn',
): Html | undefined {
  const words = texts.enrol
  const href = address(`${authPath}/enrol`, { factor, return_to: returnTo })
  return ways(words.otherWays, [{ href, label: words.others[factor] }])
}

function whoIsIt({ authPath, username }: Omit<EnrolCommon, 'error'>): Html {
  const words = texts.enrol
  return html`<p class="aside">${words.who(username)} <a href="${authPath}/logout">${words.later}</a></p>`
}
