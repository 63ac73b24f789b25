import { styleText } from 'node:util'
import { describeAccess } from '../../access/describe-decision.js'
import type { Answer } from '../../http/answer.js'
import type { Explanation, ExplainedRoute, Outcome } from './explanation.js'

/** How an explanation is shown. */
export interface ExplanationStyle {
  readonly colours: boolean
  /** The request as it was asked about, and by whom, in one line. */
  readonly title: string
}

type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow'
type Paint = (colour: Colour, text: string) => string

/** Writes an explanation for a person. */
export function formatExplanation(explanation: Explanation, { colours, title }: ExplanationStyle): string {
  const paint: Paint = (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text)
  const { canonical, app, answers, upstreamFields } = explanation
  const lines = [paint('bold', title.replace(/\p{C}/gu, '?'))]
  if (canonical !== undefined)
    lines.push(paint('dim', `is judged as ${canonical.method} ${canonical.host}${canonical.target}`))
  lines.push('')
  if (app !== undefined) {
    lines.push(
      `App ${app.name}, ${app.upstream ?? 'without an upstream'}`,
      ...routeLines(explanation, paint),
      '',
    )
  }
  lines.push(paint(COLOURS[explanation.outcome], explanation.sentence), '')
  if (answers !== undefined) {
    lines.push(...answerLines('A browser gets', answers.browser), '')
    lines.push(...answerLines('An API client gets', answers.client), '')
  }
  if (upstreamFields !== undefined) {
    lines.push('The app gets what the client sent, without cookies and headers that are not for it, and')
    for (let i = 0; i + 1 < upstreamFields.length; i += 2)
      lines.push(`  ${upstreamFields[i] ?? ''}: ${upstreamFields[i + 1] ?? ''}`)
    lines.push('')
  }
  return lines.join('\n')
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

const MISMATCHES: Readonly<Record<Exclude<ExplainedRoute['verdict'], 'decides'>, string>> = {
  path: 'for another path',
  method: 'for other methods',
  network: 'for other networks',
  not_reached: 'fits as well, but stands below',
}

function routeLines({ routes }: Explanation, paint: Paint): string[] {
  const widest = Math.max(...routes.map(({ pattern }) => pattern.length))
  const places = routes.map(({ place }) => (place === undefined ? '' : `${place.file}:${place.line}`))
  const placeWidth = Math.max(...places.map(place => place.length))
  return routes.map(({ pattern, access, verdict }, index) => {
    const start = `${pattern.padEnd(widest)}  ${access.padEnd(8)}  ${(places[index] ?? '').padEnd(placeWidth)}`
    return verdict === 'decides'
      ? paint('bold', `  > ${start}  decides: ${describeAccess(access)}`)
      : paint('dim', `    ${start}  ${MISMATCHES[verdict]}`)
  })
}

function answerLines(who: string, { status, headers, body }: Answer): string[] {
  const fields = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)
  const shown =
    body === ''
      ? []
      : headers['content-type']?.startsWith('text/html') === true
        ? ['  (a page)']
        : [`  ${body}`]
  return [`${who} ${status}`, ...fields, ...shown]
}
