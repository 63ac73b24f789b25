import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured } from './compare.js'
import type { BenchOptions } from './options.js'
import { endAll, startModule } from './processes.js'
import type { House, Measure, Reading, Scenario } from './scenario.js'

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
 * Starts the subjects of a scenario, warms them up, measures them in turn, and ends them.
 * @param folder where their files go; taken away at the end
 * @param tell told of each step
 */
export async function runScenario(
  scenario: Scenario,
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<ScenarioResult> {
  const { only, rounds } = options
  const wanted = scenario.subjects.filter(({ name }) => only?.includes(name) ?? true)
  const chosen = wanted.filter(({ isHere }) => isHere?.() ?? true)
  const missing = wanted.filter(kind => !chosen.includes(kind)).map(({ name }) => name)
  for (const name of missing) tell(`${name}: not installed here, left out`)
  const own = join(folder, scenario.name)
  mkdirSync(own)
  try {
    const upstream = await startModule('upstream-process', 'others')
    const house: House = { folder: own, upstreamPort: upstream.port, options }
    const running: { readonly name: string; readonly measure: Measure; readonly rounds: Reading[] }[] = []
    for (const { name, start } of chosen) {
      tell(`starting ${name}`)
      const measure = await named(name, start(house))
      await named(name, warm(measure, scenario, options))
      running.push({ name, measure, rounds: [] })
    }
    for (let round = 1; round <= rounds; round += 1) {
      // There and back again, so that nobody always comes after the same one.
      for (const { name, measure, rounds: own } of round % 2 === 1 ? running : running.toReversed()) {
        const reading = await named(name, measure(options))
        own.push(reading)
        tell(`round ${round} of ${rounds}: ${name} ${inWords(scenario, reading)}`)
      }
    }
    const measured = chosen.map(({ name, title }, number) => ({
      name,
      title,
      rounds: running[number]?.rounds ?? [],
    }))
    return { scenario, measured, missing }
  } finally {
    await endAll()
    rmSync(own, { recursive: true, force: true })
  }
}

/** Measures until the compiler is done with what is measured later: half the time for warming up, and again. */
async function warm(
  measure: Measure,
  { columns: [{ key }] }: Scenario,
  options: BenchOptions,
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
