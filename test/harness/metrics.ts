import type { TestGateway } from './gateway.js'

/** One number of a scrape, as it is written. */
export interface ScrapedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One family of a scrape. */
export interface ScrapedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly ScrapedSample[]
}

/** Everything that a scrape told. */
export interface Scrape {
  readonly text: string
  readonly families: ReadonlyMap<string, ScrapedFamily>
  /** The value of the one sample of this name with these labels among its own; undefined: there is none. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined
}

/** Reads the metrics of a gateway from their own listener, as Prometheus does. */
export async function scrape(gateway: TestGateway): Promise<Scrape> {
  const line = gateway.logLines.find(one => one.includes('metrics are served')) ?? '{}'
  const { port } = JSON.parse(line) as { readonly port: number }
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  if (answer.status !== 200) throw new Error(`the metrics answered ${answer.status}`)
  return parseScrape(await answer.text())
}

/** The library writes `Nan`; Prometheus reads numbers as Go does, without case. */
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (Na[nN]|[+-]Inf|[-+0-9.e]+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy

/**
 * Reads the text format of Prometheus, version 0.0.4.
 * @throws Error when a line is none, a family is told twice or in pieces, or a sample belongs to no family
 */
export function parseScrape(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, ScrapedFamily & { readonly samples: ScrapedSample[] }>()
  let current: (ScrapedFamily & { readonly samples: ScrapedSample[] }) | undefined
  let help: readonly string[] | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, helpName, helpText = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
    const [, typeName, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? []
    if (helpName !== undefined) help = [helpName, helpText]
    else if (typeName !== undefined) {
      if (help?.[0] !== typeName) throw new Error(`no help before ${typeName}`)
      if (families.has(typeName)) throw new Error(`${typeName} is told twice`)
      current = { name: typeName, help: help[1] ?? '', type, samples: [] }
      families.set(typeName, current)
    } else current?.samples.push(parseSample(line, current))
  }
  const all = [...families.values()].flatMap(family => family.samples)
  return {
    text,
    families,
    value: (name, labels = {}) =>
      all.find(
        one =>
          one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      )?.value,
  }
}

function parseSample(line: string, family: ScrapedFamily): ScrapedSample {
  const [, name = '', written = '', value = ''] = SAMPLE.exec(line) ?? []
  const suffix = name.startsWith(family.name) ? name.slice(family.name.length) : undefined
  const fits = family.type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/
  if (suffix === undefined || !fits.test(suffix)) throw new Error(`not a sample of ${family.name}: ${line}`)
  const labels: Record<string, string> = {}
  let read = 0
  for (const [whole, label = '', text = ''] of written.matchAll(LABEL)) {
    if (label in labels) throw new Error(`a label stands twice: ${line}`)
    labels[label] = text.replace(/\\(["\\n])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
    read += whole.length
  }
  if (read !== written.length) throw new Error(`labels that cannot be read: ${line}`)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}
