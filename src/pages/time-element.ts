import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** A point in time, which the script tells in the reader's own time zone. Takes milliseconds since the epoch. */
export function timeElement(at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${texts.date(at)}</time>`
}
