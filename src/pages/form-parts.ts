import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** The id of the error summary: fields in error name it in `aria-describedby`. */
const ERROR_ID = 'error'

/** The summary of what went wrong, spoken at once. The field that is to be changed names it and has the focus. */
export function errorSummary(message: string | undefined): Html | undefined {
  if (message === undefined) return undefined
  return html`<div class="notice error" role="alert" id="${ERROR_ID}">
    <p><strong>${texts.forms.errorHeading}</strong></p>
    <p>${message}</p>
  </div>`
}

/** Something that is good to know before the form is filled in; nothing where there is nothing to say. */
export function notice(message: string | undefined): Html | undefined {
  return message === undefined ? undefined : html`<div class="notice" role="status"><p>${message}</p></div>`
}

/** A field that the person does not see. */
export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}

/** Ties a field to its hint and, when something is wrong, to the error summary. */
export function describedBy(error: string | undefined, hintId?: string): Html | undefined {
  const ids = [error !== undefined && ERROR_ID, hintId].filter(id => typeof id === 'string')
  if (ids.length === 0) return undefined
  return html` aria-describedby="${ids.join(' ')}"${error !== undefined && html` aria-invalid="true"`}`
}

/** A form with nothing but a button. */
export function buttonForm(action: string, label: string | Html, options: ButtonOptions = {}): Html {
  return html`<form method="post" action="${action}">
    ${options.field && hiddenField(options.field.name, options.field.value)}
    <button class="${options.primary ? 'button primary' : 'button'}">${label}</button>
  </form>`
}

interface ButtonOptions {
  readonly field?: { readonly name: string; readonly value: string }
  /** The one action that the page is there for. */
  readonly primary?: boolean
}
