/** The three parts of a JWS in compact form (RFC 7515, 7.1), as they were sent. */
export interface CompactJws {
  readonly header: string
  readonly payload: string
  readonly signature: string
}

const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/**
 * Splits a JWS that can be read in one way only: three parts of base64url that are not empty, without padding or
 * blanks, and without bits behind the last byte, so that nobody can change a token and still have it.
 * @param longest in characters; anything longer is not looked at
 */
export function splitJws(text: string, longest: number): CompactJws | undefined {
  if (text.length > longest) return undefined
  const [, header, payload, signature] = FORM.exec(text) ?? []
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  return [header, payload, signature].every(isCanonical) ? { header, payload, signature } : undefined
}

/** Reads the JSON of a part. Gives undefined for what is not an object. */
export function readPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

/** Writes a part. */
export function writePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}
