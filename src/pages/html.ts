/** Markup that needs no more escaping. Its class is not exported, so that only this file can make one. */
class EscapedHtml {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The markup itself, to be sent. */
  toString(): string {
    return this.#text
  }
}

/** Markup that needs no more escaping: only `html` and `trusted` make it. */
export type Html = EscapedHtml

/** What may stand in a `${…}` of `html`: text and numbers are escaped, markup passes, the last two are nothing. */
export type Fragment = string | number | Html | readonly Fragment[] | undefined | false

/**
 * Template tag for HTML. Every interpolated value is escaped for text and for quoted attributes, so an attribute
 * around `${…}` must have its quotes in the template. It does not judge URLs: give it only checked ones.
 */
export function html(markup: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  let text = markup[0] ?? ''
  values.forEach((value, index) => {
    text += render(value) + (markup[index + 1] ?? '')
  })
  return new EscapedHtml(text)
}

/** Lets markup pass as it is. Only for what this gateway drew itself: the SVG of the QR code. */
export function trusted(markup: string): Html {
  return new EscapedHtml(markup)
}

function render(value: Fragment): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  if (value instanceof EscapedHtml) return value.toString()
  return value.map(render).join('')
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
