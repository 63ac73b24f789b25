import { changeOfOpenness } from '../../access/openness.js'
import type { DifferenceKind, Example, ShadowReport, Side } from '../../gate/shadow-tally.js'

export interface ShadowReportContext {
  /** The two files, as a person writes them. */
  readonly names: { readonly live: string; readonly shadow: string }
  /** By which people reach the apps. */
  readonly scheme: 'http' | 'https'
  /** Shortens the file name of a place. */
  readonly shortPlace: (file: string) => string
  /** Reports of this shadow beside other texts of the live file: how many there are. */
  readonly otherLive: number
}

const CHANGES = { opened: 'MORE OPEN', closed: 'more closed', same: 'as open' } as const

/** The report for a person: the sum in one sentence, then each kind of difference, the most frequent first. */
export function formatShadowReport(report: ShadowReport, context: ShadowReportContext): string {
  const { compared, different, opened, unknown, skipped, further } = report
  const { live, shadow } = context.names
  const lines = [
    `${count(compared, 'request')} compared, ${number(different)} decided otherwise, ${number(opened)} would become more open.`,
    `Now: ${live} (${report.live}). Then: ${shadow} (${report.shadow}).`,
  ]
  if (compared === 0) lines.push(...nothingCompared(context))
  else lines.push(`Counted from ${moment(report.since)} to ${moment(report.until)} UTC.`)
  if (unknown > 0)
    lines.push(
      `Of ${count(unknown, 'request')} it could not be found out who asked: compared as nobody's. The log says why.`,
    )
  if (skipped > 0)
    lines.push(
      `${count(skipped, 'request')} came too fast to be compared: ${skipped === 1 ? 'it is' : 'they are'} in none of these counts.`,
    )
  for (const kind of report.kinds) lines.push('', ...linesOf(kind, context))
  if (further > 0) lines.push('', `${number(further)} x  of further kinds, which are too many to tell apart`)
  return `${lines.join('\n')}\n`
}

function nothingCompared({ names, otherLive }: ShadowReportContext): readonly string[] {
  return [
    otherLive > 0
      ? `Nothing was counted for ${names.live} as it is now; there are counts for an earlier text of it.`
      : `Nothing was counted yet: is the gateway running with these two files, and does it get requests?`,
  ]
}

function linesOf(kind: DifferenceKind, context: ShadowReportContext): readonly string[] {
  const { live, shadow, example } = kind
  const change = live.upstream === shadow.upstream ? changeOf(kind) : 'another upstream'
  const who = `${example.subject ?? 'nobody'}${example.token === undefined ? '' : ' (API token)'}`
  return [
    `${number(kind.count)} x  ${outcome(live)} -> ${outcome(shadow)}   ${change}`,
    `    now:  ${where(live, context)}`,
    `    then: ${where(shadow, context)}`,
    `    e.g.  ${example.method} ${context.scheme}://${example.host}${example.path} by ${who} from ${example.address}`,
    `    last  ${moment(kind.lastAt)} UTC`,
    ...explainLines(example, context),
  ]
}

function changeOf({ live, shadow }: DifferenceKind): string {
  const change = changeOfOpenness(live.outcome, shadow.outcome)
  return change === 'same' && live.outcome === 'allow' ? 'for another reason' : CHANGES[change]
}

function outcome({ outcome, reason }: Side): string {
  return reason === undefined ? outcome : `${outcome} (${reason})`
}

function where({ outcome, route, place, upstream }: Side, { shortPlace }: ShadowReportContext): string {
  const name = route ?? (outcome === 'refused' ? '(refused before any route is asked)' : '')
  const what = outcome === 'own' ? '(for the gateway itself)' : name === '' ? '(no app has this host)' : name
  const line = place === undefined ? '' : `  ${shortPlace(place.file)}:${place.line}`
  return `${what}${line}${upstream === undefined ? '' : `  to ${upstream}`}`
}

/** How to look further. A path that was cut off, or hides something, cannot be asked for again. */
function explainLines(example: Example, { names, scheme }: ShadowReportContext): readonly string[] {
  const { method, host, path, address } = example
  if (/…$|\*{8}/.test(path)) return []
  const url = `${scheme}://${host}${path}`
  const words = ['gatehouse', 'explain', method, url, ...callerWords(example)]
  words.push('--from', address, '--config', names.shadow)
  return [`    look  ${words.map(shellWord).join(' ')}`]
}

function callerWords(example: Example): readonly string[] {
  const { subject, token, factors, factorAge = 0, remembered } = example
  if (subject === undefined) return []
  const as = token?.owner === 'machine' ? [] : ['--as', subject]
  if (token !== undefined) return [...as, '--token-scopes', token.scopes.join(',')]
  if (factors === undefined)
    return [...as, ...(remembered === true ? ['--remembered'] : ['--mfa-age', 'none'])]
  const isUsual = factors.length === 1 && factors[0] === 'totp'
  return [...as, '--mfa-age', age(factorAge), ...(isUsual ? [] : ['--factor', factors.join(',')])]
}

/** As `explain` reads it: seconds while they have few digits, or else the greatest unit that is not too rough. */
function age(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 600) return `${seconds}s`
  return seconds < 36_000 ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / 3600)}h`
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function moment(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`
}
