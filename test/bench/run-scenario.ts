import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured } from './compare.js'
import type { BenchOptions } from './options.js'
import { endAll, startModule } from './processes.js'
import {
  type Comparison,
  type House,
  type Measure,
  type Reading,
  type RoundOptions,
  type Scenario,
  type SubjectKind,
  USUAL_ROUNDS,
} from './scenario.js'

/** What changes by less than this share from one measurement to the next is warm. */
const SETTLED = 0.1
/** On a machine with other work it may never settle. */
const MOST_WARM_UPS = 6

/** A scenario that was run. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly compared: readonly ComparisonResult[]
  /** Each subject, with all of its starts. */
  readonly measured: readonly Measured[]
  /** Names of subjects that this machine does not have. */
  readonly missing: readonly string[]
}

/** A comparison that was made. */
export interface ComparisonResult {
  readonly comparison: Comparison
  /** Its two subjects, which had the machine for themselves. */
  readonly measured: readonly Measured[]
}

/**
 * Measures the two subjects of each comparison in turn, after several starts of both; nobody else runs then. Subjects
 * that are not compared are measured alone.
 * @param folder where their files go; taken away at the end
 * @param tell told of each step
 */
export async function runScenario(
  scenario: Scenario,
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<ScenarioResult> {
  const { subjects, comparisons } = scenario
  const wanted = subjects.filter(({ name }) => options.only?.includes(name) ?? true)
  const here = wanted.filter(({ isHere }) => isHere?.() ?? true)
  const missing = wanted.filter(kind => !here.includes(kind)).map(({ name }) => name)
  for (const name of missing) tell(`${name}: not installed here, left out`)
  const pairs = comparisons
    .map(comparison => ({
      comparison,
      pair: here.filter(({ name }) => name === comparison.of || name === comparison.against),
    }))
    .filter(({ pair }) => pair.length === 2)
  const alone = here.filter(kind => !pairs.some(({ pair }) => pair.includes(kind)))
  const measureSet = (set: readonly SubjectKind<Measure>[], number: number): Promise<readonly Measured[]> =>
    runStarts({ ...scenario, subjects: set }, join(folder, `${scenario.name}-${number}`), options, step =>
      tell(`${number} of ${pairs.length + alone.length}, ${step}`),
    )
  const compared: ComparisonResult[] = []
  for (const [at, { comparison, pair }] of pairs.entries())
    compared.push({ comparison, measured: await measureSet(pair, at + 1) })
  const others: Measured[] = []
  for (const [at, kind] of alone.entries()) others.push(...(await measureSet([kind], pairs.length + at + 1)))
  const sets = [...compared.flatMap(({ measured }) => measured), ...others]
  const measured = here.map(({ name, title }) => ({
    name,
    title,
    starts: sets.filter(own => own.name === name).flatMap(({ starts }) => starts),
  }))
  return { scenario, compared, measured, missing }
}

/** Starts the subjects of a scenario, warms them up, measures them in turn, and ends them; and that several times. */
async function runStarts(
  scenario: Scenario,
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<readonly Measured[]> {
  const { subjects } = scenario
  const measured = subjects.map(({ name, title }) => ({ name, title, starts: [] as Reading[][] }))
  for (let start = 1; start <= options.starts; start += 1) {
    const found = await runOnce(
      { ...scenario, subjects: turned(subjects, start - 1) },
      `${folder}-${start}`,
      options,
      step => tell(`start ${start} of ${options.starts}: ${step}`),
    )
    for (const { name, starts } of measured) starts.push(found.get(name) ?? [])
  }
  return measured
}

/** Whoever is started first has another place in memory: each is that once. */
function turned<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % Math.max(1, items.length)
  return [...items.slice(first), ...items.slice(0, first)]
}

/** @returns the readings of each subject, by its name */
async function runOnce(
  scenario: Scenario,
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<ReadonlyMap<string, Reading[]>> {
  const { rounds, seconds } = scenario.usual ?? USUAL_ROUNDS
  const ofRound = { ...options, rounds: options.rounds ?? rounds, seconds: options.seconds ?? seconds }
  mkdirSync(folder)
  try {
    const upstream = await startModule('upstream-process', 'others')
    const house: House = { folder, upstreamPort: upstream.port, options }
    const running: { readonly name: string; readonly measure: Measure; readonly readings: Reading[] }[] = []
    for (const { name, start } of scenario.subjects) {
      tell(`starting ${name}`)
      const measure = await named(name, start(house))
      await named(name, warm(measure, scenario, ofRound))
      running.push({ name, measure, readings: [] })
    }
    for (let round = 1; round <= ofRound.rounds; round += 1) {
      // There and back again, so that nobody always comes after the same one.
      for (const { name, measure, readings } of round % 2 === 1 ? running : running.toReversed()) {
        const reading = await named(name, measure(ofRound))
        readings.push(reading)
        tell(`round ${round} of ${ofRound.rounds}: ${name} ${inWords(scenario, reading)}`)
      }
    }
    return new Map(running.map(({ name, readings }) => [name, readings]))
  } finally {
    await endAll()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Measures until the compiler is done with what is measured later: half the time for warming up, and again. */
async function warm(
  measure: Measure,
  { columns: [{ key }] }: Scenario,
  options: RoundOptions,
): Promise<void> {
  const half = { ...options, seconds: options.warmUp / 2 }
  let last = (await measure(half))[key] ?? 0
  for (let time = 1; time < MOST_WARM_UPS; time += 1) {
    const next = (await measure(half))[key] ?? 0
    if (Math.abs(next - last) <= last * SETTLED) return
    last = next
  }
}

function inWords({ columns }: Scenario, reading: Reading): string {
  return columns
    .flatMap(({ key, title, digits }) => {
      const value = reading[key]
      return value === undefined ? [] : [`${title} ${value.toFixed(digits)}`]
    })
    .join(', ')
}

async function named<T>(name: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
}
