import t from 'tap'
import { formatProblem } from '../../src/documents/problem.js'
import { problemsOf, unmark, type Surroundings } from './broken-file.js'

/** A sentence, a file with ▶ where the problem is, what the message says, what the cure says, what surrounds it. */
type Case = readonly [
  name: string,
  marked: string,
  message: RegExp,
  cure: RegExp,
  surroundings?: Surroundings,
]

/** Shows for each file that it has exactly one problem, at its place, with this message and cure. */
export function expectProblems(cases: Readonly<Record<string, readonly Case[]>>): void {
  for (const [area, table] of Object.entries(cases)) {
    t.test(area, async t => {
      for (const [name, marked, message, cure, surroundings] of table) {
        const { text, line, column } = unmark(marked)
        const found = problemsOf(text, surroundings)
        const [first] = found
        t.equal(found.length, 1, `${name}: one problem`, { text, found: found.map(formatProblem) })
        if (first === undefined) continue
        t.same([first.line, first.column], [line, column], `${name}: its place`, {
          found: formatProblem(first),
        })
        t.match(first.message, message, `${name}: its message`)
        t.match(first.cure, cure, `${name}: its cure`)
      }
    })
  }
}
