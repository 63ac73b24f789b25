import { html, type Html } from './html.js'

/** Says a duration in its largest fitting unit, rounded up, so that nobody comes back too early. Takes milliseconds. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  if (seconds < 90) return counted(seconds, 'second')
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return counted(minutes, 'minute')
  const hours = Math.ceil(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.ceil(hours / 24), 'day')
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit}` : `${count.toString()} ${unit}s`
}

/** A name from outside: emphasised, and kept from turning the reading direction of what is around it. */
export function person(name: string): Html {
  return html`<strong><bdi>${name}</bdi></strong>`
}

/** Where something was sent, as far as it may be told: kept on one line where that is possible. */
export function target(masked: string): Html {
  return html`<strong class="target"><bdi>${masked}</bdi></strong>`
}
