import { grown } from './measure.js'
import { runSoak } from './run-soak.js'

/*
 * Has people log in, work and leave for a long time, and looks whether what the gateway holds returns to what it was.
 * By "npm run soak".
 * SOAK_SECONDS: how long, default 3600; a tenth of it comes before as the warm-up, 30 seconds at least. SOAK_VISITS:
 * visits a second, default 1. FAULT_DIST: the folder of the built gateway, default dist. Tells what it measured every
 * minute. Exit code 1 when anything is more than 5 % above its base, or a step went wrong.
 */
const seconds = Number(process.env.SOAK_SECONDS ?? 3_600)
const begun = performance.now()
const { base, end, counts, unhandled } = await runSoak({
  warmUp: Math.max(30, seconds / 10) * 1_000,
  lasts: seconds * 1_000,
  visits: Number(process.env.SOAK_VISITS ?? 1),
  every: 60_000,
  tell: holding =>
    process.stderr.write(`${Math.round((performance.now() - begun) / 1_000)} s ${JSON.stringify(holding)}\n`),
})
const tooMuch = grown(base, end, 0.05)
const wrong = Object.keys(counts).filter(step => step.includes(': '))
process.stdout.write(`${JSON.stringify({ seconds, base, end, counts, tooMuch, unhandled }, null, 2)}\n`)
process.exitCode = tooMuch.length + wrong.length + unhandled.length > 0 ? 1 : 0
