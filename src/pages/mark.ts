import { html } from './html.js'

/** The outline of the product mark in a square of 32: a gatehouse with its arch open. */
const OUTLINE = 'M4 28V7h5v4h4V7h6v4h4V7h5v21h-8v-6a4 4 0 0 0-8 0v6z'

/** The mark beside the product's name; it takes the colour of the text and is hidden from screen readers. */
export const mark = html`<svg
  class="mark"
  width="34"
  height="34"
  viewBox="0 0 32 32"
  fill="currentColor"
  aria-hidden="true"
  focusable="false"
>
  <path d="${OUTLINE}" />
</svg>`

/** The mark as a file of its own, for browser tabs; its colour can be told from light and dark ones. */
export const iconSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2a8a80" d="${OUTLINE}"/></svg>`
