import { formatProblem } from '../../documents/problem.js'
import type { CarriedOver } from '../../policy/import/carry-over.js'
import type { ImportNote } from '../../policy/import/imported.js'

/**
 * Writes what became of an import, for a person.
 * @param loose whether query and trailing slash of the source were taken for meaningless
 * @param nameOf the name of a written file as that person would write it
 */
export function formatImport(
  { notes, comparisons }: CarriedOver,
  loose: boolean,
  nameOf: (file: string) => string,
): string {
  const stricter = comparisons.filter(({ relation }) => relation === 'stricter').length
  const lost = notes.filter(({ kind }) => kind === 'lost')
  const told = notes.filter(({ kind }) => kind === 'told')
  const config = nameOf('gateway.yaml')
  const option = config === 'gateway.yaml' ? '' : ` --config ${config}`
  const alike =
    stricter === 0
      ? 'the gateway decides all of them alike'
      : `the gateway is stricter in ${stricter} of them, whose names tell so, and decides the others alike`
  const open = loose
    ? 'None is more open, but for what relied on a query or on a slash at the end'
    : 'None is more open'
  const lines = [
    ...section(`Not carried over (${lost.length}):`, lost),
    ...section(`Worth knowing (${told.length}):`, told),
    `${config} is written, and ${nameOf('gateway.tests.yaml')} with ${comparisons.length} cases: ${alike}. ${open}.`,
    '',
    `  gatehouse check${option}`,
    `  gatehouse test${option}`,
  ]
  return `${lines.join('\n')}\n`
}

function section(title: string, notes: readonly ImportNote[]): readonly string[] {
  return notes.length === 0 ? [] : [title, '', ...notes.flatMap(note => [textOf(note), ''])]
}

/** As a problem is printed, but neither an error nor a warning: it stands below a title that says what it is. */
function textOf({ problem }: ImportNote): string {
  return formatProblem(problem).replace(': warning: ', ': ')
}
