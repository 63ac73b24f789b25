/** What a line of an access log tells of a request. Texts hold one character for each byte that was sent. */
export interface LogEntry {
  readonly method: string
  /** The request target as it was sent, query included. */
  readonly target: string
  /** The value of the Host header; undefined where the log does not tell it. */
  readonly host: string | undefined
  /** The client's address, or what stands in its place; empty where the log does not tell it. */
  readonly address: string
  /** Who was logged in, as the log writes it; undefined where it names nobody. */
  readonly user: string | undefined
  /** When, as the log writes it; undefined where it does not. */
  readonly time: string | number | undefined
}

/**
 * What a line is. `no_request`: it tells of a connection on which nothing was asked, or of a request that was refused
 * before it could be read. `other`: it is a log line about something else. `not_understood`: none of the known formats.
 */
export type LineReading = LogEntry | 'no_request' | 'other' | 'not_understood'

/** The two parts of a request line that are judged. */
export interface RequestLine {
  readonly method: string
  readonly target: string
}

/**
 * Takes a request line apart (RFC 9112, section 3) without repairing it: what is between the first and the last blank
 * is the target, so that one with blanks in it is judged, and refused, as it was sent.
 * @returns undefined where nothing was asked
 */
export function readRequestLine(line: string): RequestLine | undefined {
  if (line === '' || line === '-') return undefined
  const first = line.indexOf(' ')
  if (first === -1) return { method: line, target: '' }
  const last = line.lastIndexOf(' ')
  const hasVersion = last > first && line.startsWith('HTTP/', last + 1)
  return { method: line.slice(0, first), target: line.slice(first + 1, hasVersion ? last : line.length) }
}
