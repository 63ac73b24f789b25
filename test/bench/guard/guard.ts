import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { CPU } from '../columns.js'
import { MOST_SPREAD, ratiosOf, summarise } from '../compare.js'
import { measureRequests } from '../measures/requests.js'
import type { BenchOptions } from '../options.js'
import { runScenario } from '../run-scenario.js'
import { scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject } from '../subjects/gateway.js'
import { HTTP_PROXY } from '../subjects/node-proxy.js'
import { type Baseline, judge, type Place } from './judge.js'

const BASELINE = fileURLToPath(new URL('../../../test/bench/baseline.json', import.meta.url))

const COMPARISON = { of: 'gateway', against: HTTP_PROXY.name, column: CPU }

const GUARDED = scenario<Subject>({
  name: 'guard',
  title: 'The gateway beside the bare plug-in',
  columns: [CPU],
  measure: measureRequests,
  subjects: [HTTP_PROXY, gatewaySubject('gateway', 'Gatehouse, everything on')],
  comparisons: [COMPARISON],
})

/**
 * Tells whether the gateway costs more, beside the bare plug-in, than was recorded. What is worse is measured once
 * more: it must be worse both times. What is too noisy to judge is told, and is not worse.
 * @returns true: it is not worse, as far as could be judged
 */
export async function guard(
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<boolean> {
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline
  for (const attempt of ['first', 'second']) {
    const judgement = judge(await ratios(folder, options, tell), baseline, here())
    const recorded = `recorded: ${baseline.ratio.toFixed(3)} ± ${(baseline.spread * 50).toFixed(0)} %`
    if (judgement.kind === 'too noisy') {
      tell(`too noisy to judge: starts disagree by ${Math.round(judgement.spread * 100)} % (${recorded})`)
      return true
    }
    const { kind, ratio, limit } = judgement
    tell(`gateway / http-proxy: ${ratio.toFixed(3)}, ${kind} (at most ${limit.toFixed(3)}; ${recorded})`)
    if (kind === 'as before') return true
    if (attempt === 'first') tell('measuring once more')
  }
  return false
}

/** Writes what the guard compares with. Rejects when the starts disagree too much for that. */
export async function record(
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<void> {
  const { value: ratio, spread } = summarise(await ratios(folder, options, tell))
  if (spread > MOST_SPREAD)
    throw new Error(`too noisy to record: starts disagree by ${Math.round(spread * 100)} %`)
  const baseline: Baseline = { ratio: rounded(ratio), spread: rounded(spread), ...here() }
  writeFileSync(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`)
  tell(`recorded: gateway / http-proxy ${baseline.ratio} ± ${(spread * 50).toFixed(0)} %`)
}

/** One ratio for each start. */
async function ratios(
  folder: string,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<readonly number[]> {
  const { measured } = await runScenario(GUARDED, folder, options, () => undefined)
  const found = ratiosOf(COMPARISON, measured)
  tell(`gateway / http-proxy, start by start: ${found.map(ratio => ratio.toFixed(3)).join(', ')}`)
  return found
}

function here(): Place {
  return {
    node: process.versions.node.split('.')[0] ?? '',
    processor: cpus()[0]?.model ?? 'unknown processor',
  }
}

function rounded(number: number): number {
  return Math.round(number * 1000) / 1000
}
