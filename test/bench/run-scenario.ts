import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured } from './compare.js'
import type { BenchOptions } from './options.js'
import { endAll, startModule } from './processes.js'
import {
  type House,
  type Measure,
  type Reading,
  type RoundOptions,
  type Scenario,
  USUAL_ROUNDS,
} from './scenario.js'

/** What changes by less than this share from one measurement to the next is warm. */
const SETTLED = 0.1
/** On a machine with other work it may never settle. */
const MOST_WARM_UPS = 6

/** A scenario that was run. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly measured: readonly Measured[]
  /** Names of subjects that this machine does not have. */
  readonly missing: readonly string[]
}

/**
 * Starts the subjects of a scenario, warms them up, measures them in turn, and ends them; and that several times.
 * @param folder where their files go; taken away at the end
 * @param tell told of each step
 */
export async function runScenario(
  scenario: Scenario,
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<ScenarioResult> {
  const { only, starts } = options
  const wanted = scenario.subjects.filter(({ name }) => only?.includes(name) ?? true)
  const chosen = wanted.filter(({ isHere }) => isHere?.() ?? true)
  const missing = wanted.filter(kind => !chosen.includes(kind)).map(({ name }) => name)
  for (const name of missing) tell(`${name}: not installed here, left out`)
  const measured = chosen.map(({ name, title }) => ({ name, title, starts: [] as Reading[][] }))
  for (let start = 1; start <= starts; start += 1) {
    const found = await runOnce(
      { ...scenario, subjects: turned(chosen, start - 1) },
      join(folder, `${scenario.name}-${start}`),
      options,
      step => tell(`start ${start} of ${starts}: ${step}`),
    )
    for (const { name, starts } of measured) starts.push(found.get(name) ?? [])
  }
  return { scenario, measured, missing }
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
