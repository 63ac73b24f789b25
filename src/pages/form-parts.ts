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
export function notice(message: string | Html | undefined): Html | undefined {
  return message === undefined ? undefined : html`<div class="notice" role="status"><p>${message}</p></div>`
}

/** A field that the person does not see. */
export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}

/** One line to be typed. */
export interface Field {
  /** Unique on the page. */
  readonly id: string
  /** Default: the id. */
  readonly name?: string
  readonly label: string | Html
  readonly hint?: string | undefined
  /** The further attributes of the input: `type`, `autocomplete`, `maxlength`, `required` and so on. */
  readonly attributes: Html
  /** The text of the error summary, where it is about this field. */
  readonly error?: string | undefined
  /** Whether the page begins here. */
  readonly focus?: boolean
  /** What stands behind the input. */
  readonly after?: Html | undefined
}

/** A labelled input with its hint, tied to the error summary where that is about it. */
export function field({ id, name = id, label, hint, attributes, error, focus = false, after }: Field): Html {
  const hintId = `${id}-hint`
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${hint !== undefined && html`<p class="hint" id="${hintId}">${hint}</p>`}
    <input
      id="${id}"
      name="${name}"
      ${attributes}${describedBy(error, hint === undefined ? undefined : hintId)}${focus && html` autofocus`}
    />
    ${after}
  </div>`
}

/** A box to tick, with its label behind it. Sends `value` when it is ticked, and nothing otherwise. */
export function checkbox(box: {
  /** Unique on the page. */
  readonly id: string
  readonly name: string
  readonly value: string
  readonly label: string | Html
  readonly hint?: string
  readonly checked?: boolean
}): Html {
  const { id, name, value, label, hint, checked = false } = box
  return html`<div class="check">
    <input
      id="${id}"
      name="${name}"
      type="checkbox"
      value="${value}"
      ${hint !== undefined && html` aria-describedby="${id}-hint"`}${checked && html` checked`}
    />
    <div>
      <label for="${id}">${label}</label>
      ${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  </div>`
}

/** The button that shows a password field's text. It needs JavaScript, and is hidden without it. */
export function revealButton(fieldId: string): Html {
  const words = texts.forms
  return html`<button
    type="button"
    class="quiet"
    data-reveal="${fieldId}"
    data-other-label="${words.hidePassword}"
    hidden
  >
    ${words.showPassword}
  </button>`
}

/** The button that copies a text. It needs JavaScript, and is hidden without it. */
export function copyButton(text: string, label: string): Html {
  return html`<button
    type="button"
    class="button"
    data-copy="${text}"
    data-done="${texts.forms.copied}"
    hidden
  >
    ${label}
  </button>`
}

/** Ties a field to its hint and, when something is wrong, to the error summary. */
function describedBy(error: string | undefined, hintId: string | undefined): Html | undefined {
  const ids = [error !== undefined && ERROR_ID, hintId].filter(id => typeof id === 'string')
  if (ids.length === 0) return undefined
  return html` aria-describedby="${ids.join(' ')}"${error !== undefined && html` aria-invalid="true"`}`
}

/** A form with nothing but a button. */
export function buttonForm(action: string, label: string | Html, options: ButtonOptions = {}): Html {
  const { fields = {}, primary = false } = options
  return html`<form method="post" action="${action}">
    ${Object.entries(fields).map(([name, value]) => hiddenField(name, value))}
    <button class="${primary ? 'button primary' : 'button'}">${label}</button>
  </form>`
}

interface ButtonOptions {
  /** What is sent along, by name. */
  readonly fields?: Readonly<Record<string, string>>
  /** The one action that the page is there for. */
  readonly primary?: boolean
}

/** Other pages on which the same can be reached, under a small heading; nothing where there are none. */
export function ways(heading: string, links: readonly Way[]): Html | undefined {
  if (links.length === 0) return undefined
  return html`<div class="ways">
    <h2>${heading}</h2>
    <ul>
      ${links.map(({ href, label }) => html`<li><a href="${href}">${label}</a></li>`)}
    </ul>
  </div>`
}

/** The same where choosing one is all that the page is for: as buttons, the first of them the usual one. */
export function mainWays(heading: string, links: readonly Way[]): Html {
  return html`<h2>${heading}</h2>
    <ul class="main-ways">
      ${links.map(
        ({ href, label }, index) =>
          html`<li><a class="button${index === 0 && ' primary'}" href="${href}">${label}</a></li>`,
      )}
    </ul>`
}

interface Way {
  readonly href: string
  readonly label: string
}
