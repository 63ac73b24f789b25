#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { systemClock } from './clock.js'
import type { CliIo } from './cli/cli-io.js'
import { runCommand } from './cli/commands.js'
import { ask, askSecret, closeInput } from './cli/ask.js'

/** A second signal this soon is the first one again: npm and timeout pass on what the whole group got already. */
const SAME_SIGNAL = 1_000

/** Resolves at the first SIGINT or SIGTERM. A later one ends the process at once, for those who will not wait. */
function untilStopped(): Promise<void> {
  return new Promise(resolve => {
    let first: number | undefined
    const stop = (): void => {
      first ??= systemClock()
      if (systemClock() - first > SAME_SIGNAL) process.exit(1)
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

const io: CliIo = {
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  readFile: path => readFileSync(path, 'utf8'),
  writeFile: (path, text, mode) => writeFileSync(path, text, { mode, flag: 'wx' }),
  ask,
  askSecret,
  untilStopped,
  onHangup: listener => void process.on('SIGHUP', listener),
  env: process.env,
  now: systemClock,
  random: randomBytes,
  isTTY: process.stdout.isTTY,
  asksPerson: process.stdin.isTTY,
  cwd: process.cwd(),
}

// Whoever reads the output may go away (a closed pipe); that ends neither a gateway nor its cleaning up.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
// Files that the gateway makes are its own alone: stores, secrets, users.
process.umask(0o077)
process.exitCode = await runCommand(process.argv.slice(2), io)
closeInput()
