import { ALL_FAULTS } from './all-faults.js'
import { reportTable } from './report.js'
import { isBad, type Outcome, runFault } from './run-fault.js'

/*
 * Breaks everything around the gateway, one after the other, in the middle of traffic, and counts what goes wrong. From
 * the root of the tree, after "npm run build":
 *   npx tsc -p test/faults/tsconfig.json && node bench-results/faults/test/faults/main.js
 * FAULT_RATE: requests a second, default 500. FAULT_SECONDS: how long a fault lasts, default 5. FAULT_ONLY: a regular
 * expression for the names of those that are wanted. FAULT_DIST: the folder of the built gateway, default dist.
 * Prints the table. Exit code 1 when something happened that may never happen.
 */
const rate = Number(process.env.FAULT_RATE ?? 500)
const lasts = Number(process.env.FAULT_SECONDS ?? 5) * 1_000
const only = new RegExp(process.env.FAULT_ONLY ?? '')
const isRoot = process.getuid?.() === 0
const wanted = ALL_FAULTS.filter(({ name }) => only.test(name))

const outcomes: Outcome[] = []
let broken = 0
for (const fault of wanted) {
  if (fault.asRoot && !isRoot) {
    process.stderr.write(`${fault.name}: left out, only root can do this\n`)
    continue
  }
  process.stderr.write(`${fault.name}\n`)
  try {
    const outcome = await runFault(fault, { rate, before: 2_000, lasts, after: 2_000 })
    for (const trouble of new Set(outcome.unhandled)) process.stderr.write(`  ${trouble}\n`)
    process.stderr.write(`${reportTable([outcome]).split('\n').at(-1) ?? ''}\n`)
    outcomes.push(outcome)
  } catch (error) {
    broken++
    process.stderr.write(`  the run itself: ${String(error)}\n`)
  }
}
process.stdout.write(`${reportTable(outcomes)}\n`)
process.exitCode = broken > 0 || outcomes.some(isBad) ? 1 : 0
