import type { Findings } from '../findings.js'
import type { PlacedRoute } from '../reachability.js'

const DAY = 86_400_000
const WARNED_BEFORE = 14 * DAY
/** How far away the date of the example is. */
const USUAL_LIFE = 90 * DAY

/**
 * Warns of `bypassed` routes that never end, and of those that end within 14 days. One that has ended is told where
 * `until` is read.
 * @param now milliseconds since the epoch
 */
export function warnOfBypassEnds(findings: Findings, routes: readonly PlacedRoute[], now: number): void {
  for (const { route, path } of routes) {
    if (route.access !== 'bypassed') continue
    if (route.until === undefined) {
      findings.warning(
        [...path, 'access'],
        `${route.pattern} goes on without a second factor until somebody remembers it: this bypassed route has no end`,
        `add "until: ${new Date(now + USUAL_LIFE).toISOString().slice(0, 10)}", or the day on which its reason ends`,
      )
    } else if (route.until > now && route.until - now <= WARNED_BEFORE) {
      const end = new Date(route.until).toISOString().replace(/:00\.000Z$/, 'Z')
      findings.warning(
        [...path, 'until'],
        `${timeLeft(route.until - now)}: from ${end} on ${route.pattern} needs login and second factor, and users ` +
          'without one are locked out of it',
        'let its users enrol a second factor until then, or write a later date',
      )
    }
  }
}

function timeLeft(milliseconds: number): string {
  const days = Math.floor(milliseconds / DAY)
  if (days === 0) return 'less than a day is left'
  return days === 1 ? '1 day is left' : `${days} days are left`
}
