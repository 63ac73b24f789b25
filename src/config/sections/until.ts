import { quote } from '../../documents/problem.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { text } from '../settings.js'

/** How a date or time is written, and what helps where it is not. */
export const MOMENT_CURE = 'write a date such as 2027-03-31, or a time such as 2027-03-31T18:00:00Z'

export const MOMENT_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}))?$'

export const untilSchema = text(
  {
    description:
      'Until when a bypassed route skips the second factor; afterwards it is required. A date means the end of ' +
      'that day, UTC. Only for bypassed.',
    examples: ['2027-03-31'],
  },
  MOMENT_PATTERN,
  MOMENT_CURE,
)

const DAY = 86_400_000

/** Reads `until` as milliseconds since the epoch. One that has passed is a warning: it can be tidied away. */
export function readUntil(reading: Reading, path: Path, written: string | undefined): number | undefined {
  const moment = readMoment(reading, path, written, 'end')
  if (moment !== undefined && moment <= reading.io.now) {
    const message = `${String(written)} has passed: this route is required now (login and second factor)`
    reading.findings.warning(path, message, 'remove the route, or write a later date')
  }
  return moment
}

/**
 * Reads a date or time that fits the pattern as milliseconds since the epoch; undefined when there is no such time,
 * which is then reported.
 * @param ofDay which moment of its day (UTC) a date stands for
 */
export function readMoment(
  reading: Reading,
  path: Path,
  written: string | undefined,
  ofDay: 'begin' | 'end',
): number | undefined {
  if (written === undefined) return undefined
  const day = Date.parse(`${written.slice(0, 10)}T00:00:00Z`)
  const moment = written.length === 10 ? day + (ofDay === 'end' ? DAY : 0) : Date.parse(written)
  // The date parser takes the 30th of February for the 2nd of March.
  if (
    Number.isNaN(moment) ||
    Number.isNaN(day) ||
    new Date(day).toISOString().slice(0, 10) !== written.slice(0, 10)
  ) {
    reading.findings.error(path, `there is no such time as ${quote(written)}`, MOMENT_CURE)
    return undefined
  }
  return moment
}
