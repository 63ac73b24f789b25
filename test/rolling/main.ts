import { runRolling } from './run-rolling.js'

/*
 * Restarts gateways one after the other in the middle of traffic, and counts the requests that failed. By "npm run
 * rolling".
 * ROLL_RESTARTS: how many, default 20. ROLL_GATEWAYS: default 3. ROLL_RATE: requests a second, default 100. ROLL_DELAY:
 * the setting shutdown_delay, default 2s; "none" leaves it out. FAULT_DIST: the folder of the built gateway, default
 * dist. Prints what was counted, as JSON. Exit code 1 when a request failed.
 */
const delay = process.env.ROLL_DELAY ?? '2s'
const outcome = await runRolling({
  restarts: Number(process.env.ROLL_RESTARTS ?? 20),
  gateways: Number(process.env.ROLL_GATEWAYS ?? 3),
  rate: Number(process.env.ROLL_RATE ?? 100),
  delay: delay === 'none' ? undefined : delay,
  webSockets: 6,
  stories: 0.5,
  tell: line => process.stderr.write(`${line}\n`),
})
const { failed, ...rest } = outcome
const requests = Object.values(outcome.sent).reduce((sum, count) => sum + count, 0)
for (const { what, why, sentAfter, failedAfter } of failed)
  process.stderr.write(
    `failed: ${what}, sent ${sentAfter} ms, failed ${failedAfter} ms after SIGTERM: ${why}\n`,
  )
process.stdout.write(`${JSON.stringify({ requests, failed: failed.length, ...rest }, null, 2)}\n`)
process.exitCode = failed.length > 0 || outcome.unhandled.length > 0 ? 1 : 0
