import { html, type Html } from './html.js'

/** One row of a `<dl class="facts">`. */
export function fact(name: string, value: string | Html): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
