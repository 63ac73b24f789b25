import type { Outcome } from './run-fault.js'

const HEADINGS = [
  'Fault',
  'Wrong allows',
  'Codes twice',
  'Refresh tokens twice',
  'Lost enrolments',
  'Unhandled',
  'Requests',
  'Failed before',
  'Failed: public',
  'Failed: logged in',
  'of them 503 with Retry-After',
  'Longer than 2 s',
  'Enrolled, codes used',
  'Recovered after',
]

/** The table of a run, in Markdown. */
export function reportTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(outcome => [
    outcome.name,
    outcome.wrongAllows,
    outcome.codesTwice,
    outcome.refreshTwice,
    outcome.lostEnrolments,
    outcome.unhandled.length,
    outcome.requests,
    outcome.failedBefore,
    outcome.failedPublic,
    outcome.failedLoggedIn,
    outcome.told,
    outcome.hung,
    `${outcome.confirmed}, ${outcome.accepted}`,
    outcome.recovered === undefined ? 'never' : `${(outcome.recovered / 1_000).toFixed(1)} s`,
  ])
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`
  return [
    line(HEADINGS),
    line(HEADINGS.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n')
}
