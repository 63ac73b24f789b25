import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { freePort } from '../bench/free-port.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { usersYaml } from '../harness/demo-users.js'
import type { TestClock, TestGateway } from '../harness/gateway.js'
import type { MovableClock } from './movable-clock.js'
import { startRoundRobin } from './round-robin.js'
import { HOUSE, houseStore, SECRET } from './house.js'

/** The command as `npm run build` made it. */
const GATEHOUSE = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** How long a program may take to start, in milliseconds, on a busy machine; several start at once. */
const PATIENCE = 20_000 * HOUSE.gateways

/** A program that runs beside the test. */
export interface Program {
  /** What it has written so far, both streams together. */
  readonly output: () => string
  /** Waits until it has written something that matches. Throws when it ends before that. */
  readonly says: (pattern: RegExp) => Promise<void>
  /** The exit code, or the signal, when it has ended by itself. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Sends the signal and waits for the end. Gives the exit code, or the signal when that was the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

/** Starts a program; it is killed when the test is over. */
export function runProgram(
  t: Test,
  file: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Program {
  const child: ChildProcess = spawn(file, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
    child.once('error', reject)
  })
  // Whoever waits hears of it; nobody has to.
  ended.catch(() => undefined)
  let output = ''
  let heard = (): void => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      heard()
    })
  }
  const end = (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    child.kill(signal)
    return ended
  }
  t.teardown(() => end('SIGKILL'))
  return {
    output: () => output,
    ended,
    says: pattern =>
      new Promise<void>((resolve, reject) => {
        const give = (why: string): void => reject(new Error(`${file} ${words.join(' ')}: ${why}\n${output}`))
        const timer = setTimeout(() => give(`has not said ${String(pattern)} in time`), PATIENCE)
        heard = () => {
          if (!pattern.test(output)) return
          clearTimeout(timer)
          resolve()
        }
        heard()
        ended.then(() => give('ended'), reject)
      }),
    end,
  }
}

/** What a command lives by. */
interface Surroundings {
  readonly env?: NodeJS.ProcessEnv
  /** Default: the machine's clock. */
  readonly clock?: MovableClock
}

/**
 * Runs a command of Gatehouse as users do: without what tap puts into every process of Node by NODE_OPTIONS, which
 * would double the time to start.
 */
export function runGatehouse(t: Test, words: readonly string[], { env, clock }: Surroundings = {}): Program {
  if (!existsSync(GATEHOUSE)) throw new Error(`${GATEHOUSE} is not there: run "npm run build" first`)
  const node = [process.execPath, ...(clock?.nodeOptions ?? [])]
  return runProgram(t, 'env', ['-u', 'NODE_OPTIONS', ...node, GATEHOUSE, ...words], env)
}

/** A folder with the files of a gateway, and the port under which people reach it. */
export interface Installation {
  readonly folder: string
  readonly port: number
  /** The configuration of each process. They differ in the port at which they listen. */
  readonly files: readonly string[]
  readonly tls: boolean
  /** What people type into their browser, without a trailing slash. */
  readonly origin: string
}

/** What an installation is made of. */
export interface InstallationOptions {
  /** The app's address. */
  readonly upstream: string
  /** Further lines of gateway.yaml: routes, headers. */
  readonly more?: string
  /** The text of users.yaml. Default: the demo users. */
  readonly users?: string
  /** Serves https by itself (default), with the certificate of the tests. */
  readonly tls?: boolean
}

/** Writes gateway.yaml and what it names, for `https://localhost` on a free port, with the store of the house. */
export async function installGateway(t: Test, options: InstallationOptions): Promise<Installation> {
  const { upstream, more = '', tls = true } = options
  const port = await freePort()
  const origin = `${tls ? 'https' : 'http'}://localhost:${port}`
  const store = await houseStore(t)
  const ports = [port]
  if (HOUSE.gateways > 1) {
    for (let index = 0; index < HOUSE.gateways; index++) ports[index] = await freePort()
    await startRoundRobin(t, port, ports, tls)
  }
  const files = ports.map((_, index) => (index === 0 ? 'gateway.yaml' : `gateway-${index + 1}.yaml`))
  const yaml = (listen: number): string => `public_url: ${origin}
listen: 127.0.0.1:${listen}
${tls ? 'tls: { cert: tls.crt, key: tls.key }' : ''}
upstream: ${upstream}
users: { file: users.yaml }
${store}
shutdown_timeout: 1s
${more}`
  const folder = t.testdir({
    ...Object.fromEntries(files.map((file, index) => [file, yaml(ports[index] ?? port)])),
    'users.yaml': options.users ?? (await usersYaml()),
    'tls.crt': TEST_CERTIFICATE,
    'tls.key': TEST_KEY,
    secret: SECRET,
  })
  return { folder, port, files, tls, origin }
}

/** A gateway in a process of its own, or several behind one port. */
export interface GatewayProcess extends TestGateway {
  readonly origin: string
  /** What people write after `https://`: the host with its port. */
  readonly host: string
  readonly program: Program
}

/** Time as it is; nobody can move it. */
const machineClock: TestClock = {
  now: () => Date.now(),
  advance: () => {
    throw new Error('this gateway keeps the time of the machine')
  },
}

/** Runs `gatehouse serve` on an installation, and waits until it listens. */
export async function serveGateway(
  t: Test,
  installation: Installation,
  surroundings: Surroundings = {},
): Promise<GatewayProcess> {
  const { folder, port, tls, origin } = installation
  const programs = installation.files.map(file =>
    runGatehouse(t, ['serve', '--config', `${folder}/${file}`], surroundings),
  )
  for (const program of programs) await program.says(/^Gatehouse listens on /m)
  const program = asOne(programs)
  return {
    port,
    tls,
    origin,
    host: new URL(origin).host,
    program,
    usersFile: `${folder}/users.yaml`,
    get logLines() {
      return program.output().split('\n')
    },
    clock: surroundings.clock ?? machineClock,
    close: async () => {
      await program.end('SIGTERM')
    },
  }
}

/** Several programs as one: what each says is said, and a signal is for all. */
function asOne(programs: readonly Program[]): Program {
  const [only] = programs
  if (only !== undefined && programs.length === 1) return only
  return {
    output: () => programs.map(({ output }) => output()).join(''),
    says: pattern => Promise.any(programs.map(({ says }) => says(pattern))),
    ended: Promise.race(programs.map(({ ended }) => ended)),
    end: async signal => {
      const ends = await Promise.all(programs.map(({ end }) => end(signal)))
      return ends.find(code => code !== 0) ?? 0
    },
  }
}
