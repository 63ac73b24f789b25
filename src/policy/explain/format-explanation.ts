import { styleText } from 'node:util'
import { condenseRoutes, describeLeftOut, type LeftOut } from '../../access/condense-routes.js'
import { type Demand, describeDemand } from '../../access/demands.js'
import type { ReadRoute } from '../../access/explain-routes.js'
import type { Outcome } from '../../access/judge.js'
import type { Answer } from '../../http/answer.js'
import type { Explanation, ExplainedRefusal } from './explanation.js'

/** How an explanation is shown. */
export interface ExplanationStyle {
  readonly colours: boolean
  /** The request as it was asked about, and by whom: one line or several. */
  readonly title: string
}

type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow'
type Paint = (colour: Colour, text: string) => string

/** In characters. Lines of our own keep to it; header fields and addresses are never broken. */
const WIDTH = 80
/** A longer pattern moves the rest of its own line only. */
const WIDEST_PATTERN = 28

/** Writes an explanation for a person: the decision first, then why, then what is sent. Ends with a line end. */
export function formatExplanation(explanation: Explanation, { colours, title }: ExplanationStyle): string {
  const paint: Paint = (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text)
  const { canonical, answers, upstreamFields, refusal, outcome, sentence, policy } = explanation
  const [first = '', ...more] = title.split('\n').map(plain)
  const lines = [paint('bold', first), ...more]
  if (canonical !== undefined)
    lines.push(paint('dim', plain(`is judged as ${canonical.method} ${canonical.host}${canonical.target}`)))
  lines.push('', ...wrap(sentence, '').map(line => paint(COLOURS[outcome], line)))
  if (refusal !== undefined) lines.push(...refusalLines(refusal))
  lines.push(...explanation.demands.map(demand => demandLine(demand, paint)), '')
  lines.push(...routeLines(explanation, paint))
  if (answers !== undefined) {
    lines.push(...answerLines('A browser gets', answers.browser), '')
    lines.push(...answerLines('An API client gets', answers.client), '')
  }
  const { upstreamTarget } = explanation
  if (upstreamFields !== undefined && upstreamTarget !== canonical?.target)
    lines.push(
      upstreamTarget === undefined
        ? 'This path is outside of strip_prefix: the answer is 404, and the app is not asked.'
        : `The app is asked for ${plain(upstreamTarget)}`,
      '',
    )
  if (upstreamFields !== undefined) {
    lines.push('The app gets what the client sent, without cookies and headers that are not for it, and')
    for (let i = 0; i + 1 < upstreamFields.length; i += 2)
      lines.push(`  ${upstreamFields[i] ?? ''}: ${upstreamFields[i + 1] ?? ''}`)
    lines.push('')
  }
  return [...lines, paint('dim', `Policy ${policy}`), ''].join('\n')
}

const COLOURS: Readonly<Record<Outcome, Colour>> = {
  allow: 'green',
  login: 'yellow',
  mfa: 'yellow',
  step_up: 'yellow',
  deny: 'red',
  not_found: 'red',
  refused: 'red',
  own: 'bold',
}

function refusalLines({ cure, accepted }: ExplainedRefusal): string[] {
  const instead = accepted && [`  Accepted instead: ${accepted.method} ${plain(accepted.url)}`]
  return [...wrap(cure, '  '), ...(instead ?? [])]
}

const MARKS: Readonly<Record<Demand['verdict'], readonly [mark: string, colour: Colour]>> = {
  holds: ['✓', 'green'],
  fails: ['✗', 'red'],
  open: ['·', 'dim'],
}

function demandLine(demand: Demand, paint: Paint): string {
  const [mark, colour] = MARKS[demand.verdict]
  const text = plain(describeDemand(demand))
  return `  ${paint(colour, mark)} ${demand.verdict === 'open' ? paint('dim', text) : text}`
}

function routeLines({ app, routes }: Explanation, paint: Paint): string[] {
  if (app === undefined) return []
  const file = routes.find(({ place }) => place !== undefined)?.place?.file
  const shown = condenseRoutes(routes)
  const kept = shown.filter((row): row is ReadRoute => !isLeftOut(row))
  const patternWidth = Math.min(WIDEST_PATTERN, Math.max(...kept.map(({ pattern }) => pattern.length)))
  const lineWidth = Math.max(...kept.map(({ place }) => String(place?.line ?? '').length))
  const blank = ' '.repeat(lineWidth + 4)
  return [
    `App ${app.name}, ${app.upstream ?? 'without an upstream'}${file === undefined ? '' : `, routes of ${plain(file)}`}`,
    ...shown.map(row => {
      if (isLeftOut(row)) return paint('dim', `${blank}… ${describeLeftOut(row)}`)
      const line = String(row.place?.line ?? '').padStart(lineWidth)
      const start = `${line}  ${plain(row.pattern).padEnd(patternWidth)}  ${row.access.padEnd(8)}`
      return row.verdict === 'decides'
        ? paint('bold', `> ${start}  decides: ${row.why}`)
        : paint('dim', `  ${start}  ${row.why}`)
    }),
    '',
  ]
}

function isLeftOut(row: ReadRoute | LeftOut): row is LeftOut {
  return 'count' in row
}

function answerLines(who: string, { status, headers, body }: Answer): string[] {
  const fields = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)
  return [`${who} ${status}`, ...fields, ...bodyLines(headers, body)]
}

function bodyLines(headers: Answer['headers'], body: string): string[] {
  if (body === '') return []
  if (headers['content-type']?.startsWith('text/html') === true) return ['  (a page)']
  return JSON.stringify(JSON.parse(body), undefined, 2)
    .split('\n')
    .flatMap(line => wrap(line, '  '))
}

/** Breaks at spaces where a line would be too long; what has none stays whole. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of plain(text).split(/(?<=\S) /)) {
    const isBegun = line.trim() !== ''
    if (isBegun && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = `${indent}    ${word}`
    } else line += isBegun ? ` ${word}` : word
  }
  return [...lines, line]
}

/** What somebody else wrote must not steer the terminal. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
