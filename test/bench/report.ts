import { cpus } from 'node:os'
import { compare, type Measured, settled, MOST_SPREAD, type Verdict } from './compare.js'
import type { BenchOptions } from './options.js'
import { pinning } from './processes.js'
import type { ComparisonResult, ScenarioResult } from './run-scenario.js'
import type { Column, Comparison } from './scenario.js'

/** A scenario as Markdown: its subjects, and what is compared beside its targets. */
export function report({ scenario: { title, columns }, compared, measured }: ScenarioResult): string {
  const head = ['', ...columns.map(column => column.title)]
  return [
    `### ${title}`,
    '',
    row(head),
    row(['---', ...head.slice(1).map(() => '---:')]),
    ...measured.map(subject => row([subject.title, ...columns.map(column => value(subject, column))])),
    '',
    ...(compared.length === 0
      ? []
      : [
          row(['compared', 'measured', 'target']),
          row(['---', '---:', '---:']),
          ...compared.map(comparisonLine),
          '',
        ]),
  ].join('\n')
}

/** On what the numbers were measured. */
export function circumstances({ starts, rate, connections }: BenchOptions): string {
  return (
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores` +
    `${pinning ? ', the subject alone on one' : ', not pinned'}; the two that are compared run alone, in turn, after ${starts} starts of both. Compared: the middle of the ` +
    `ratios of neighbouring rounds; the middle of the starts, with the least and the most of them; none where they disagree ` +
    `by more than ${MOST_SPREAD * 100} %. Told of each: the tenth of the rounds that was disturbed least. ` +
    `${connections} connections, header fields as a browser sends them; latencies at ${rate} requests a second.`
  )
}

function value(subject: Measured, column: Column): string {
  const found = settled(subject, column)
  if (found === undefined) return '-'
  const text = found.value.toFixed(column.digits)
  return found.spread > MOST_SPREAD ? `${text} (±${Math.round(found.spread * 50)} %)` : text
}

function comparisonLine({ comparison, measured }: ComparisonResult): string {
  const { of, against, column, as = 'ratio', target } = comparison
  const sign = as === 'ratio' ? '/' : '-'
  const digits = as === 'ratio' ? 2 : column.digits
  return row([
    `${column.title}: ${of} ${sign} ${against}`,
    told(compare(comparison, measured), digits),
    goal(target),
  ])
}

/** A number with the least and the most of the starts, or why there is none. */
function told(verdict: Verdict, digits: number): string {
  switch (verdict.kind) {
    case 'unknown':
      return '-'
    case 'too few starts':
      return 'too few starts'
    case 'noisy':
      return `starts disagree by ${Math.round(verdict.spread * 100)} %`
    case 'value':
      return `${verdict.value.toFixed(digits)} (${verdict.least.toFixed(digits)} to ${verdict.most.toFixed(digits)})`
  }
}

function goal(target: Comparison['target']): string {
  if (target === undefined) return '-'
  return 'most' in target ? `at most ${target.most}` : `at least ${target.least}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
