import { request } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as requestTls } from 'node:https'
import { totpCode } from './authenticator.js'
import { PASSWORD } from './demo-users.js'
import { HOST, SECOND } from './gateway.js'
import type { TestGateway } from './gateway.js'
import type { Door } from './raw-client.js'

/** An answer as a program reads it. */
export interface Reply {
  readonly status: number
  /** Every value of a header, in order. */
  header: (name: string) => readonly string[]
  readonly text: string
  /** The body as JSON, an empty object when it is none. */
  readonly json: Readonly<Record<string, unknown>>
}

/** A browser without a screen: cookies, and the headers that a browser sets by itself. */
export interface Person {
  /** The cookies by name. A test may plant, take and delete them. */
  readonly cookies: Map<string, string>
  /** The cookies as a header value. */
  cookieHeader: () => string
  /** A page's fetch(): `Sec-Fetch-Mode: cors`, same origin, with `Origin` where it is not a GET. */
  fetch: (path: string, options?: FetchOptions) => Promise<Reply>
  /** A click on a link: `Sec-Fetch-Mode: navigate`. Redirects are not followed. */
  navigate: (path: string, headers?: OutgoingHttpHeaders) => Promise<Reply>
  /** Sends a form of a page of the gateway. */
  submit: (
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: OutgoingHttpHeaders,
  ) => Promise<Reply>
  /** The password only: what `POST /auth/login` answers. */
  giveUserName: (user: string, password?: string) => Promise<Reply>
  /** A code for the challenge that the last login gave. */
  giveCode: (code: string, factor?: string) => Promise<Reply>
  /** Password and TOTP; enrols at the first login. Throws when it does not end in a full session. */
  login: (user: string, password?: string) => Promise<void>
  logout: () => Promise<Reply>
  /** The next code of this person's authenticator. Moves the clock by a step where one was used already. */
  nextCode: () => string
  /** The challenge of the last login. */
  challenge: () => string
}

export interface FetchOptions {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: string
}

/** Keys of authenticator apps by gateway and user, so that a second browser of a user can log in as well. */
const authenticators = new WeakMap<TestGateway, Map<string, { key: string; lastStep: number }>>()

/** How a browser differs from the usual one. */
export interface PersonOptions {
  /** The host it goes to. Default: `HOST`. */
  readonly host?: string
  /** Sent with every request, as by a proxy on the way. */
  readonly headers?: OutgoingHttpHeaders
}

/** A new browser with an empty cookie jar. */
export function createPerson(gateway: TestGateway, options: PersonOptions = {}): Person {
  const host = options.host ?? HOST
  const cookies = new Map<string, string>()
  const origin = `https://${host}`
  const apps = authenticators.get(gateway) ?? new Map<string, { key: string; lastStep: number }>()
  authenticators.set(gateway, apps)
  let user = ''
  let challenge = ''

  const cookieHeader = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

  async function send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body?: string,
  ): Promise<Reply> {
    const own = { Host: host, ...options.headers, ...(cookies.size > 0 ? { Cookie: cookieHeader() } : {}) }
    const reply = await roundTrip(gateway, method, path, { ...own, ...headers }, body)
    for (const line of reply.header('set-cookie')) keep(cookies, line)
    return reply
  }

  const person: Person = {
    cookies,
    cookieHeader,
    fetch: async (path, options = {}) => {
      const method = options.method ?? 'GET'
      const body = options.json === undefined ? options.body : JSON.stringify(options.json)
      return send(
        method,
        path,
        {
          Accept: '*/*',
          'Sec-Fetch-Site': 'same-origin',
          'Sec-Fetch-Mode': 'cors',
          'Sec-Fetch-Dest': 'empty',
          ...(method === 'GET' || method === 'HEAD' ? {} : { Origin: origin }),
          ...(options.json === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...options.headers,
        },
        body,
      )
    },
    navigate: async (path, headers = {}) =>
      send('GET', path, {
        Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'Sec-Fetch-Site': 'none',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'document',
        ...headers,
      }),
    submit: async (path, fields, headers = {}) =>
      send(
        'POST',
        path,
        {
          Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
          'Sec-Fetch-Site': 'same-origin',
          'Sec-Fetch-Mode': 'navigate',
          'Sec-Fetch-Dest': 'document',
          Origin: origin,
          'Content-Type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        new URLSearchParams(fields).toString(),
      ),
    giveUserName: async (name, password = PASSWORD) => {
      user = name
      const json = { username: name, password, mode: 'session' }
      const reply = await person.fetch('/auth/login', { method: 'POST', json })
      challenge = textOf(reply.json.challenge)
      const enrolment = reply.json.enrolment as { readonly secret?: unknown } | undefined
      if (typeof enrolment?.secret === 'string') apps.set(name, { key: enrolment.secret, lastStep: 0 })
      return reply
    },
    giveCode: async (code, factor = 'totp') =>
      person.fetch('/auth/mfa/verify', { method: 'POST', json: { challenge, factor, code } }),
    login: async (name, password) => {
      const first = await person.giveUserName(name, password)
      if (first.status !== 202) throw new Error(`login of ${name}: ${first.status} ${first.text}`)
      const second = await person.giveCode(person.nextCode())
      if (second.status !== 200) throw new Error(`code of ${name}: ${second.status} ${second.text}`)
    },
    logout: async () => person.fetch('/auth/logout', { method: 'POST', json: {} }),
    nextCode: () => {
      const app = apps.get(user)
      if (app === undefined) throw new Error(`${user} has no authenticator app yet`)
      const step = () => Math.floor(gateway.clock.now() / (30 * SECOND))
      if (step() <= app.lastStep) gateway.clock.advance((app.lastStep + 1 - step()) * 30 * SECOND)
      app.lastStep = step()
      return totpCode(app.key, gateway.clock.now())
    },
    challenge: () => challenge,
  }
  return person
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Keeps or deletes one cookie. Domain, path and `Secure` are the tests' own business. */
function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals)
  if (attributes.some(attribute => /^max-age=(0|-\d+)$/i.test(attribute))) cookies.delete(name)
  else cookies.set(name, pair.slice(equals + 1))
}

/** One request over a connection of its own. */
export async function roundTrip(
  door: Door,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body: string | undefined,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { port: door.port, host: '127.0.0.1', method, path, headers, agent: false } as const
    const read = (incoming: IncomingMessage) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        resolve({
          status: incoming.statusCode ?? 0,
          header: name => incoming.headersDistinct[name.toLowerCase()] ?? [],
          text,
          json: jsonOf(text),
        })
      })
    }
    const outgoing = door.tls
      ? requestTls({ ...options, rejectUnauthorized: false }, read)
      : request(options, read)
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
