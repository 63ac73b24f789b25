import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { hash } from '@node-rs/bcrypt'
import type { Test } from 'tap'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import type { Reply } from '../harness/person.js'
import { createRewindableStore, type RewindableStore } from '../harness/rewindable-store.js'
import { type RecordingUpstream, startRecordingUpstream } from '../harness/recording-upstream.js'

/** A gateway on which every way in is switched on, with its app, and its messages in a file. */
export interface AllWays {
  readonly gateway: OpenTestGateway
  readonly upstream: RecordingUpstream
  readonly ask: Ask
  /** Waits for a message that says this and that nobody has taken yet, and gives what the group has caught. */
  readonly message: (channel: 'email' | 'sms', pattern: RegExp) => Promise<string>
}

/** One inside the test's process, whose store can be put back to how it was. */
export interface AllWaysGateway extends AllWays {
  readonly store: RewindableStore
}

/** One request of a program. */
export interface Asked {
  readonly method?: string
  /** Sent as JSON. */
  readonly json?: object | undefined
  /** Sent as a form of the gateway's own pages. */
  readonly form?: Readonly<Record<string, string>>
  /** Cookies by their names. */
  readonly cookies?: Readonly<Record<string, string>>
  readonly authorization?: string | undefined
  /** The client's address. Default: another one for each request, so that nobody counts them together. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request to the gateway, over https as far as the gateway knows. */
export type Ask = (path: string, asked?: Asked) => Promise<Reply & { cookie: (name: string) => string }>

/** What finds the code in a message, and the token in a mail with a link. */
export const A_CODE = /\b([0-9]{6})\b/
export const A_LINK = /\/auth\/link\/([A-Za-z0-9_-]+)/

export const SESSION_COOKIE = '__Host-gatehouse'
export const DEVICE_COOKIE = '__Host-gatehouse-device'
/** The cookie of a login that was begun in one way. */
export const begunCookie = (way: 'code' | 'link' | 'passkey'): string => `__Host-gatehouse-login-${way}`

/** The password of everybody. A hash that looks at a part of it only is never renewed, so that logins stay cheap. */
export const LONG_PASSWORD = 'correct horse battery staple '.repeat(3)

/** Alice and Bob can be reached over both channels; the newcomer has nothing yet, and needs a ticket. */
export async function allWaysUsers(): Promise<string> {
  const password = await hash(LONG_PASSWORD, { cost: 4 })
  const reach = (name: string, phone: string) => ({ email: `${name}@app.example`, phone })
  const users = {
    alice: { displayname: 'Alice', password, groups: ['staff'], ...reach('alice', '+491701234567') },
    bob: { displayname: 'Bob', password, ...reach('bob', '+491701234568') },
    newcomer: { displayname: 'Newcomer', password },
  }
  return JSON.stringify({ users })
}

/** The configuration. `more` is added at its end. */
export function allWaysYaml(upstream: string, more = ''): string {
  return `public_url: https://${HOST}
trusted_proxies: [127.0.0.1/32]
upstream: ${upstream}
users: { file: users.yaml }
login: { methods: [password, passkey, email, link] }
mail: { from: gate@app.example, file: messages.jsonl }
sms: { file: messages.jsonl }
mfa:
  enrolment: ticket
  factors: [totp, webauthn, backup_code, email, sms, knowledge_question]
  knowledge_questions: { count_as_second_factor: true }
  remember_device: 30d
tokens: { self_service_scopes: [calendar] }
routes:
  - path: /public/**
    access: public
  - path: /half/**
    access: bypassed
    reason: the password is enough here
  - path: /reports/**
    access: required
    tokens: [reports]
  - path: /calendar/**
    access: required
    tokens: [calendar]
${more}`
}

/** What it starts with, instead of a new secret, new users and an empty store. */
interface Inherited {
  readonly secrets: readonly string[]
  readonly users: string
  readonly store?: RewindableStore
}

/** Starts it. */
export async function startAllWays(t: Test, more = '', inherited?: Inherited): Promise<AllWaysGateway> {
  const upstream = await startRecordingUpstream(t)
  let made: RewindableStore | undefined
  const gateway = await startGateway(t, {
    yaml: allWaysYaml(upstream.url, more),
    users: inherited?.users ?? (await allWaysUsers()),
    tls: false,
    store: now => (made = inherited?.store ?? createRewindableStore(now)),
    ...(inherited && { secrets: inherited.secrets }),
  })
  const store = made
  if (store === undefined) throw new Error('the gateway has no store')
  const file = join(gateway.usersFile, '..', 'messages.jsonl')
  return {
    gateway,
    store,
    upstream,
    ask: createAsk(gateway.port),
    message: messagesIn(file),
  }
}

/** Makes the function that sends requests to a port, each from another address. */
export function createAsk(port: number): Ask {
  let asked = 0
  return (path, options = {}) => {
    asked++
    const from = `10.${port % 250}.${(asked >> 8) & 255}.${asked & 255}`
    return roundTrip(port, path, { from, ...options })
  }
}

/** Makes the function that finds the messages in a file. */
export function messagesIn(file: string): AllWaysGateway['message'] {
  const taken = new Set<number>()
  return async (channel, pattern) => {
    for (const end = performance.now() + 10_000; performance.now() < end;) {
      for (const [at, line] of readLines(file).entries()) {
        if (line.channel !== channel || taken.has(at)) continue
        const found = pattern.exec(line.text)?.[1]
        if (found === undefined) continue
        taken.add(at)
        return found
      }
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    throw new Error(`no message over ${channel}`)
  }
}

/** Makes an API token, as the operator does with a command. */
export async function makeApiToken(
  { store, clock }: OpenTestGateway,
  name: string,
  scope: string,
  subject?: string,
): Promise<string> {
  const random = (bytes: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
  const owner = subject === undefined ? { kind: 'machine' as const } : { kind: 'user' as const, subject }
  const expiresAt = clock.now() + 366 * 24 * 3_600_000
  const made = await createApiTokens({ store, now: clock.now, random }).create({
    name,
    owner,
    scopes: [scope],
    expiresAt,
  })
  if (made.outcome !== 'created') throw new Error(`no token: ${made.outcome}`)
  return made.token
}

function readLines(file: string): readonly { readonly channel: string; readonly text: string }[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return lines.map(line => JSON.parse(line) as { channel: string; text: string })
  } catch {
    return []
  }
}

function roundTrip(port: number, path: string, asked: Asked & { readonly from: string }): ReturnType<Ask> {
  const { method = asked.json === undefined && asked.form === undefined ? 'GET' : 'POST' } = asked
  const cookies = Object.entries(asked.cookies ?? {}).map(([name, value]) => `${name}=${value}`)
  const body =
    asked.form === undefined
      ? asked.json === undefined
        ? undefined
        : JSON.stringify(asked.json)
      : new URLSearchParams(asked.form).toString()
  const headers = {
    Host: HOST,
    'X-Forwarded-For': asked.from,
    'X-Forwarded-Proto': 'https',
    ...(asked.json === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(asked.form === undefined
      ? {}
      : {
          'Content-Type': 'application/x-www-form-urlencoded',
          Origin: `https://${HOST}`,
          'Sec-Fetch-Site': 'same-origin',
          'Sec-Fetch-Mode': 'navigate',
          Accept: 'text/html',
        }),
    ...(cookies.length === 0 ? {} : { Cookie: cookies.join('; ') }),
    ...(asked.authorization === undefined ? {} : { Authorization: asked.authorization }),
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...asked.headers,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, incoming => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        const header = (name: string): readonly string[] => incoming.headersDistinct[name.toLowerCase()] ?? []
        resolve({
          status: incoming.statusCode ?? 0,
          header,
          text,
          json: jsonOf(text),
          cookie: name =>
            header('set-cookie')
              .find(line => line.startsWith(`${name}=`))
              ?.slice(name.length + 1)
              .split(';')[0] ?? '',
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
