const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
] as const

/** As durations are written in the file: the greatest unit that leaves nothing over. Takes milliseconds. */
export function describeDuration(milliseconds: number): string {
  for (const [size, unit] of UNITS) {
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`
  }
  return `${milliseconds / 1000}s`
}

/**
 * How long ago something was, to the second and rounded up, so that it never looks younger than it is: `5m 1s ago`.
 * Takes milliseconds; negative is a time still to come.
 */
export function describeAge(milliseconds: number): string {
  if (milliseconds === 0) return 'just now'
  if (milliseconds < 0) return `${describeLength(-milliseconds)} in the future`
  return `${describeLength(milliseconds)} ago`
}

function describeLength(milliseconds: number): string {
  let rest = Math.ceil(milliseconds / 1000) * 1000
  const parts: string[] = []
  for (const [size, unit] of [...UNITS, [1000, 's'] as const]) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.join(' ')
}
