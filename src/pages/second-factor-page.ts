import { describedBy, errorSummary, hiddenField, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** The second factors that this page can ask for. */
export type AskedFactor = 'totp' | 'backup_code'

/** What the page shows. Its form posts `challenge`, `factor`, `code` and `return_to` to `${authPath}/mfa`. */
export interface SecondFactorPageData {
  readonly authPath: string
  readonly returnTo: string
  readonly challenge: string
  readonly username: string
  /** The factor that is asked for. */
  readonly factor: AskedFactor
  /** What else the person may use; each is a link to `${authPath}/mfa?factor=…`. */
  readonly otherFactors: readonly AskedFactor[]
  /** Set when somebody who is logged in has to prove it again, with the greatest age of a proof in milliseconds. */
  readonly stepUp: { readonly maxAge: number | undefined } | undefined
  readonly error: SecondFactorPageError | undefined
  /** A form was on its way to the app; it is lost and has to be sent again afterwards. */
  readonly formLost: boolean
}

export type SecondFactorPageError = 'wrong' | 'incomplete'

/** The page that asks for the code of a second factor. */
export function secondFactorPage(data: SecondFactorPageData): string {
  const words = texts.secondFactor
  const { title, ask, label, hint, errors } = words.factors[data.factor]
  const error = data.error && errors[data.error]
  return frame({
    authPath: data.authPath,
    title: data.stepUp === undefined ? title : words.stepUpTitle,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${data.stepUp === undefined ? title : words.stepUpTitle}</h1>
      ${data.stepUp && html`<p class="lead">${words.stepUp(data.stepUp.maxAge)}</p>`}
      <p>${ask}</p>
      ${errorSummary(error)} ${notice(data.formLost ? words.formLost : undefined)}
      <form method="post" action="${data.authPath}/mfa">
        ${hiddenField('challenge', data.challenge)} ${hiddenField('factor', data.factor)}
        ${hiddenField('return_to', data.returnTo)}
        <div class="field">
          <label for="code">${label}</label>
          <p class="hint" id="code-hint">${hint}</p>
          <input
            id="code"
            name="code"
            class="code"
            type="text"
            ${typing(data.factor)}
            maxlength="64"
            spellcheck="false"
            required
            autofocus${describedBy(error, 'code-hint')}
          />
        </div>
        <button class="button primary">${words.submit}</button>
      </form>
      ${data.otherFactors.map(factor => html`<p class="other"><a href="${factorLink(data, factor)}">${words.factors[factor].useInstead}</a></p>`)}
      <p class="aside">${words.who(data.username)} <a href="${data.authPath}/logout">${words.notYou}</a></p>`,
  })
}

/** Backup codes have letters: the number pad would lock people out. */
function typing(factor: AskedFactor): Html {
  return factor === 'totp'
    ? html`inputmode="numeric" autocomplete="one-time-code"`
    : html`autocomplete="off" autocapitalize="none"`
}

function factorLink(data: SecondFactorPageData, factor: AskedFactor): string {
  const query = new URLSearchParams({ factor, return_to: data.returnTo })
  return `${data.authPath}/mfa?${query.toString()}`
}
