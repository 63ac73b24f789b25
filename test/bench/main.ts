// Measures the gateway as users run it beside its peers, in interleaved rounds:
//   npm run bench -- --scenario routes,post --starts 3
// Prints tables, and writes bench-results/bench.json and a chart of each scenario.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chart } from './chart.js'
import { compare } from './compare.js'
import { guard, record } from './guard/guard.js'
import { type BenchOptions, HELP, readTask } from './options.js'
import { endForGood, pinLoad } from './processes.js'
import { circumstances, report } from './report.js'
import { runScenario, type ScenarioResult } from './run-scenario.js'
import type { Scenario } from './scenario.js'
import { ALL_SCENARIOS } from './scenarios/all-scenarios.js'

const RESULTS = 'bench-results'

const task = readTask(process.argv.slice(2))
switch (task.kind) {
  case 'help':
    console.log(HELP)
    break
  case 'list':
    for (const { name, title, subjects } of ALL_SCENARIOS)
      console.log(`${name}: ${title}\n    ${subjects.map(subject => subject.name).join(', ')}`)
    break
  case 'guard':
    await inFolder(async folder => {
      if (!(await guard(folder, task.options, tell))) process.exitCode = 1
    })
    break
  case 'record':
    await inFolder(folder => record(folder, task.options, tell))
    break
  case 'run':
    await inFolder(folder => run(chosen(task.scenarios, task.options), folder, task.options))
}

/** Runs scenarios one after another. What is done is written even when a later one fails. */
async function run(scenarios: readonly Scenario[], folder: string, options: BenchOptions): Promise<void> {
  const results: ScenarioResult[] = []
  mkdirSync(RESULTS, { recursive: true })
  for (const [number, scenario] of scenarios.entries()) {
    tell(`scenario ${number + 1} of ${scenarios.length}: ${scenario.name}`)
    const result = await runScenario(scenario, folder, options, tell)
    results.push(result)
    console.log(report(result))
    writeFileSync(join(RESULTS, 'bench.json'), `${JSON.stringify(asJson(results, options), undefined, 2)}\n`)
    writeFileSync(join(RESULTS, `${scenario.name}.svg`), chart(result))
  }
  console.log(circumstances(options))
}

function chosen(names: readonly string[] | undefined, { only }: BenchOptions): readonly Scenario[] {
  const scenarios = ALL_SCENARIOS.filter(({ name }) => names?.includes(name) ?? true)
  mustKnow(
    'scenario',
    names,
    ALL_SCENARIOS.map(({ name }) => name),
  )
  mustKnow(
    'subject',
    only,
    scenarios.flatMap(({ subjects }) => subjects.map(({ name }) => name)),
  )
  return scenarios
}

function mustKnow(what: string, names: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = names?.find(name => !known.includes(name))
  if (unknown !== undefined)
    throw new Error(`there is no ${what} "${unknown}"; there are ${known.join(', ')}`)
}

function asJson(results: readonly ScenarioResult[], options: BenchOptions): object {
  return {
    circumstances: circumstances(options),
    options,
    scenarios: results.map(({ scenario: { name, title, columns }, compared, missing }) => ({
      name,
      title,
      columns,
      missing,
      compared: compared.map(({ comparison, measured }) => ({
        ...comparison,
        column: comparison.column.key,
        ...compare(comparison, measured),
        subjects: measured,
      })),
    })),
  }
}

/** Gives work a folder, and takes away the folder and every process afterwards, also when it is interrupted. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const leave = async (): Promise<void> => {
    await endForGood()
    rmSync(folder, { recursive: true, force: true })
  }
  const interrupted = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        tell(`${signal}: ending everything`)
        process.exitCode = 128 + constants.signals[signal]
        resolve()
      })
  })
  try {
    pinLoad()
    await Promise.race([work(folder), interrupted])
  } finally {
    await leave()
  }
  // Whatever is still being measured fails now, and has nobody to tell.
  process.exit()
}

/** Progress goes to the standard error, so that the tables alone can be kept. */
function tell(step: string): void {
  console.error(step)
}
