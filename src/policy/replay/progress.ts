/** How far a replay has come. */
export interface Progress {
  readonly bytesRead: number
  /** All bytes that are to be read; undefined where nobody knows. */
  readonly bytesInAll: number | undefined
  readonly lines: number
  /** Since the beginning, in milliseconds. */
  readonly elapsed: number
}

const WIDTH = 24
const MEGABYTE = 1_000_000

/** One line that tells how far a replay has come, how fast it is, and how long it will take. */
export function formatProgress({ bytesRead, bytesInAll, lines, elapsed }: Progress): string {
  const speed = `${format(lines)} lines, ${format((lines * 1000) / Math.max(elapsed, 1))} lines/s`
  const read = format(bytesRead / MEGABYTE)
  if (bytesInAll === undefined || bytesInAll === 0) return `${read} MB, ${speed}`
  // A log that grows while it is read is never more than read to its end.
  const share = Math.min(1, bytesRead / bytesInAll)
  const filled = Math.floor(share * WIDTH)
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}]`
  const left = share === 0 ? '' : `, ${secondsLeft((elapsed / share) * (1 - share))} left`
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `${bar} ${percent} % of ${format(bytesInAll / MEGABYTE)} MB, ${speed}${left}`
}

function secondsLeft(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

function format(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}
