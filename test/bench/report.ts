import { cpus } from 'node:os'
import { compare, type Measured, settled, MOST_SPREAD, type Verdict } from './compare.js'
import type { BenchOptions } from './options.js'
import { pinning } from './processes.js'
import type { ScenarioResult } from './run-scenario.js'
import type { Column, Comparison, Scenario } from './scenario.js'

/** A scenario as Markdown: its subjects, and what is compared beside its targets. */
export function report({ scenario, measured }: ScenarioResult): string {
  const { title, columns, comparisons } = scenario
  const [first, ...others] = columns
  const head = ['', first.title, 'ratio', ...others.map(column => column.title)]
  const compared = comparisons.flatMap(comparison => comparisonLine(comparison, measured) ?? [])
  return [
    `### ${title}`,
    '',
    row(head),
    row(['---', ...head.slice(1).map(() => '---:')]),
    ...measured.map(subject => row(subjectCells(subject, measured, scenario))),
    '',
    ...(compared.length === 0
      ? []
      : [row(['compared', 'measured', 'target']), row(['---', '---:', '---:']), ...compared, '']),
  ].join('\n')
}

/** On what the numbers were measured. */
export function circumstances({ starts, rate, connections }: BenchOptions): string {
  return (
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores` +
    `${pinning ? ', the subject alone on one' : ', not pinned'}; ${starts} starts of all, and after each interleaved rounds. Compared: the middle of the ratios ` +
    `of neighbouring rounds; the middle of the starts, with the least and the most of them; none where they disagree ` +
    `by more than ${MOST_SPREAD * 100} %. Told of each: the tenth of the rounds that was disturbed least. ` +
    `${connections} connections, header fields as a browser sends them; latencies at ${rate} requests a second.`
  )
}

function subjectCells(subject: Measured, all: readonly Measured[], { columns }: Scenario): readonly string[] {
  const [first, ...others] = columns
  const base = all[0]?.name ?? subject.name
  const ratio =
    subject.name === base
      ? '1.00'
      : middle(compare({ of: subject.name, against: base, column: first }, all), 2)
  return [subject.title, value(subject, first), ratio, ...others.map(column => value(subject, column))]
}

function value(subject: Measured, column: Column): string {
  const found = settled(subject, column)
  if (found === undefined) return '-'
  const text = found.value.toFixed(column.digits)
  return found.spread > MOST_SPREAD ? `${text} (±${Math.round(found.spread * 50)} %)` : text
}

function comparisonLine(comparison: Comparison, all: readonly Measured[]): string | undefined {
  const { of, against, column, as = 'ratio', target } = comparison
  const verdict = compare(comparison, all)
  if (verdict.kind === 'unknown') return undefined
  const sign = as === 'ratio' ? '/' : '-'
  const digits = as === 'ratio' ? 2 : column.digits
  return row([`${column.title}: ${of} ${sign} ${against}`, told(verdict, digits), goal(target)])
}

/** A number with the least and the most of the starts, or why there is none. */
function told(verdict: Verdict, digits: number): string {
  if (verdict.kind !== 'value') return middle(verdict, digits)
  const { value, least, most } = verdict
  return `${value.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

/** The number alone, or why there is none. */
function middle(verdict: Verdict, digits: number): string {
  switch (verdict.kind) {
    case 'unknown':
      return '-'
    case 'too few starts':
      return 'too few starts'
    case 'noisy':
      return `starts disagree by ${Math.round(verdict.spread * 100)} %`
    case 'value':
      return verdict.value.toFixed(digits)
  }
}

function goal(target: Comparison['target']): string {
  if (target === undefined) return '-'
  return 'most' in target ? `at most ${target.most}` : `at least ${target.least}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
