import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Two cores and `taskset`: the subject gets the first core alone, everything else shares the second. */
export const pinning = cpus().length >= 2 && spawnSync('taskset', ['--version']).error === undefined

/** A process that does not end when it is told gets this long, in milliseconds. */
const PATIENCE = 10_000
/** Nothing takes longer to start, in milliseconds. */
const STARTS_WITHIN = 60_000

const started: ChildProcess[] = []
let isOver = false

/** The core on which a process and its children run; `any`: each of them. */
export type Core = 'subject' | 'others' | 'any'

/** Pins this process, which makes the load. */
export function pinLoad(): void {
  if (pinning) spawnSync('taskset', ['-a', '-c', '-p', coresOf('others'), String(process.pid)])
}

/** A child, and the milliseconds from its start until it answered. */
export interface Answering {
  readonly child: ChildProcess
  readonly startedWithin: number
}

/** A child, and the port that it listens on. */
export interface Listening extends Answering {
  readonly port: number
}

/** Starts a module of this folder that sends its port as its first message. */
export async function startModule(
  name: string,
  core: Core,
  words: readonly string[] = [],
): Promise<Listening> {
  const module = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const begun = performance.now()
  const child = startChild(
    core,
    process.execPath,
    [module, ...words],
    ['ignore', 'inherit', 'inherit', 'ipc'],
  )
  const [port] = (await Promise.race([once(child, 'message'), failure(child, name)])) as [number]
  return { child, port, startedWithin: performance.now() - begun }
}

/**
 * Starts a program and waits until it answers, 60 s at most. What it prints on stdout is dropped.
 * @param isUp whether it answers; what throws says that it does not
 */
export async function startProgram(
  command: string,
  words: readonly string[],
  isUp: () => Promise<boolean>,
  core: Core = 'subject',
): Promise<Answering> {
  const begun = performance.now()
  const child = startChild(core, command, words, ['ignore', 'ignore', 'inherit'])
  await Promise.race([untilUp(isUp), failure(child, command)])
  return { child, startedWithin: performance.now() - begun }
}

/** Ends children, and waits for that. What does not end is killed. */
export async function endChildren(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async child => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
      await exited
      clearTimeout(killer)
    }),
  )
}

/** Ends every child that was started, the last one first, and waits for that. */
export async function endAll(): Promise<void> {
  await endChildren(started.splice(0).reverse())
}

/** Ends every child, and lets none be started from now on. */
export async function endForGood(): Promise<void> {
  isOver = true
  await endAll()
}

/** The id of a child that was started. */
export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the program could not be started')
  return child.pid
}

/** By `taskset` from its first instruction on, so that its threads and children are where it is. */
function startChild(
  core: Core,
  command: string,
  words: readonly string[],
  stdio: ('ignore' | 'inherit' | 'ipc')[],
): ChildProcess {
  if (isOver) throw new Error('everything has been ended')
  const child = pinning
    ? spawn('taskset', ['-c', coresOf(core), command, ...words], { stdio })
    : spawn(command, words, { stdio })
  started.push(child)
  return child
}

function coresOf(core: Core): string {
  return { subject: '0', others: '1', any: `0-${cpus().length - 1}` }[core]
}

async function failure(child: ChildProcess, name: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`${name} ended with ${code ?? 'a signal'} instead of listening`)
}

async function untilUp(isUp: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN
  while (!(await isUp().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('a program did not come up')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
