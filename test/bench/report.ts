import { cpus } from 'node:os'
import { pinning } from './processes.js'

/** One subject in one round. */
export interface Measurement {
  /** Microseconds of the subject's process, user and system. */
  readonly cpuPerRequest: number
  readonly perSecond: number
}

/** The medians as a Markdown table. Ratios are taken against the first subject. */
export function table(measurements: ReadonlyMap<string, readonly Measurement[]>): string {
  const rows = [...measurements].map(([title, rounds]) => ({
    title,
    cpu: median(rounds.map(round => round.cpuPerRequest)),
    perSecond: median(rounds.map(round => round.perSecond)),
  }))
  const base = rows[0]?.cpu ?? Number.NaN
  const lines = rows.map(
    ({ title, cpu, perSecond }) =>
      `| ${title} | ${cpu.toFixed(1)} | ${(cpu / base).toFixed(2)} | ${Math.round(perSecond)} |`,
  )
  return [
    '| | CPU per request (µs) | ratio | requests/s |',
    '| --- | ---: | ---: | ---: |',
    ...lines,
    '',
    `Node ${process.versions.node}, ${cpus().length} cores${pinning ? ', the subject alone on one' : ', not pinned'}; ` +
      'medians of interleaved rounds, answers of 1 KB, headers as a browser sends them.',
  ].join('\n')
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
