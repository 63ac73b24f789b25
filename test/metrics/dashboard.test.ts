import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { startGateway, mixedPolicy } from '../harness/gateway.js'
import { parseScrape, scrape, type Scrape } from '../harness/metrics.js'
import { busyMetrics } from './sample-metrics.js'

const shipped = (name: string): URL => new URL(`../../config/${name}`, import.meta.url)
const read = (name: string): string => readFileSync(shipped(name), 'utf8')

/** What Prometheus itself knows of each series. */
const OF_PROMETHEUS = new Set(['job', 'instance'])
const METRIC = /\b((?:gatehouse|process|nodejs)_[a-z0-9_]+)(?:\{([^{}]*)\})?/g

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[]
  }
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The name of the family that a name in a query belongs to, and the labels that it has. */
function familyOf({ families }: Scrape, name: string) {
  const histogram = /^(.+)_(?:bucket|sum|count)$/.exec(name)?.[1]
  const family = families.get(name) ?? families.get(histogram ?? '')
  if (family === undefined || (family.name !== name && family.type !== 'histogram')) return undefined
  return { family, labels: new Set(family.samples.flatMap(one => Object.keys(one.labels))) }
}

/** Everything in a query that the gateway does not tell. */
function strangersIn(told: Scrape, query: string): readonly string[] {
  const strangers: string[] = []
  const known = new Set(OF_PROMETHEUS)
  for (const [, name = '', matchers = ''] of query.matchAll(METRIC)) {
    const found = familyOf(told, name)
    if (found === undefined) strangers.push(name)
    for (const label of found?.labels ?? []) known.add(label)
    for (const [, label = ''] of matchers.matchAll(/([a-z_]+)(?:=~|!~|!=|=)/g))
      if (!OF_PROMETHEUS.has(label) && found?.labels.has(label) !== true) strangers.push(`${name}{${label}}`)
  }
  for (const [, labels = ''] of query.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of labels.split(/, */)) if (!known.has(label)) strangers.push(`by ${label}`)
  const count = (sign: string): number => query.split(sign).length
  if (count('(') !== count(')') || count('{') !== count('}')) strangers.push('an open bracket')
  return strangers
}

t.test('every query of the dashboard asks for what the gateway tells', async t => {
  const told = parseScrape(await busyMetrics().text())
  const { panels, templating } = JSON.parse(read('grafana/gatehouse.json')) as Dashboard
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  t.ok(queries.length > 30)
  for (const query of queries) t.same(strangersIn(told, query), [], query)
  for (const { definition = '' } of templating.list) t.same(strangersIn(told, definition), [])
  t.same(
    templating.list.map(({ name }) => name),
    ['datasource', 'job', 'instance'],
  )
  const sources = panels.flatMap(({ targets = [] }) => targets.map(({ datasource }) => datasource.uid))
  t.same([...new Set(sources)], ['${datasource}'], 'the data source is the one that is chosen')
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const { type, title, description, gridPos } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is in the picture`)
    if (type !== 'row') t.ok(description, `${title} says what it shows`)
  }
})

t.test('every family of the gateway is in the dashboard', async t => {
  const text = read('grafana/gatehouse.json')
  const { families } = parseScrape(await busyMetrics().text())
  for (const name of families.keys()) if (name.startsWith('gatehouse_')) t.ok(text.includes(name), name)
})

t.test('every alert asks for what the gateway tells, and says what to do', async t => {
  const told = parseScrape(await busyMetrics().text())
  const { groups } = parse(read('prometheus/alerts.yaml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[]
  }
  const rules = groups.flatMap(group => group.rules)
  t.ok(rules.length > 10)
  for (const { alert, expr, labels, annotations } of rules) {
    t.match(alert, /^Gatehouse[A-Za-z]+$/)
    t.same(strangersIn(told, expr), [], alert)
    t.match(labels.severity, /^(info|warning|critical)$/)
    t.ok(annotations.summary)
    t.ok((annotations.runbook ?? '').length > 50, `${alert} has a runbook`)
  }
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
})

t.test('what asks for something else is found', async t => {
  const told = parseScrape(await busyMetrics().text())
  t.same(strangersIn(told, 'rate(gatehouse_request_total[5m])'), ['gatehouse_request_total'])
  t.same(strangersIn(told, 'gatehouse_requests_total{app="a"}'), ['gatehouse_requests_total{app}'])
  t.same(strangersIn(told, 'sum by (app) (gatehouse_requests_total)'), ['by app'])
  t.same(strangersIn(told, 'gatehouse_requests_total_count'), ['gatehouse_requests_total_count'])
})

t.test('the table of metrics is that of a real scrape', async t => {
  const gateway = await startGateway(t, {
    yaml: mixedPolicy('http://127.0.0.1:1', 'metrics: { listen: 127.0.0.1:0 }\n'),
  })
  const real = await scrape(gateway)
  const told = parseScrape(await busyMetrics().text())
  t.same([...real.families.keys()], [...told.families.keys()])
  const lines = [...told.families.values()]
    .filter(({ name }) => name.startsWith('gatehouse_'))
    .map(({ name, type, help, samples }) => {
      const labels = new Set(samples.flatMap(one => Object.keys(one.labels)).filter(label => label !== 'le'))
      return `| \`${name}\` | ${type} | ${[...labels].join(', ')} | ${help} |`
    })
  const table = `# What the gateway tells Prometheus

Written by \`UPDATE_METRICS=1 npx tap test/metrics/dashboard.test.ts\` from a scrape. The families of the process and of Node.js
(\`process_…\`, \`nodejs_…\`) are those of prom-client.

<!-- prettier-ignore -->
| family | type | labels | tells |
| --- | --- | --- | --- |
${lines.join('\n')}
`
  if (process.env.UPDATE_METRICS === '1') writeFileSync(shipped('prometheus/metrics.md'), table)
  t.equal(read('prometheus/metrics.md'), table)
})
