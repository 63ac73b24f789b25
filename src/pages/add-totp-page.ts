import { errorSummary, field } from './form-parts.js'
import { frame } from './frame.js'
import { html } from './html.js'
import { texts } from './texts.js'
import { totpConfirmField, totpSetupSteps, type TotpSetup } from './totp-setup.js'

/**
 * What the page shows. Its form posts `name` and `code` to `${authPath}/account/factors/totp/confirm`.
 * It must be sent with `Cache-Control: no-store`.
 */
export interface AddTotpPageData extends TotpSetup {
  readonly authPath: string
  /** What was typed before; empty at first. */
  readonly name: string
  /** `name`: that cannot be a name. */
  readonly error: 'wrong' | 'incomplete' | 'name' | undefined
}

/** The page on which a further authenticator app is set up. */
export function addTotpPage(data: AddTotpPageData): string {
  const words = texts.addFactor.app
  const setup = texts.totpSetup
  const error = data.error && setup.errors[data.error]
  const isAboutName = data.error === 'name'
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
          <h2>${words.last}</h2>
          <form method="post" action="${data.authPath}/account/factors/totp/confirm">
            ${field({
              id: 'name',
              label: words.name,
              hint: words.nameHint,
              attributes: html`type="text" value="${data.name}" autocomplete="off" maxlength="64" required`,
              error: isAboutName ? error : undefined,
              focus: isAboutName,
            })}
            ${totpConfirmField(data.settings, isAboutName ? undefined : error)}
            <button class="button primary">${words.submit}</button>
          </form>
        </li>
      </ol>
      <p class="aside"><a href="${data.authPath}/account/factors">${texts.addFactor.cancel}</a></p>`,
  })
}
