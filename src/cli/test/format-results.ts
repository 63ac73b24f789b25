import { styleText } from 'node:util'
import type { PolicyCase } from '../../config/policy-case.js'
import type { Problem } from '../../documents/problem.js'
import { describeCaller } from '../../policy/cases/case-identity.js'
import type { Coverage } from '../../policy/cases/coverage.js'
import { type CaseResult, outcomeOf } from '../../policy/cases/run-cases.js'
import type { Explain } from '../../policy/explain/explanation.js'
import { formatExplanation } from '../../policy/explain/format-explanation.js'
import { shortName } from '../short-name.js'
import { percentOf } from './format-coverage.js'

/** How results are shown. */
export interface ResultStyle {
  readonly cwd: string
  readonly colours: boolean
}

/** Who has more to mend mends these first. */
const MOST_EXPLAINED = 20

/** Writes each failure with its place, what was expected, what came, and why. Empty when there is none. */
export function formatFailures(
  failures: readonly CaseResult[],
  explain: Explain,
  style: ResultStyle,
): string {
  const texts = failures.map((failure, index) => {
    const head = headOf(failure, style)
    return index < MOST_EXPLAINED ? `${head}\n\n${explanationOf(failure, explain, style)}\n` : head
  })
  const { length } = failures
  if (length > MOST_EXPLAINED) texts.push(`\nOnly the first ${MOST_EXPLAINED} of ${length} are explained.`)
  return texts.map(text => `${text}\n`).join('')
}

function headOf({ case: one, faults }: CaseResult, { cwd, colours }: ResultStyle): string {
  const { file, line, column } = one.place
  const title = one.name ?? titleOf(one)
  const head = `${shortName(cwd, file)}:${line}:${column}: failed: ${visible(title)}`
  return [
    colours ? styleText('red', head, { validateStream: false }) : head,
    ...faults.map(fault => `  ${visible(fault)}`),
  ].join('\n')
}

function explanationOf(
  { case: one, caller, at }: CaseResult,
  explain: Explain,
  { colours }: ResultStyle,
): string {
  const text = formatExplanation(explain(one.asked, caller, at), { colours, title: titleOf(one) })
  return text
    .trimEnd()
    .split('\n')
    .map(line => (line === '' ? '' : `  ${line}`))
    .join('\n')
}

/** A case in one line. */
function titleOf({ asked, url, caller, at }: PolicyCase): string {
  const preflight = asked.asksPreflight ? ' (a CORS preflight)' : ''
  const when = at === undefined ? '' : `, at ${new Date(at).toISOString()}`
  return `${asked.method} ${url}${preflight} ${describeCaller(caller)}, from ${asked.address}${when}`
}

function visible(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}

/** A failure as a problem of its file, for those who show problems. */
export function problemOf({ case: one, faults }: CaseResult, { cwd }: ResultStyle): Problem {
  const title = one.name === undefined ? titleOf(one) : `${one.name}: ${titleOf(one)}`
  return {
    severity: 'error',
    ...one.place,
    file: shortName(cwd, one.place.file),
    message: visible(`${title}: ${faults.join('; ')}`),
    cure: 'mend the route or the case; "gatehouse test" explains the decision',
    sourceLine: undefined,
  }
}

/** What a run came to. */
export interface CasesRun {
  readonly results: readonly CaseResult[]
  readonly failures: readonly CaseResult[]
  readonly coverage: Coverage | undefined
  /** The exit code. */
  readonly code: number
}

/** The same for a program. */
export function jsonOf(
  { results, failures, coverage, code }: CasesRun,
  explain: Explain,
  style: ResultStyle,
): unknown {
  return {
    ok: code === 0,
    passed: results.length - failures.length,
    failed: failures.length,
    failures: failures.map((failure, index) => {
      const { case: one, verdict, caller, at, faults } = failure
      return {
        ...one.place,
        file: shortName(style.cwd, one.place.file),
        name: one.name,
        method: one.asked.method,
        url: one.url,
        caller: describeCaller(one.caller),
        expected: one.expect,
        outcome: outcomeOf(verdict),
        faults,
        explanation: index < MOST_EXPLAINED ? explain(one.asked, caller, at) : undefined,
      }
    }),
    coverage: coverage === undefined ? undefined : { percent: percentOf(coverage), ...coverage },
  }
}
