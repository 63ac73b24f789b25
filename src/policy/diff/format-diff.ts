import { styleText } from 'node:util'
import type { Place } from '../../access/route.js'
import type { Direction } from './compare-cell.js'
import type { Change, DecidingRoute, Difference, PolicyDiff, Witness } from './policy-diff.js'

/** How a comparison is shown. */
export interface DiffStyle {
  readonly colours: boolean
  /** A place of either file as a person would write it, such as `gateway.yaml:12`. */
  readonly nameOf: (place: Place) => string
  /** The moment of the comparison: a witness of that moment needs no time. */
  readonly now: number
}

/** The most kinds of callers that one line names. */
const MOST_KINDS = 4

const HEADS: Readonly<Record<Direction, readonly [head: string, colour: 'red' | 'green' | 'yellow']>> = {
  opened: ['MORE OPEN', 'red'],
  closed: ['MORE CLOSED', 'green'],
  changed: ['CHANGED', 'yellow'],
}

/** Writes a comparison for a person: each difference with places, people and an example, and a summary. */
export function formatDiff(diff: PolicyDiff, style: DiffStyle): string {
  const { differences, upstreams, addedApps, removedApps, doubts } = diff
  const lines = differences.flatMap(difference => [...differenceLines(difference, style), ''])
  for (const { app, from, to, witness } of upstreams) {
    const head = paint(style, 'yellow', 'OTHER UPSTREAM')
    lines.push(`${head}  ${app}  ${from} → ${to}`, `    e.g. ${witnessText(witness, style)}`, '')
  }
  for (const app of addedApps) lines.push(`The app ${app} is new.`)
  for (const app of removedApps) lines.push(`The app ${app} is gone.`)
  for (const doubt of doubts) lines.push(paint(style, 'red', `Not certain: ${doubt}`))
  return [...lines, ...summaryOf(diff)].map(line => `${line}\n`).join('')
}

/** How many differences there are of one direction. */
export function countOf({ differences }: PolicyDiff, direction: Direction): number {
  return differences.filter(difference => difference.direction === direction).length
}

function summaryOf(diff: PolicyDiff): readonly string[] {
  const [opened, closed, changed] = [
    countOf(diff, 'opened'),
    countOf(diff, 'closed'),
    countOf(diff, 'changed'),
  ]
  const upstreams = diff.upstreams.length
  const end = diff.doubts.length === 0 ? '.' : ', as far as could be compared.'
  if (opened + closed + changed + upstreams === 0)
    return [`Nothing became more open${end}`, `Nothing became more closed${end}`]
  const parts = [
    `${opened} more open`,
    `${closed} more closed`,
    ...(changed === 0 ? [] : [`${changed} changed otherwise`]),
    ...(upstreams === 0 ? [] : [`${upstreams} with another upstream`]),
  ]
  return [
    `${parts.join(', ')}.`,
    ...(opened === 0 ? [`Nothing became more open${end}`] : []),
    ...(closed === 0 ? [`Nothing became more closed${end}`] : []),
  ]
}

function differenceLines(difference: Difference, style: DiffStyle): readonly string[] {
  const { direction, before, after, methods, conditions, alike, changes } = difference
  const [head, colour] = HEADS[direction]
  const app = [...new Set([before.app, after.app].flatMap(name => name ?? []))].join(' → ')
  const more = alike === 0 ? [] : [`and ${alike} more ${alike === 1 ? 'pair' : 'pairs'} of routes`]
  const what = [app, patternOf(before, after), methods, ...conditions, ...more].filter(part => part !== '')
  return [
    `${paint(style, colour, head.padEnd(11))}  ${what.join('  ')}`,
    `    ${before.demands} → ${after.demands}  (${placeOf(before, style)} → ${placeOf(after, style)})`,
    ...changes.flatMap(change => changeLines(change, style)),
  ]
}

/** The paths: where one side is the route for everything else, those of the other. */
function patternOf(before: DecidingRoute, after: DecidingRoute): string {
  const isWritten = ({ place }: DecidingRoute): boolean => place !== undefined
  if (before.pattern === after.pattern || !isWritten(after)) return before.pattern
  return isWritten(before) ? `${before.pattern} → ${after.pattern}` : after.pattern
}

function placeOf({ place, app }: DecidingRoute, { nameOf }: DiffStyle): string {
  if (place !== undefined) return nameOf(place)
  return app === undefined ? 'no route' : 'no route, so required'
}

function changeLines({ who, from, to, identity, witness }: Change, style: DiffStyle): readonly string[] {
  const outcome =
    identity === undefined
      ? `${from} → ${to}`
      : `allow, and the app is ${identity === 'gained' ? 'now' : 'no longer'} told who asks`
  const more = who.length - MOST_KINDS
  const people = [...who.slice(0, MOST_KINDS), ...(more > 0 ? [`${more} more kinds of callers`] : [])]
  return [`    ${people.join('; ')}: ${outcome}`, `      e.g. ${witnessText(witness, style)}`]
}

function witnessText({ asked, as, at }: Witness, { now }: DiffStyle): string {
  const preflight = asked.asksPreflight ? ' (a preflight)' : ''
  const when = at === now ? '' : ` at ${new Date(at).toISOString()}`
  return `${asked.method} ${urlOf(asked)}${preflight} as ${as}, from ${asked.address}${when}`
}

/** The URL of a witness. */
export function urlOf({ secure, authority, target }: Witness['asked']): string {
  return `${secure ? 'https' : 'http'}://${authority}${target}`
}

function paint({ colours }: DiffStyle, colour: 'red' | 'green' | 'yellow', text: string): string {
  return colours ? styleText(colour, text, { validateStream: false }) : text
}
