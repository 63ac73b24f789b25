import type { ServedPlace } from './place.js'

/** What an address of the gateway answered. */
export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | null
  readonly json: Readonly<Record<string, unknown>>
  /** A member of the body that is a text; empty where it is none. */
  readonly text: (name: string) => string
}

/** A program that logs people in and keeps no cookie: `mode: token`. */
export interface Program {
  /** Calls the interface, below `/auth`. */
  readonly post: (path: string, body: object, token?: string) => Promise<Answer>
  /** A request to the app, or to whatever the whole path names. */
  readonly get: (path: string, token?: string) => Promise<Answer>
  readonly logIn: (username: string, password: string) => Promise<Answer>
  /** Answers the challenge of a 202. */
  readonly verify: (due: Answer, factor: string, code: unknown) => Promise<Answer>
}

/** Makes one for the gateway of a place. */
export function createProgram({ gateway }: Pick<ServedPlace, 'gateway'>): Program {
  async function send(
    method: string,
    path: string,
    body: object | undefined,
    token: string | undefined,
  ): Promise<Answer> {
    const response = await fetch(gateway.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.headers.has('set-cookie')) throw new Error(`${path} sets a cookie`)
    const json = (await response.json()) as Answer['json']
    const text = (name: string): string => {
      const value = json[name]
      return typeof value === 'string' ? value : ''
    }
    return { status: response.status, header: name => response.headers.get(name), json, text }
  }
  const post: Program['post'] = (path, body, token) => send('POST', `/auth${path}`, body, token)
  return {
    post,
    get: (path, token) => send('GET', path, undefined, token),
    logIn: (username, password) => post('/login', { username, password, mode: 'token' }),
    verify: (due, factor, code) => post('/mfa/verify', { challenge: due.text('challenge'), factor, code }),
  }
}
