const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/

/**
 * Reads a moment as ISO 8601 writes it: `2027-04-01`, `2027-04-01T09:30`, `2027-04-01T09:30+02:00`. UTC unless it
 * says otherwise, as `until` in the file is.
 * @returns milliseconds since the epoch; undefined when it is no such thing
 */
export function readTime(written: string): number | undefined {
  if (!TIME.test(written)) return undefined
  const hasZone = !written.includes('T') || /Z$|[+-]\d\d:\d\d$/.test(written)
  const at = Date.parse(hasZone ? written : `${written}Z`)
  const isReal =
    !Number.isNaN(at) &&
    new Date(Date.parse(`${written.slice(0, 10)}T00:00Z`)).toISOString().startsWith(written.slice(0, 10))
  return isReal ? at : undefined
}
