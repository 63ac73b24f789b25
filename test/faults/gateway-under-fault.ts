import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Scope } from '../harness/scope.js'

/** A gateway in a process of its own, to which everything can happen. */
export interface GatewayUnderFault {
  /** The configuration file. */
  readonly file: string
  /** Starts it, and waits until it listens. */
  readonly start: () => Promise<void>
  /** Starts it, and waits until it has ended again, because it cannot start. */
  readonly startInVain: () => Promise<void>
  /** Sends a signal that does not end it. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Sends a signal and waits for its end. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>
  /** The processes of its workers that are there now. */
  readonly workers: () => readonly number[]
  /** Sets a limit of the process by prlimit; `undefined` gives it back as much as it may have. */
  readonly limit: (what: 'nofile' | 'fsize', most: number | undefined) => void
  /** Runs another command on its configuration. */
  readonly command: (...words: string[]) => Promise<unknown>
  /** What it wrote, in all its lives. */
  readonly output: () => string
  /** How often it ended without having been told to, and errors that nobody caught. */
  readonly unhandled: () => readonly string[]
}

/** The command as `npm run build` made it, from the root of the tree; `FAULT_DIST` names another folder. */
const GATEHOUSE = resolve(process.env.FAULT_DIST ?? 'dist', 'main.js')

/** How long a process may take to start or to end on a busy machine, in milliseconds. */
const PATIENCE = 60_000

const run = promisify(execFile)

/** Without what tap puts into every process of Node, which would double the time to start. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}

async function waitUntil(holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!holds()) {
    if (performance.now() > end) throw new Error('a gateway neither listened nor ended in time')
    await sleep(20)
  }
}

/**
 * Makes one that is not started yet. `nodeOptions` come before the words of the command.
 * @param workers how many it has; undefined: it is one process
 */
export function createGatewayUnderFault(
  scope: Scope,
  file: string,
  nodeOptions: readonly string[],
  workers?: number,
): GatewayUnderFault {
  if (!existsSync(GATEHOUSE)) throw new Error(`${GATEHOUSE} is not there: run "npm run build" first`)
  let child: ChildProcess | undefined
  let output = ''
  let lives = 0
  const unhandled: string[] = []
  let isTold = false

  function launch(): ChildProcess {
    const env = plainEnvironment()
    const crew = workers === undefined ? [] : ['--workers', String(workers)]
    const words = [...nodeOptions, GATEHOUSE, 'serve', '--config', file, ...crew]
    const launched = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [launched.stdout, launched.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    launched.on('exit', (code, signal) => {
      if (!isTold) unhandled.push(`ended by itself: ${code ?? signal ?? 'nobody knows how'}`)
    })
    isTold = false
    child = launched
    return launched
  }
  const hasEnded = (): boolean => child?.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    isTold = true
    if (hasEnded()) return
    child?.kill(signal)
    await waitUntil(hasEnded)
  }
  scope.teardown(() => end('SIGKILL'))
  return {
    file,
    start: async () => {
      launch()
      lives++
      const listens = (): number => output.split('Gatehouse listens on ').length - 1
      const before = listens()
      await waitUntil(() => listens() > before || hasEnded())
      if (hasEnded()) throw new Error(`${file}: life ${lives} ended at its start\n${output.slice(-2_000)}`)
    },
    startInVain: async () => {
      launch()
      isTold = true
      await waitUntil(hasEnded)
    },
    signal: signal => void child?.kill(signal),
    end,
    workers: () => {
      const pid = child?.pid ?? 0
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    },
    limit: (what, most) => {
      const prlimit = (...words: string[]): string =>
        execFileSync('prlimit', ['--pid', String(child?.pid), ...words], { encoding: 'utf8' }).trim()
      const soft = most ?? prlimit(`--${what}`, '--output', 'HARD', '--noheadings', '--raw')
      prlimit(`--${what}=${soft}:`)
    },
    command: (...words) =>
      run(process.execPath, [...nodeOptions, GATEHOUSE, ...words, '--config', file], {
        env: plainEnvironment(),
      }),
    output: () => output,
    unhandled: () => [
      ...unhandled,
      ...output.split('\n').filter(line => /nobody caught|UnhandledPromise|Uncaught/.test(line)),
    ],
  }
}
