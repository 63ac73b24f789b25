import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash } from '@node-rs/argon2'
import { answersAt, ask } from '../asking.js'
import { freePort } from '../free-port.js'
import { type Core, startProgram } from '../processes.js'
import type { House, SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { logIn, type LoginMode } from './logging-in.js'

/** The built gateway, as users run it. */
const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
export const PASSWORD = 'a password for the bench'

/** Settings of `gateway.yaml`, by their keys. */
export type Settings = Readonly<Record<string, unknown>>

/** What is different about a gateway; everything is optional. */
export interface GatewaySetup {
  /** The folder of its files in that of the house. Default: gateway. */
  readonly name?: string
  /** Settings that replace those of `everythingOn()`; undefined takes one away. */
  readonly settings?: Settings
  /** Instead of Alice alone: whom the users file names. */
  readonly users?: Settings
  /** Further files beside `gateway.yaml`, by their names, for nobody else to read. */
  readonly files?: Readonly<Record<string, string>>
  /** Further words of `gatehouse serve`. */
  readonly words?: readonly string[]
  /** Default: subject. */
  readonly core?: Core
  /** What carries her login. Default: the session cookie. */
  readonly mode?: LoginMode
  /** What the app must be told of Alice before anything is measured. Default: her name and an assertion. */
  readonly tells?: readonly RegExp[]
}

/** A gateway in which Alice is logged in with password and second factor; the load carries that. */
export interface Gateway extends Subject {
  /** Scheme, host and port. */
  readonly origin: string
  /** Its `gateway.yaml`. */
  readonly file: string
}

/** The name of the user, and an assertion. */
const TOLD = [/^remote-user: alice\r$/im, /^gatehouse-assertion: ey/im]

/**
 * Starts the built gateway with everything on, logs Alice in over its API, and makes sure that the app is told who she
 * is before anything is measured.
 */
export async function startGateway(house: House, setup: GatewaySetup = {}): Promise<Gateway> {
  const { name = 'gateway', settings = {}, users = await alice(), words = [], core, tells = TOLD } = setup
  const folder = join(house.folder, name)
  mkdirSync(folder)
  const port = await freePort()
  const isSecure = settings.tls !== undefined
  const origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`
  const file = join(folder, 'gateway.yaml')
  // JSON is YAML.
  const all = { ...(await everythingOn(house)), public_url: origin, listen: `127.0.0.1:${port}`, ...settings }
  writeFileSync(file, JSON.stringify(all))
  const files = { 'users.yaml': JSON.stringify({ users }), ...setup.files }
  for (const [own, text] of Object.entries(files)) writeFileSync(join(folder, own), text, { mode: 0o600 })
  const { child, startedWithin } = await startProgram(
    process.execPath,
    [MAIN, 'serve', '--config', file, ...words],
    answersAt(`${origin}/auth/health/live`),
    core,
  )
  const headers = { host: `127.0.0.1:${port}`, ...(await logIn(origin, PASSWORD, setup.mode)) }
  const seen = await (await ask(`${origin}/seen`, { headers })).text()
  if (!tells.every(told => told.test(seen))) throw new Error(`the app was not told who is there:\n${seen}`)
  const target = {
    port,
    path: '/reports/2026',
    headers,
    ...(isSecure ? { protocol: 'https' as const } : {}),
  }
  return { children: [child], target, startedWithin, origin, file }
}

/**
 * The settings of a gateway with everything on that the bench measures: 41 routes with groups and second factor,
 * identity headers, the assertion, metrics, and the audit log in a file. The load asks for the last route.
 */
async function everythingOn({ upstreamPort }: House): Promise<Settings> {
  return {
    upstream: `http://127.0.0.1:${upstreamPort}`,
    store: { embedded: './data' },
    users: { file: 'users.yaml' },
    metrics: { listen: `127.0.0.1:${await freePort()}` },
    audit: { file: 'audit.jsonl' },
    routes: routes(41),
  }
}

/** So many routes, of which the load asks for the last: by `last`, or as usual. */
export function routes(count: number, last: Settings = {}): readonly Settings[] {
  const others = Array.from({ length: count - 1 }, (_, number) => ({
    path: `/team-${number}/**`,
    access: 'required',
    groups: [`team-${number}`, 'ops'],
  }))
  return [...others, { path: '/reports/**', access: 'required', groups: ['ops'], ...last }]
}

async function alice(): Promise<Settings> {
  return {
    alice: {
      displayname: 'Alice',
      email: 'alice@example.com',
      password: await hash(PASSWORD),
      groups: ['ops', 'readers', 'writers'],
    },
  }
}

/** A gateway as a subject; its folder has its name. */
export function gatewaySubject(name: string, title: string, setup: GatewaySetup = {}): SubjectKind<Gateway> {
  return { name, title, start: house => startGateway(house, { name, ...setup }) }
}

/**
 * Makes an API token of Alice's by the command line of a gateway that is running.
 * @param scope which routes it opens
 */
export function makeApiToken({ file }: Gateway, scope: string): string {
  const words = ['tokens', 'create', 'bench', '--scope', scope, '--user', 'alice', '--config', file]
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' })
  const token = /gh_\S+/.exec(stdout)?.[0]
  if (token === undefined) throw new Error(`no API token was made: ${stderr}`)
  return token
}
