import type { Method } from '../access/assurance.js'
import { address } from './address.js'
import { codeField } from './code-field.js'
import { checkbox, errorSummary, hiddenField, notice, ways } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { person } from './phrases.js'
import { codeOnItsWay, sendForm, type CodeSending } from './sent-code.js'
import { texts } from './texts.js'
import { webauthnForm } from './webauthn-form.js'

/** The second factors that this page can ask for. */
export type AskedFactor = Exclude<Method, 'password'>

/** The factor that is asked for, with what it needs to be asked. */
export type SecondFactorAsk =
  /** `digits`: how many its codes have; undefined: the person has apps of both kinds. */
  | { readonly factor: 'totp'; readonly digits: 6 | 8 | undefined }
  | { readonly factor: 'backup_code' }
  | { readonly factor: 'email' | 'sms'; readonly sending: CodeSending }
  /** `options`: for `navigator.credentials.get()`, as JSON. */
  | { readonly factor: 'webauthn'; readonly options: unknown }
  | { readonly factor: 'knowledge_question'; readonly question: string }

/**
 * What the page shows. Its form posts `challenge`, `factor`, `code`, `return_to` and, where the box is ticked,
 * `remember_device=true` to `${authPath}/mfa`. The button that sends a (new) code posts the same with `resend=1`,
 * whatever is in `code`.
 */
export interface SecondFactorPageData {
  readonly authPath: string
  readonly returnTo: string
  readonly challenge: string
  readonly username: string
  readonly ask: SecondFactorAsk
  /** What else the person may use; each is a link to `${authPath}/mfa?factor=…`. */
  readonly otherFactors: readonly AskedFactor[]
  /** Set when somebody who is logged in has to prove it again. */
  readonly stepUp: StepUpReason | undefined
  readonly error: SecondFactorPageError | undefined
  /** A form was on its way to the app; it is lost and has to be sent again afterwards. */
  readonly formLost: boolean
  /** For how long this browser may be remembered, in milliseconds; undefined: that is not offered. */
  readonly rememberFor: number | undefined
}

/** What the page that one is on the way to asks for. */
export interface StepUpReason {
  /** The greatest age of a proof, in milliseconds; undefined: any. */
  readonly maxAge: number | undefined
  /** The only methods that it takes; empty: any. */
  readonly methods: readonly AskedFactor[]
}

export type SecondFactorPageError = 'wrong' | 'incomplete'

/** The page that asks for a second factor. */
export function secondFactorPage(data: SecondFactorPageData): string {
  const words = texts.secondFactor
  const { factor } = data.ask
  const { title } = words.factors[factor]
  const error = data.error && errorsOf(factor)[data.error]
  const heading = data.stepUp === undefined ? title : words.stepUpTitle
  return frame({
    authPath: data.authPath,
    title: heading,
    failed: error !== undefined,
    script: true,
    main: html`<h1>${heading}</h1>
      ${data.stepUp && html`<p class="lead">${words.stepUp(data.stepUp.maxAge, data.stepUp.methods)}</p>`}
      ${errorSummary(error)} ${notice(data.formLost ? words.formLost : undefined)} ${question(data, error)}
      ${ways(words.otherWays, otherWays(data))}
      <p class="aside">${words.who(data.username)} <a href="${data.authPath}/logout">${words.notYou}</a></p>`,
  })
}

function errorsOf(factor: AskedFactor): Readonly<Record<SecondFactorPageError, string>> {
  const { factors, sent } = texts.secondFactor
  return factor === 'email' || factor === 'sms' ? sent.errors : factors[factor].errors
}

function question(data: SecondFactorPageData, error: string | undefined): Html {
  const { ask } = data
  const { factors, sent } = texts.secondFactor
  const focus = true
  switch (ask.factor) {
    case 'totp': {
      const { ask: says, label, hint } = factors.totp
      const code = codeField({ label, hint: hint(ask.digits), typing: 'digits', error, focus })
      return html`<p>${says}</p>
        ${form(data, code)}`
    }
    case 'backup_code': {
      const { ask: says, label, hint } = factors.backup_code
      return html`<p>${says}</p>
        ${form(data, codeField({ label, hint, typing: 'letters', error, focus }))}`
    }
    case 'email':
    case 'sms': {
      const { sending, factor } = ask
      if (sending.state === 'unsent') {
        return sendForm(factor, sending.target, `${data.authPath}/mfa`, fieldsOf(data))
      }
      const code = codeField({ label: sent.label, hint: sent.hints[factor], typing: 'digits', error, focus })
      return html`${codeOnItsWay(sending)} ${form(data, code, true)}`
    }
    case 'knowledge_question': {
      const { ask: says, hint } = factors.knowledge_question
      const label = person(ask.question)
      return html`<p>${says}</p>
        ${form(data, codeField({ label, hint, typing: 'words', error, focus }))}`
    }
    case 'webauthn':
      return html`<p>${factors.webauthn.ask}</p>
        ${webauthnForm({
          ceremony: 'get',
          action: `${data.authPath}/mfa`,
          options: ask.options,
          fields: fieldsOf(data),
          body: rememberBox(data),
          submit: texts.secondFactor.submit,
          withoutScript: factors.webauthn.withoutScript(data.otherFactors.length > 0),
        })}`
  }
}

/** The button of the code comes first, so that Enter sends the code and not for a new one. */
function form(data: SecondFactorPageData, code: Html, mayResend = false): Html {
  const { submit, sent } = texts.secondFactor
  return html`<form method="post" action="${data.authPath}/mfa">
    ${Object.entries(fieldsOf(data)).map(([name, value]) => hiddenField(name, value))} ${code}
    ${rememberBox(data)}
    <button class="button primary">${submit}</button>
    ${
      mayResend &&
      html`<p class="other">
        <button class="quiet" name="resend" value="1" formnovalidate>${sent.resend}</button>
      </p>`
    }
  </form>`
}

function fieldsOf({ challenge, ask, returnTo }: SecondFactorPageData): Readonly<Record<string, string>> {
  return { challenge, factor: ask.factor, return_to: returnTo }
}

function rememberBox({ rememberFor }: SecondFactorPageData): Html | undefined {
  if (rememberFor === undefined) return undefined
  const words = texts.secondFactor
  return checkbox({
    id: 'remember',
    name: 'remember_device',
    value: 'true',
    label: words.remember(rememberFor),
    hint: words.rememberHint,
  })
}

function otherWays(data: SecondFactorPageData): { href: string; label: string }[] {
  return data.otherFactors.map(factor => ({
    href: address(`${data.authPath}/mfa`, { factor, return_to: data.returnTo }),
    label: texts.secondFactor.factors[factor].use,
  }))
}
