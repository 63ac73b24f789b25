import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Clock } from '../../src/clock.js'
import { createGateway } from '../../src/gateway.js'
import { loadConfig } from '../../src/config/load-config.js'
import { formatProblem } from '../../src/documents/problem.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js'
import { usersYaml } from './demo-users.js'
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

/** What a gateway of a test is started with. */
export interface TestGatewayOptions {
  /** The text of gateway.yaml. Default: `mixedPolicy()` in front of `upstream`. */
  readonly yaml?: string
  /** The app's address, for the default policy. */
  readonly upstream?: string
  /** The text of users.yaml. Default: the demo users. */
  readonly users?: string
  /** Serves https by itself, as in production (default). False: plain http. */
  readonly tls?: boolean
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
export async function startGateway(t: Test, options: TestGatewayOptions): Promise<TestGateway> {
  const folder = t.testdir({
    'gateway.yaml': options.yaml ?? mixedPolicy(options.upstream ?? 'http://127.0.0.1:1'),
    'users.yaml': options.users ?? (await usersYaml()),
  })
  const clock = testClock()
  const logLines: string[] = []
  const loaded = loadConfig(join(folder, 'gateway.yaml'), {
    readFile: path => readFileSync(path, 'utf8'),
    env: {},
    now: clock.now(),
  })
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const store = createMemoryStore({ now: clock.now })
  const tls = options.tls ?? true
  const gateway = await createGateway({
    config: {
      ...loaded.config,
      listen: { host: '127.0.0.1', port: 0 },
      tls: tls ? { cert: TEST_CERTIFICATE, key: TEST_KEY } : undefined,
    },
    store,
    secrets: [randomBytes(32).toString('base64url')],
    now: clock.now,
    random: randomBytes,
    log: line => logLines.push(line),
  })
  const { port } = await gateway.listen()
  let closing: Promise<void> | undefined
  const close = () => (closing ??= gateway.close())
  t.teardown(close)
  return { port, tls, clock, usersFile: join(folder, 'users.yaml'), logLines, close }
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
