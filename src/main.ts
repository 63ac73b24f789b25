#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { systemClock } from './clock.js'
import type { CliIo } from './cli/cli-io.js'
import { runCommand } from './cli/commands.js'
import { ask, askSecret, closeInput } from './cli/ask.js'

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once, as without any handler. */
function untilStopped(): Promise<void> {
  return new Promise(resolve => {
    const stop = (): void => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
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
  env: process.env,
  now: systemClock,
  random: randomBytes,
  isTTY: process.stdout.isTTY,
  asksPerson: process.stdin.isTTY,
  cwd: process.cwd(),
}

// Files that the gateway makes are its own alone: stores, secrets, users.
process.umask(0o077)
process.exitCode = await runCommand(process.argv.slice(2), io)
closeInput()
