#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from './clock.js'
import type { CliIo, OpenedFile } from './cli/cli-io.js'
import type { FileRights } from './config/lint/exposed-files.js'
import { runCommand } from './cli/commands.js'
import { ask, askSecret, closeInput } from './cli/ask.js'
import { clusterCrew, leaveCrew } from './cli/serve/cluster-crew.js'

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

/** Large pieces: a log of gigabytes is read in as few turns as possible. */
const PIECE = 1_048_576

function openFile(path: string): OpenedFile {
  if (path === '-') return { bytes: undefined, open: () => process.stdin }
  return { bytes: statSync(path).size, open: () => createReadStream(path, { highWaterMark: PIECE }) }
}

function rightsOf(path: string): FileRights | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  // Windows has no such bits.
  if (found === undefined || process.platform === 'win32') return undefined
  // Kubernetes swaps a volume behind links through a directory whose name begins with two dots.
  const inVolume = /\/\.\.[^/]/.test(realpathSync(path))
  return { mode: found.mode, isDirectory: found.isDirectory(), inVolume }
}

const io: CliIo = {
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  readFile: path => readFileSync(path, 'utf8'),
  openFile,
  rightsOf,
  writeFile: (path, text, mode) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode, flag: 'wx' })
  },
  ask,
  askSecret,
  untilStopped,
  onHangup: listener => void process.on('SIGHUP', listener),
  // A promise that nobody looks at comes here too, as Node's default has it.
  onUncaught: listener => void process.on('uncaughtException', listener),
  crew: clusterCrew,
  env: process.env,
  now: systemClock,
  random: randomBytes,
  isTTY: process.stdout.isTTY,
  errorIsTTY: process.stderr.isTTY,
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
leaveCrew()
