import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The built command; `npm test` builds it before the tests. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** A command as it runs in a process of its own. */
export interface RunningCommand {
  readonly process: ChildProcess
  readonly written: { out: string; err: string }
  /** Resolves when it has ended: the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** Starts a program in a folder; what is left of it ends with the test. */
export function start(
  t: Test,
  cwd: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  // Without what tap gives to its own processes: this is the command as people run it.
  const child = spawn(program, args, { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } })
  const written = { out: '', err: '' }
  child.stdout.on('data', (piece: Buffer) => (written.out += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (written.err += piece.toString()))
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1))
  })
  t.teardown(() => child.kill('SIGKILL'))
  return { process: child, written, ended }
}

/** Starts a gatehouse command. */
export function gatehouse(t: Test, cwd: string, ...args: readonly string[]): RunningCommand {
  if (!existsSync(MAIN)) throw new Error('dist/ is not there: run "npm run build" first')
  return start(t, cwd, process.execPath, [MAIN, ...args])
}

/** Runs a gatehouse command to its end. */
export async function runGatehouse(
  t: Test,
  cwd: string,
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number | NodeJS.Signals; readonly out: string; readonly err: string }> {
  const running = gatehouse(t, cwd, ...args)
  running.process.stdin?.end(input)
  const code = await running.ended
  return { code, ...running.written }
}

/** Waits until something is so, looking often; throws when it is not within the time (milliseconds). */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  within = 20_000,
): Promise<void> {
  const end = Date.now() + within
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}`)
    await setTimeout(25)
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Whether an address answers with this status. */
export async function answers(url: string, status: number): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === status
  } catch {
    return false
  }
}
