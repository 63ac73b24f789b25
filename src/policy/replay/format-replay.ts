import type { Place } from '../../access/route.js'
import type { JudgedAs } from './judge-twice.js'
import type { ReplayDifference, ReplayReport, RulingCount } from './replay-report.js'
import type { ExampleLine, Ruling } from './tally-book.js'

/** How a report is shown. */
export interface ReplayStyle {
  /** The file of the old policy and that of the new one, as a person would write them. */
  readonly oldFile: string
  readonly nextFile: string
  /** The host of lines that name none, and where that comes from. */
  readonly host: string
  readonly hostComesFrom: string
  /** How many differences are shown. */
  readonly limit: number
  /** Names a file as a person would. */
  readonly shortName: (file: string) => string
}

const AS: Readonly<Record<JudgedAs, string>> = {
  user: 'as the user whom the line names',
  nobody: 'as nobody',
  anybody: 'as anybody who is logged in',
}
const DIRECTIONS = { opened: 'OPENED', closed: 'CLOSED', changed: 'CHANGED' } as const

/** Writes the report of a replay for a person. */
export function formatReplay(report: ReplayReport, style: ReplayStyle): string {
  return [
    ...countLines(report, style),
    ...assumptionLines(report, style),
    ...rulingLines(report),
    ...differenceLines(report, style),
  ]
    .map(line => `${line}\n`)
    .join('')
}

function countLines({ counts, notUnderstood }: ReplayReport, style: ReplayStyle): string[] {
  const parts = [
    `${plural(counts.lines, 'line')} read`,
    `${number(counts.judged)} judged by ${style.oldFile} (old) and ${style.nextFile} (new)`,
  ]
  if (counts.noRequest > 0) parts.push(`${number(counts.noRequest)} without a request that was read`)
  if (counts.other > 0) parts.push(`${number(counts.other)} about something else`)
  if (counts.notUnderstood === 0) return [`${parts.join(', ')}.`, '']
  const first = notUnderstood.map(example => `  ${placeOf(example, style)}  ${example.request}`)
  return [
    `${parts.join(', ')}, ${number(counts.notUnderstood)} not understood. The first of those:`,
    ...first,
    '',
  ]
}

function assumptionLines({ counts }: ReplayReport, { host, hostComesFrom }: ReplayStyle): string[] {
  const { users } = counts
  const lines: string[] = []
  const nameless = users.none + users.unknown
  if (nameless > 0) {
    const unknown =
      users.unknown === 0 ? '' : `, ${number(users.unknown)} of them one whom no users file knows`
    const who = `no user${unknown === '' ? '' : ' of the users file'}${unknown}`
    lines.push(
      `${linesThat(nameless, 'name')} ${who}: each is judged twice, as nobody and as anybody`,
      '  who has just shown password and authenticator code, in every group, but in no list of "users".',
    )
  }
  if (users.known > 0)
    lines.push(
      `${linesThat(users.known, 'name')} a user of the users file, who has just shown password and authenticator code.`,
    )
  if (counts.withoutHost > 0)
    lines.push(
      `${linesThat(counts.withoutHost, 'name')} no host: it is taken to be ${host} (${hostComesFrom}).`,
    )
  if (counts.withoutTime > 0)
    lines.push(`${linesThat(counts.withoutTime, 'tell')} no time that can be read: it is taken to be now.`)
  if (counts.preflights > 0)
    lines.push(`${plural(counts.preflights, 'line')} with OPTIONS: taken for CORS preflights.`)
  lines.push('Every request is taken to have come as "public_url" says, by https or not.')
  return ['Taken for granted:', ...lines.map(line => `  ${line}`), '']
}

function rulingLines({ old, next }: ReplayReport): string[] {
  return (['user', 'nobody', 'anybody'] as const).flatMap(as => {
    const rows = new Map<string, { route: string; outcome: string; old: number; next: number }>()
    const add = (side: 'old' | 'next', { route, outcome, count }: RulingCount): void => {
      const key = `${outcome} ${route}`
      const row = rows.get(key) ?? { route, outcome, old: 0, next: 0 }
      row[side] += count
      rows.set(key, row)
    }
    for (const count of old) if (count.as === as) add('old', count)
    for (const count of next) if (count.as === as) add('next', count)
    if (rows.size === 0) return []
    const cells = [...rows.values()].map(row => [
      row.old === row.next ? ' ' : '*',
      printable(row.route),
      row.outcome,
      number(row.old),
      number(row.next),
    ])
    return [`Judged ${AS[as]}:`, ...columns([['', 'route', 'decision', 'old', 'new'], ...cells]), '']
  })
}

function differenceLines({ counts, differences }: ReplayReport, style: ReplayStyle): string[] {
  if (counts.judged === 0) return ['No line could be judged, so that nothing is known.']
  if (differences.length === 0) return ['No difference: both policies decide every line alike.']
  const shown = differences.slice(0, style.limit)
  const more = differences.length - shown.length
  const rest =
    more === 0 ? [] : [`${number(more)} more differences; --limit ${differences.length} shows them all.`]
  return [
    `${plural(differences.length, 'difference')}:`,
    '',
    ...shown.flatMap(difference => [...oneDifference(difference, style), '']),
    ...rest,
    summary(differences),
  ]
}

function oneDifference(difference: ReplayDifference, style: ReplayStyle): string[] {
  const { direction, as, old, next, count, example } = difference
  const by = as === 'user' && example.user !== undefined ? ` by ${printable(example.user)}` : ''
  return [
    `${DIRECTIONS[direction]}  ${old.outcome} -> ${next.outcome}, ${AS[as]}: ${plural(count, 'line')}`,
    `  old  ${routeOf(old, style)}`,
    `  new  ${routeOf(next, style)}`,
    `  such as ${placeOf(example, style)}  ${example.request}${by}`,
  ]
}

function summary(differences: readonly ReplayDifference[]): string {
  const sum = (direction: ReplayDifference['direction']): string => {
    const these = differences.filter(difference => difference.direction === direction)
    return `${number(these.reduce((total, { count }) => total + count, 0))} ${direction}`
  }
  return `Judgements that differ: ${sum('opened')}, ${sum('closed')}, ${sum('changed')} (a line without a user counts for each way it is judged).`
}

function routeOf({ route, place }: Ruling, style: ReplayStyle): string {
  return place === undefined ? printable(route) : `${printable(route)}  ${filePlace(place, style)}`
}

function filePlace({ file, line }: Place, { shortName }: ReplayStyle): string {
  return `${shortName(file)}:${line}`
}

function placeOf({ file, line }: ExampleLine, style: ReplayStyle): string {
  return `${style.shortName(file)}:${line}`
}

/** Rows of cells with the same width below each other; the last two are numbers and stand to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column < 3 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  '),
  )
}

function plural(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`
}

/** `1 line names`, `2 lines name`. */
function linesThat(count: number, verb: string): string {
  return `${plural(count, 'line')} ${verb}${count === 1 ? 's' : ''}`
}

function number(count: number): string {
  return count.toLocaleString('en-US')
}

function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
}
