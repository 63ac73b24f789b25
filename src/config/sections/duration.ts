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
