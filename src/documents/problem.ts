/** One thing that is wrong, or deserves a look, in a file of the operator: where it stands and what to write instead. */
export interface Problem {
  /** The gateway does not start with an `error`; a `warning` is only told. */
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** Counted from 1, as editors do. */
  readonly line: number
  readonly column: number
  readonly message: string
  /** What to write instead, as an instruction. */
  readonly cure: string
  /** The line as it stands in the file, with secrets masked; undefined where there is none to show. */
  readonly sourceLine: string | undefined
  /** The other places that it is about, in the order in which they are told. */
  readonly related?: readonly RelatedPlace[]
}

/** Another place that a problem is about. */
export interface RelatedPlace {
  readonly file: string
  readonly line: number
  readonly column: number
  /** What stands there, as a short clause. */
  readonly says: string
  /** As for the problem itself. */
  readonly sourceLine: string | undefined
}

/** How much of a long line is shown on each side of the caret. */
const CONTEXT = 70

/**
 * Prints a problem for a person: `file:line:column`, the message, the line with a caret below the place, the same for
 * each related place, and the cure. No colours, no newline at the end; control characters of the line are replaced.
 */
export function formatProblem(problem: Problem): string {
  const head = `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`
  const others = (problem.related ?? []).flatMap(place => [describeRelated(place), ...excerpt(place)])
  return [head, ...excerpt(problem), ...others, `  Cure: ${problem.cure}`].join('\n')
}

function describeRelated({ file, line, column, says }: RelatedPlace): string {
  return `  See ${file}:${line}:${column}: ${says}`
}

/** The problem of a file that cannot be read at all. */
export function unreadableFile(file: string, error: unknown, cure: string): Problem {
  const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
  const message = `the file cannot be read${why}`
  return { severity: 'error', file, line: 1, column: 1, message, cure, sourceLine: undefined }
}

/** Orders problems as they stand in their file. */
export function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column
}

/** Quotes what stands in a file, for a message: shortened where it is long, its control characters escaped. */
export function quote(value: unknown): string {
  const text = maskTokens(JSON.stringify(value))
  return text.length > 80 ? `${text.slice(0, 79)}…"` : text
}

/** Hides API tokens of our own, wherever somebody wrote one. */
export function maskTokens(text: string): string {
  return text.replace(/\bgh_[\w-]{8,}/g, '********')
}

function excerpt(problem: Pick<Problem, 'line' | 'column' | 'sourceLine'>): readonly string[] {
  if (problem.sourceLine === undefined || problem.sourceLine.trim() === '') return []
  const at = problem.column - 1
  const start = Math.max(0, at - CONTEXT)
  const shown = problem.sourceLine.slice(start, at + CONTEXT).replace(/\p{C}/gu, ' ')
  const number = String(problem.line).padStart(5)
  return [`${number} | ${shown}`, `${' '.repeat(number.length)} | ${' '.repeat(at - start)}^`]
}
