/** Says only how long the connection lasts; nearly every Connection field there is. */
const ONLY_PERSISTENCE = /^(?:keep-alive|close|upgrade)$/i

/** What frames a message, or stands apart from its other fields, is never hop-by-hop, whoever says so. */
const NEVER_NAMED: ReadonlySet<string> = new Set(['content-length', 'set-cookie'])

/**
 * Removes the fields that a Connection field names: they were meant for this hop (RFC 9110, section 7.6.1). Done
 * before fields of ours are added, so that none of those can be named away.
 * @param fields name, value, name, value, …
 */
export function dropNamedFields(fields: string[], connection: string | undefined): void {
  if (connection === undefined || ONLY_PERSISTENCE.test(connection)) return
  const names = new Set(connection.split(',').map(name => name.trim().toLowerCase()))
  for (let index = fields.length - 2; index >= 0; index -= 2) {
    const name = (fields[index] ?? '').toLowerCase()
    if (names.has(name) && !NEVER_NAMED.has(name)) fields.splice(index, 2)
  }
}
