import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { PASSWORD, usersYaml } from '../harness/demo-users.js'
import { HOST, HOUR, startGateway, type OpenTestGateway, type TestGateway } from '../harness/gateway.js'
import { type Reply, roundTrip } from '../harness/person.js'
import { checkAgainstDescription } from './description.js'
import { createPhone } from './phone.js'

/** A program without cookies that speaks JSON. Each answer is held against what `openapi.json` says of it. */
export interface Program {
  /** Sent as Bearer with every request, once it is set. */
  bearer: string | undefined
  send(method: string, path: string, json?: unknown, headers?: OutgoingHttpHeaders): Promise<Reply>
  /** A POST below `/auth`. */
  post(path: string, json?: unknown, headers?: OutgoingHttpHeaders): Promise<Reply>
  get(path: string, headers?: OutgoingHttpHeaders): Promise<Reply>
  /** Logs in whole, with a password and the user's app, which is enrolled at the first time; keeps the access token. */
  logIn(user: string): Promise<Tokens>
}

/** A token answer, as clients read it. */
export interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
  readonly session_id: string
  readonly [name: string]: unknown
}

/** A new program. */
export function createProgram(gateway: TestGateway): Program {
  const program: Program = {
    bearer: undefined,
    send: async (method, path, json, headers = {}) => {
      const body = json === undefined ? undefined : JSON.stringify(json)
      const all = {
        Host: HOST,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(program.bearer === undefined ? {} : { Authorization: `Bearer ${program.bearer}` }),
        ...headers,
      }
      const reply = await roundTrip(gateway, method, path, all, body)
      await checkAgainstDescription(gateway, method, path, reply)
      return reply
    },
    post: (path, json = {}, headers) => program.send('POST', `/auth${path}`, json, headers),
    get: (path, headers) => program.send('GET', `/auth${path}`, undefined, headers),
    logIn: async user => {
      program.bearer = undefined
      const first = await program.post('/login', { username: user, password: PASSWORD, mode: 'token' })
      const { challenge, enrolment } = first.json as { challenge: string; enrolment?: { secret: string } }
      const code = createPhone(gateway, user, enrolment?.secret).code()
      const second = await program.post('/mfa/verify', { challenge, factor: 'totp', code })
      if (second.status !== 200) throw new Error(`${user}: ${first.text} ${second.text}`)
      const tokens = tokensOf(second)
      program.bearer = tokens.access_token
      return tokens
    },
  }
  return program
}

/** The tokens of an answer. */
export function tokensOf(reply: Reply): Tokens {
  return reply.json as Tokens
}

/** A member of an answer that is a text. */
export function textOf(reply: Reply, name: string): string {
  const value = reply.json[name]
  if (typeof value !== 'string') throw new Error(`no ${name} in: ${reply.status} ${reply.text}`)
  return value
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

/** A token of a machine with these scopes. */
export async function machineToken(gateway: OpenTestGateway, scopes: readonly string[]): Promise<string> {
  const { store, clock } = gateway
  const apiTokens = createApiTokens({ store, now: clock.now, random: randomBytes })
  const name = `machine-${randomBytes(4).toString('hex')}`
  const expiresAt = clock.now() + 24 * HOUR
  const made = await apiTokens.create({ name, owner: { kind: 'machine' }, scopes, expiresAt })
  if (made.outcome !== 'created') throw new Error(made.outcome)
  return made.token
}

/** A gateway that offers every way in and writes mails and text messages into files. */
export async function startOffice(
  t: Test,
  options: {
    readonly more?: string
    readonly factors?: string
    readonly upstream?: string
    readonly methods?: string
  } = {},
): Promise<OpenTestGateway> {
  const { more = '', factors = '[totp, webauthn, backup_code]', upstream = 'http://127.0.0.1:1' } = options
  const yaml = `public_url: https://${HOST}
upstream: ${upstream}
users: { file: users.yaml }
login: { methods: ${options.methods ?? '[password, passkey, email, sms, link]'} }
mail: { from: gate@app.example, file: mails.jsonl }
sms: { file: texts.jsonl }
mfa:
  factors: ${factors}
routes:
  - path: /half/**
    access: bypassed
    reason: the password is enough here
${more}`
  return startGateway(t, { yaml, users: await officeUsers() })
}

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']

/** The telephone number of somebody in the office. */
export function phoneOf(name: string): string {
  return `+4917012345${60 + PEOPLE.indexOf(name)}`
}

function officeUsers(): Promise<string> {
  return usersYaml(
    PEOPLE.map(name => ({ name, email: `${name}@app.example`, phone: phoneOf(name), groups: ['staff'] })),
  )
}

/**
 * Waits for the message to an address after so many messages, and gives its text. Notices of what happened to an
 * account are left out: they come when they come.
 */
export async function messageTo(
  gateway: TestGateway,
  kind: 'mails' | 'texts',
  to: string,
  from = 0,
): Promise<string> {
  const file = join(dirname(gateway.usersFile), `${kind}.jsonl`)
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    const found = linesOf(file)
      .slice(from)
      .map(line => JSON.parse(line) as { to: string; text: string })
      .find(message => message.to === to && !message.text.includes('\nAccount: '))
    if (found !== undefined) return found.text
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`nothing for ${to} in ${file}`)
}

/** How many messages there have been. */
export function messageCount(gateway: TestGateway, kind: 'mails' | 'texts'): number {
  return linesOf(join(dirname(gateway.usersFile), `${kind}.jsonl`)).length
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(line => line !== '')
  } catch {
    return []
  }
}
