import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { text } from '../settings.js'

const MILLISECONDS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A length of time such as `90s`, `5m`, `12h` or `30d`. `fallback` is the default, as it would be written. */
export function duration(description: string, fallback: string, example = fallback) {
  const options = { description: `${description} Default ${fallback}.`, examples: [example] }
  return text(
    fallback === 'none' ? { ...options, examples: [example] } : { ...options, default: fallback },
    PATTERN,
    CURE,
  )
}

const PATTERN = '^[1-9][0-9]{0,4}[smhd]$'
const CURE = 'write a whole number and s, m, h or d, such as 90s, 5m, 12h or 30d'

/** Milliseconds of a duration that fits its schema. */
export function milliseconds(written: string): number {
  return Number(written.slice(0, -1)) * (MILLISECONDS[written.slice(-1)] ?? NaN)
}

/**
 * Milliseconds of a duration; undefined when it is not between two limits, which is then reported.
 * @param written the duration as it stands in the file; the limits are written alike
 */
export function boundedMilliseconds(
  reading: Reading,
  path: Path,
  written: string,
  limits: { readonly least: string; readonly most: string },
): number | undefined {
  const time = milliseconds(written)
  if (time >= milliseconds(limits.least) && time <= milliseconds(limits.most)) return time
  const message = `"${String(path.at(-1))}" is between ${limits.least} and ${limits.most}, and this is ${written}`
  reading.findings.error(path, message, `write ${limits.least} to ${limits.most}`)
  return undefined
}
