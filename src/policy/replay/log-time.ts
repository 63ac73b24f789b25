const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Which signs stand where in the form of `common`: `10/Oct/2026:13:55:36 -0700`. */
const SIGNS = [
  [2, '/'],
  [6, '/'],
  [11, ':'],
  [14, ':'],
  [17, ':'],
  [20, ' '],
] as const
const COMMON_LENGTH = 26
/** Whatever is less is counted in seconds: as milliseconds it would lie before March 1973. */
const LEAST_MILLISECONDS = 100_000_000_000

/**
 * Reads the time of a log line: the form of `common`, ISO 8601, or seconds or milliseconds since the epoch.
 * @returns milliseconds since the epoch, or undefined when it is none of these
 */
export function readLogTime(written: string | number | undefined): number | undefined {
  if (written === undefined) return undefined
  if (typeof written === 'number') return fromNumber(written)
  if (written.charAt(2) === '/') return fromCommon(written)
  if (/^\d+(?:\.\d+)?$/.test(written)) return fromNumber(Number(written))
  const moment = Date.parse(written)
  return Number.isNaN(moment) ? undefined : moment
}

/** Read by hand: a log of all different times would spend more on a regex than on the decision. */
function fromCommon(written: string): number | undefined {
  if (written.length !== COMMON_LENGTH) return undefined
  for (const [at, sign] of SIGNS) if (written.charAt(at) !== sign) return undefined
  const sign = written.charAt(21)
  const month = MONTHS.indexOf(written.slice(3, 6))
  if (month === -1 || (sign !== '+' && sign !== '-')) return undefined
  const number = (at: number): number => twoDigits(written, at)
  const zone = (number(22) * 60 + number(24)) * (sign === '-' ? -60_000 : 60_000)
  const year = number(7) * 100 + number(9)
  const moment = Date.UTC(year, month, number(0), number(12), number(15), number(18)) - zone
  return Number.isNaN(moment) ? undefined : moment
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}

function fromNumber(value: number): number {
  return Math.abs(value) < LEAST_MILLISECONDS ? value * 1000 : value
}
