import type { Problem } from '../../documents/problem.js'

/**
 * Writes a problem as a workflow command of GitHub Actions, which shows it beside its line:
 * `::error file=…,line=…,col=…,title=…::message`. One line, ended.
 * @param command whose finding it is
 */
export function formatAnnotation(problem: Problem, command: 'check' | 'test'): string {
  const { severity, file, line, column, message, cure, related = [] } = problem
  const properties = { file, line, col: column, title: `gatehouse ${command}: ${severity}` }
  const written = Object.entries(properties).map(
    ([name, value]) => `${name}=${escapeProperty(String(value))}`,
  )
  const others = related.map(other => `See ${other.file}:${other.line}:${other.column}: ${other.says}`)
  const text = [message, ...others, `Cure: ${cure}`].join('\n')
  return `::${severity} ${written.join(',')}::${escapeData(text)}\n`
}

/** What stands behind the second `::` ends at the line's end. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A property ends also at a comma or a colon. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
