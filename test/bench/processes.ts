import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'

/** Two cores and `taskset`: the subject gets the first core alone, everything else shares the second. */
export const pinning = cpus().length >= 2 && spawnSync('taskset', ['--version']).error === undefined

const started: ChildProcess[] = []

/** The core on which a process runs. */
type Core = 'subject' | 'others'

function pin(pid: number, core: Core): void {
  if (pinning) spawnSync('taskset', ['-a', '-c', '-p', core === 'subject' ? '0' : '1', String(pid)])
}

/** Pins this process, which makes the load. */
export function pinLoad(): void {
  pin(process.pid, 'others')
}

/** A child, and the port that it listens on. */
export interface Listening {
  readonly child: ChildProcess
  readonly port: number
}

/** Starts a module of this folder that sends its port as its first message. */
export async function startModule(
  name: string,
  core: Core,
  words: readonly string[] = [],
): Promise<Listening> {
  const child = fork(new URL(`./${name}.js`, import.meta.url), words)
  started.push(child)
  const [port] = (await Promise.race([once(child, 'message'), failure(child, name)])) as [number]
  pin(pidOf(child), core)
  return { child, port }
}

/** Starts a program and waits until something answers at `url`, 15 s at most. What it prints on stdout is dropped. */
export async function startProgram(
  command: string,
  words: readonly string[],
  url: string,
): Promise<ChildProcess> {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  started.push(child)
  await Promise.race([answers(url), failure(child, command)])
  pin(pidOf(child), 'subject')
  return child
}

/** Ends every child that was started, and waits for that. */
export async function endAll(): Promise<void> {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
}

/** The id of a child that was started. */
export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the program could not be started')
  return child.pid
}

async function failure(child: ChildProcess, name: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`${name} ended with ${code ?? 'a signal'} instead of listening`)
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + 15_000
  for (;;) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}
