import { settled } from './compare.js'
import type { ScenarioResult } from './run-scenario.js'

const WIDTH = 860
const ROW = 34
const LABEL = 470
const BAR = 300

/** A bar chart of the first column of a scenario, as SVG; it is readable on light and dark ground. */
export function chart({ scenario, measured }: ScenarioResult): string {
  const [column] = scenario.columns
  const bars = measured.flatMap(subject => {
    const found = settled(subject, column)
    return found === undefined ? [] : [{ ...subject, value: found.value }]
  })
  // What takes fifty times as long would leave the others no bar: its own is broken, and its number says it.
  const known = bars.map(({ value }) => value).sort((a, b) => a - b)
  const longest = Math.min(known.at(-1) ?? 1, (known[Math.floor(known.length / 2)] ?? 1) * 3)
  const rows = bars.map(({ name, title, value }, index) => {
    const y = 40 + index * ROW
    const width = Math.max(0, Math.min(1, value / longest)) * BAR
    const end = LABEL + width
    const gap = `  <path d="M${end - 24} ${y + 26} l8 -26" stroke="#fff" stroke-width="5"/>\n`
    const isOurs = title.includes('Gatehouse')
    return `  <text x="${LABEL - 10}" y="${y + 17}" text-anchor="end">${escaped(shortTitle(name, title))}</text>
  <rect x="${LABEL}" y="${y + 3}" width="${width.toFixed(1)}" height="20" rx="3" fill="${isOurs ? '#17655b' : '#8a9299'}"/>
${value > longest ? gap : ''}  <text x="${(end + 8).toFixed(1)}" y="${y + 17}">${value.toFixed(value < 10 ? 1 : 0)}</text>`
  })
  const height = 50 + bars.length * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(column.title)}">
  <style>text { font: 14px system-ui, sans-serif; fill: #24292f } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>
  <text x="${LABEL}" y="22" font-weight="bold">${escaped(column.title)}</text>
${rows.join('\n')}
</svg>
`
}

function shortTitle(name: string, title: string): string {
  const short = title.split(/[:,]/)[0]?.replaceAll('`', '') ?? name
  return short.length > 56 ? `${short.slice(0, 55)}…` : short
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
