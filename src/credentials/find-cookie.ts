/**
 * Finds the value of a cookie in a Cookie header. The name must match exactly; nothing is decoded or unquoted. Two
 * cookies of the name are none: one of them is somebody else's, and nobody can tell which.
 * @param header the Cookie header, fields already joined by `; `
 * @returns the value as it stands, or undefined
 */
export function findCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let value: string | undefined
  for (let from = 0; from < header.length;) {
    const semicolon = header.indexOf(';', from)
    const to = semicolon === -1 ? header.length : semicolon
    while (header.charCodeAt(from) === 0x20 || header.charCodeAt(from) === 0x09) from++
    if (header.startsWith(name, from) && header.charCodeAt(from + name.length) === 0x3d) {
      if (value !== undefined) return undefined
      value = header.slice(from + name.length + 1, to)
    }
    from = to + 1
  }
  return value
}
