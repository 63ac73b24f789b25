import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Clock } from '../../src/clock.js'
import { createGateway } from '../../src/gateway.js'
import { loadConfig, type LoadedConfig } from '../../src/config/load-config.js'
import { formatProblem } from '../../src/documents/problem.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import type { Store } from '../../src/store/store.js'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js'
import { usersYaml } from './demo-users.js'
import { sharedHasher } from './hasher.js'
import type { Door } from './raw-client.js'

/** The host name under which the gateway of a test is reached. The bytes go to 127.0.0.1 all the same. */
export const HOST = 'gw.example'

/** A clock that stands still until it is set. */
export interface TestClock {
  readonly now: Clock
  /** Moves the time by so many milliseconds; negative: back. */
  advance: (milliseconds: number) => void
}

/** A gateway that runs inside the test's process. */
export interface TestGateway extends Door {
  readonly clock: TestClock
  /** Absolute path of its users file. */
  readonly usersFile: string
  /** What it has logged so far, one line each. */
  readonly logLines: readonly string[]
  /** Ends it before the test's end. */
  close: () => Promise<void>
}

/** One whose store the test can look into. */
export interface OpenTestGateway extends TestGateway {
  /** What it keeps everything in. */
  readonly store: Store
  /** Absolute path of its gateway.yaml. */
  readonly configFile: string
  /** Makes it read its files now. */
  reload: () => void
}

/** What a gateway of a test is started with. */
export interface TestGatewayOptions {
  /** The text of gateway.yaml. Default: `mixedPolicy()` in front of `upstream`. */
  readonly yaml?: string
  /** The app's address, for the default policy. */
  readonly upstream?: string
  /** The text of next.yaml, for the setting `shadow`. Default: there is no such file. */
  readonly shadow?: string
  /** The text of users.yaml. Default: the demo users. */
  readonly users?: string
  /** Serves https by itself, as in production (default). False: plain http. `as_written`: with its own certificate. */
  readonly tls?: boolean | 'as_written'
  /** Lets clients speak HTTP/2, where it serves https by itself. Default: no. */
  readonly http2?: boolean
  /** Where it keeps what it knows. Default: a store in memory. */
  readonly store?: (now: Clock) => Store
  /** Default: a new one. */
  readonly secrets?: readonly string[]
  /** Gives random bytes. Default: the machine's. */
  readonly random?: (bytes: number) => Buffer
  /** How long requests on kept connections are taken at the end, in milliseconds. Default: 0. */
  readonly lastRequests?: number
}

/** A second and an hour in milliseconds, so that the tests read like the contract. */
export const SECOND = 1_000
export const HOUR = 3_600 * SECOND

/** Public files, an admin part that needs both factors, and a rest for which the password is enough. */
export function mixedPolicy(upstream: string, more = ''): string {
  return `public_url: https://${HOST}
upstream: ${upstream}
users: { file: users.yaml }
routes:
  - path: /public/**
    access: public
  - path: /admin/**
    access: required
  - path: /**
    access: bypassed
    reason: the rest of the test app asks for the password only
${more}`
}

/** Starts a gateway on a free port of 127.0.0.1 with a store in memory; it ends with the test. */
export async function startGateway(t: Test, options: TestGatewayOptions): Promise<OpenTestGateway> {
  const folder = t.testdir({
    'gateway.yaml': options.yaml ?? mixedPolicy(options.upstream ?? 'http://127.0.0.1:1'),
    'users.yaml': options.users ?? (await usersYaml()),
    ...(options.shadow === undefined ? {} : { 'next.yaml': options.shadow }),
  })
  const clock = testClock()
  const logLines: string[] = []
  const configFile = join(folder, 'gateway.yaml')
  const tls = options.tls ?? true
  const load = (file: string): LoadedConfig =>
    loadConfig(file, { readFile: path => readFileSync(path, 'utf8'), env: {}, now: clock.now() })
  const read = (): LoadedConfig => {
    const loaded = load(configFile)
    if (!loaded.ok) return loaded
    const onLoopback = {
      ...loaded.config,
      listen: { host: '127.0.0.1', port: 0 },
      tls:
        tls === 'as_written'
          ? loaded.config.tls
          : tls
            ? { cert: TEST_CERTIFICATE, key: TEST_KEY, http2: options.http2 }
            : undefined,
    }
    return { ...loaded, config: onLoopback }
  }
  const loaded = read()
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const store = options.store?.(clock.now) ?? createMemoryStore({ now: clock.now })
  const gateway = await createGateway({
    config: loaded.config,
    reread: read,
    readShadow: load,
    store,
    hasher: sharedHasher,
    secrets: options.secrets ?? [randomBytes(32).toString('base64url')],
    now: clock.now,
    random: options.random ?? randomBytes,
    lastRequests: options.lastRequests ?? 0,
    log: line => logLines.push(line),
  })
  const { port } = await gateway.listen()
  const reload = (): void => {
    gateway.reload()
  }
  let closing: Promise<void> | undefined
  const close = () => (closing ??= gateway.close())
  t.teardown(close)
  return {
    port,
    tls: tls !== false,
    clock,
    store,
    usersFile: join(folder, 'users.yaml'),
    logLines,
    configFile,
    reload,
    close,
  }
}

/** Starts at 2027-01-15 08:00 UTC, in the middle of a TOTP step. */
function testClock(): TestClock {
  let time = Date.UTC(2027, 0, 15, 8, 0, 10)
  return {
    now: () => time,
    advance: milliseconds => {
      time += milliseconds
    },
  }
}

/** Writes a new users file, as an operator does who adds somebody to a group. */
export function rewriteUsers(gateway: TestGateway, text: string): void {
  writeFileSync(gateway.usersFile, text)
}
