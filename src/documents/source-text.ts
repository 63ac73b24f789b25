import { maskTokens, type Problem } from './problem.js'

/** Where something stands in a file, counted from 1. */
export interface LineColumn {
  readonly line: number
  readonly column: number
}

/** A file's text, and how to point into it. */
export interface SourceText {
  readonly file: string
  readonly text: string
  /** The place of a character, by its offset in the text. */
  placeOf(offset: number): LineColumn
  /** Makes a problem with its line of the text. */
  problem(severity: Problem['severity'], place: LineColumn, message: string, cure: string): Problem
}

/** A value that stands behind a key of such a name is never shown: it may be a secret, or meant as one. */
const SECRET_VALUE =
  /((?:secret|secrte|sercet|password|passphrase|token(?!s["']?\s*:))[\w-]*["']?\s*:\s*)(\S.*)$/i

/** The password of an address such as `redis://user:password@host`. */
const PASSWORD_IN_URL = /(:\/\/[^\s/@:]*:)[^\s/@]+@/g

/** Prepares a text for pointing into it. */
export function sourceText(file: string, text: string): SourceText {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const secretLines = linesBelowSecret(text, starts)

  const placeOf = (offset: number): LineColumn => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
  const lineOf = (line: number): string | undefined => {
    const start = starts[line - 1]
    if (start === undefined) return undefined
    // A line of a hostile file can be as long as the file; nobody reads more of it than this.
    const end = Math.min(starts[line] ?? text.length + 1, start + 10_000)
    const whole = text.slice(start, end).replace(/\r?\n$/, '')
    if (secretLines.has(line) && !isReference(whole.replace(/^[\s-]*(?:file\s*:)?\s*/, ''))) return '********'
    const shown = whole.replace(SECRET_VALUE, (all, key: string, value: string) =>
      isReference(value) ? all : `${key}********`,
    )
    return maskTokens(shown.replace(PASSWORD_IN_URL, '$1********@'))
  }
  return {
    file,
    text,
    placeOf,
    problem: (severity, place, message, cure) => ({
      severity,
      file,
      line: place.line,
      column: place.column,
      message,
      cure,
      sourceLine: lineOf(place.line),
    }),
  }
}

/** Begins a block in which a literal secret may stand apart from its key. */
const SECRET_KEY =
  /^(?:[ \t]|- )*["']?(?:secret|password)["']?[ \t]*:|[{,][ \t]*["']?(?:secret|password)["']?[ \t]*:[ \t]*\r?$/m

/** The lines of a block below `secret:` or `password:`. */
function linesBelowSecret(text: string, starts: readonly number[]): ReadonlySet<number> {
  const lines = new Set<number>()
  let keyIndent: number | undefined
  for (const [index, start] of starts.entries()) {
    const line = text.slice(start, Math.min(starts[index + 1] ?? text.length, start + 200))
    const indent = line.search(/[^ \t]/)
    const content = line.charAt(indent)
    const isEmpty = indent === -1 || content === '\n' || content === '\r' || content === '#'
    const isBelow =
      keyIndent !== undefined && (indent > keyIndent || (indent === keyIndent && content === '-'))
    if (keyIndent !== undefined && (isBelow || isEmpty)) lines.add(index + 1)
    else keyIndent = SECRET_KEY.test(line) ? indent : undefined
  }
  return lines
}

/** Whether a value only says where a secret is: `${NAME}` or `{ file: … }`. */
function isReference(value: string): boolean {
  return /^["']?\$\{[A-Za-z0-9_]*\}["']?\s*(?:#.*)?$|^\{\s*file\s*:[^,]*\}?\s*(?:#.*)?$/.test(value)
}
