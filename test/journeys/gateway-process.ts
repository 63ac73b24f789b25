import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { freePort } from '../bench/free-port.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { usersYaml } from '../harness/demo-users.js'
import type { TestGateway } from '../harness/gateway.js'

/** The command as `npm run build` made it. */
const GATEHOUSE = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** How long a program may take to start, in milliseconds, on a busy machine. */
const PATIENCE = 20_000

/** A program that runs beside the test. */
export interface Program {
  /** What it has written so far, both streams together. */
  readonly output: () => string
  /** Waits until it has written something that matches. Throws when it ends before that. */
  readonly says: (pattern: RegExp) => Promise<void>
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

/**
 * Runs a command of Gatehouse as users do: without what tap puts into every process of Node by NODE_OPTIONS, which
 * would double the time to start.
 */
export function runGatehouse(t: Test, words: readonly string[], env?: NodeJS.ProcessEnv): Program {
  if (!existsSync(GATEHOUSE)) throw new Error(`${GATEHOUSE} is not there: run "npm run build" first`)
  return runProgram(t, 'env', ['-u', 'NODE_OPTIONS', process.execPath, GATEHOUSE, ...words], env)
}

/** A folder with the files of a gateway, and the port that they name. */
export interface Installation {
  readonly folder: string
  readonly port: number
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

/** Writes gateway.yaml and what it names, for `https://localhost` on a free port, with the embedded store. */
export async function installGateway(t: Test, options: InstallationOptions): Promise<Installation> {
  const { upstream, more = '', tls = true } = options
  const port = await freePort()
  const origin = `${tls ? 'https' : 'http'}://localhost:${port}`
  const folder = t.testdir({
    'gateway.yaml': `public_url: ${origin}
listen: 127.0.0.1:${port}
${tls ? 'tls: { cert: tls.crt, key: tls.key }' : ''}
upstream: ${upstream}
users: { file: users.yaml }
store: { embedded: ./data }
shutdown_timeout: 1s
${more}`,
    'users.yaml': options.users ?? (await usersYaml()),
    'tls.crt': TEST_CERTIFICATE,
    'tls.key': TEST_KEY,
  })
  return { folder, port, tls, origin }
}

/** A gateway in a process of its own, with the embedded store and the machine's clock. */
export interface GatewayProcess extends TestGateway {
  readonly origin: string
  /** What people write after `https://`: the host with its port. */
  readonly host: string
  readonly program: Program
}

/** Runs `gatehouse serve` on an installation, and waits until it listens. */
export async function serveGateway(t: Test, installation: Installation): Promise<GatewayProcess> {
  const { folder, port, tls, origin } = installation
  const program = runGatehouse(t, ['serve', '--config', `${folder}/gateway.yaml`])
  await program.says(/^Gatehouse listens on /m)
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
    clock: {
      now: () => Date.now(),
      advance: () => {
        throw new Error('a gateway in a process of its own keeps the time of the machine')
      },
    },
    close: async () => {
      await program.end('SIGTERM')
    },
  }
}
