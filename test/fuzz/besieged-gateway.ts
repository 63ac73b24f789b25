import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  allWaysUsers,
  allWaysYaml,
  createAsk,
  LONG_PASSWORD,
  SESSION_COOKIE,
} from '../attacks/all-ways-gateway.js'
import { freePort } from '../bench/free-port.js'
import type { Secrets } from './hostile-headers.js'

/** A gateway in a process of its own, with every way in and secrets that are almost sent to it. */
export interface BesiegedGateway {
  readonly port: number
  readonly secrets: Secrets
  /** Memory that the process holds for itself, in MiB; 0 where the system does not tell. */
  readonly memory: () => number
  readonly close: () => Promise<void>
}

/** How long a command may take, in milliseconds, on a busy machine. */
const PATIENCE = 60_000

/** The command as `npm run build` has built it, for the test and for this program where it is compiled. */
const MAIN = ['../../dist/main.js', '../../../../dist/main.js']
  .map(path => fileURLToPath(new URL(path, import.meta.url)))
  .find(path => existsSync(path))

/**
 * Starts it in front of an app.
 * @param onFault is told when it ends by itself, logs an error, or writes what is no log line
 */
export async function startBesieged(
  upstream: string,
  onFault: (fault: string) => void,
): Promise<BesiegedGateway> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-fuzz-'))
  const config = join(folder, 'gateway.yaml')
  writeFileSync(
    config,
    allWaysYaml(upstream, `listen: 127.0.0.1:${port}\nstore: { embedded: ./data }\nshutdown_timeout: 1s\n`),
  )
  writeFileSync(join(folder, 'users.yaml'), await allWaysUsers(), { mode: 0o600 })
  const gateway = gatehouse(['serve', '--config', config])
  let isEnding = false
  let heard = ''
  let isReady = false
  gateway.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (heard + text).split('\n')
    heard = lines.pop() ?? ''
    for (const line of lines) judgeLine(line, onFault)
  })
  gateway.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (isReady) onFault(`the gateway wrote ${text.slice(0, 1_500)}`)
    isReady ||= text.includes('Gatehouse listens on ')
  })
  const ended = new Promise<void>(resolve => {
    gateway.once('close', (code, signal) => {
      if (!isEnding) onFault(`the gateway ended by itself: ${String(signal ?? code)}`)
      isEnding = true
      resolve()
    })
  })
  const close = async (): Promise<void> => {
    isEnding = true
    gateway.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await waitFor('the gateway listens', () => isReady)
    return { port, secrets: await secretsOf(port, config), memory: () => memoryOf(gateway.pid ?? 0), close }
  } catch (error) {
    await close()
    throw error
  }
}

function gatehouse(words: readonly string[]): ChildProcess {
  if (MAIN === undefined) throw new Error('the gateway is not built: run "npm run build" first')
  const env = { ...process.env, NODE_OPTIONS: '' }
  return spawn(process.execPath, ['--unhandled-rejections=strict', MAIN, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A half login in both modes, and a token of a program. */
async function secretsOf(port: number, config: string): Promise<Secrets> {
  const ask = createAsk(port)
  const known = { username: 'alice', password: LONG_PASSWORD }
  const inCookie = await ask('/auth/login', { json: known })
  const inTokens = await ask('/auth/login', { json: { ...known, mode: 'token' } })
  const command = gatehouse([
    'tokens',
    'create',
    'calendars',
    '--scope',
    'calendar',
    '--expires',
    '1d',
    '--config',
    config,
  ])
  let output = ''
  command.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  await waitFor('a token is made', () => command.exitCode !== null && output.endsWith('\n'))
  const secrets = {
    session: inCookie.cookie(SESSION_COOKIE),
    challenge: String(inCookie.json.challenge),
    accessToken: String(inTokens.json.access_token),
    // Nobody has finished a login, so that there is none; the shape is enough.
    refreshToken: `ghrt_${'A'.repeat(43)}`,
    apiToken: output.trim(),
  }
  if (secrets.session === '' || secrets.accessToken.split('.').length !== 3)
    throw new Error(`no login: ${inTokens.text}`)
  return secrets
}

/** Log lines are JSON; above a warning there is nothing that a client may bring about. */
function judgeLine(line: string, onFault: (fault: string) => void): void {
  if (line === '') return
  try {
    const { level } = JSON.parse(line) as { readonly level?: unknown }
    if (typeof level === 'number' && level >= 50) onFault(`the gateway logged ${line.slice(0, 800)}`)
  } catch {
    onFault(`a log line is no JSON: ${line.slice(0, 300)}`)
  }
}

/** Without the pages of the store's file, which the system may take back. */
function memoryOf(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

async function waitFor(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE; !holds();) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
