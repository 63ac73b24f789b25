import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import type { Answer, BalancedClient } from '../faults/balanced-client.js'
import { HOST } from '../faults/balanced-client.js'
import { quickCode } from '../faults/quick-code.js'
import { holdWebSocket } from '../rolling/web-socket.js'

/** A fixed crowd: what it leaves in the store for good does not grow. */
export interface SoakPeople {
  /** Everybody enrols; ends once each may show another code. Throws when somebody cannot. */
  readonly enrol: () => Promise<void>
  /**
   * The next person logs in and does everything there is: by browser (pages, a WebSocket, and a logout), or as a program
   * (refresh, and a logout). Somebody else logs in with a wrong password beside it.
   */
  readonly visit: () => Promise<void>
  /** How often each step got the answer that it should, or another one. */
  readonly counts: () => Readonly<Record<string, number>>
}

/** Each code is good once, and there is one every thirty seconds. */
const CROWD = 40
const STEP = 30_000
const PASSWORD = 'correct horse battery staple '.repeat(3)
const SESSION_COOKIE = '__Host-gatehouse'
const PAGES = 10
const REFRESHES = 3
/** How long a WebSocket stays open, in milliseconds. */
const SOCKET_LASTS = 600

/** The text of users.yaml. */
export async function soakUsers(): Promise<string> {
  const password = await hash(PASSWORD, { cost: 4 })
  const lines = Array.from(
    { length: CROWD },
    (_, index) => `  soak-${index}: { displayname: X, password: '${password}' }\n`,
  )
  return `users:\n${lines.join('')}`
}

/** Makes it. `port` is that of the gateway. */
export function createSoakPeople(ask: BalancedClient, port: number): SoakPeople {
  const keys = new Map<number, string>()
  const shownAt = new Map<number, number>()
  const counts: Record<string, number> = {}
  let turn = 0
  const note = (step: string, answer: Answer, status = 200): boolean => {
    const isRight = answer.status === status
    const name = isRight ? step : `${step}: ${answer.status}`
    counts[name] = (counts[name] ?? 0) + 1
    return isRight
  }
  const from = (index: number): string => `10.20.0.${index}`

  async function logIn(index: number, mode: 'session' | 'token'): Promise<Answer | undefined> {
    const json = { username: `soak-${index}`, password: PASSWORD, mode }
    const begun = await ask({ path: '/auth/login', json, from: from(index) })
    if (!note('password', begun, 202)) return undefined
    const body = bodyOf(begun)
    const key = keys.get(index) ?? (body.enrolment as { readonly secret?: string } | undefined)?.secret ?? ''
    keys.set(index, key)
    const answer = await ask({
      path: '/auth/mfa/verify',
      json: { challenge: body.challenge, factor: 'totp', code: quickCode(key, Date.now()) },
      cookie: cookieOf(begun),
      from: from(index),
    })
    shownAt.set(index, Math.floor(Date.now() / STEP))
    return note(`code for a ${mode}`, answer) ? answer : undefined
  }

  async function browse(index: number): Promise<void> {
    const answer = await logIn(index, 'session')
    const cookie = answer && cookieOf(answer)
    if (cookie === undefined) return
    for (let count = 0; count < PAGES; count++)
      note('page', await ask({ path: '/full/page', cookie, from: from(index) }))
    await lookAtSocket(index, cookie)
    // One in three lets the session end by itself.
    if (turn % 3 === 0) return
    note('logout', await ask({ path: '/auth/logout', json: {}, cookie, from: from(index) }))
    note('page after logout', await ask({ path: '/full/page', cookie, from: from(index) }), 401)
  }

  async function lookAtSocket(index: number, cookie: string): Promise<void> {
    const end = performance.now() + SOCKET_LASTS
    const headers = {
      Host: HOST,
      'X-Forwarded-For': from(index),
      'X-Forwarded-Proto': 'https',
      Cookie: cookie,
    }
    const name = await holdWebSocket(
      port,
      { ...headers, Origin: `https://${HOST}` },
      { onOpen: () => undefined, isOver: () => performance.now() > end },
    ).then(
      () => 'WebSocket',
      (error: unknown) => `WebSocket: ${String(error)}`,
    )
    counts[name] = (counts[name] ?? 0) + 1
  }

  async function runProgram(index: number): Promise<void> {
    const answer = await logIn(index, 'token')
    let tokens = answer && bodyOf(answer)
    for (let count = 0; count < REFRESHES && tokens !== undefined; count++) {
      const json = { refresh_token: tokens.refresh_token }
      const refreshed = await ask({ path: '/auth/token/refresh', json, from: from(index) })
      tokens = note('refresh', refreshed) ? bodyOf(refreshed) : undefined
      if (tokens !== undefined) await callWith(port, String(tokens.access_token), note)
    }
    if (tokens === undefined) return
    const json = { refresh_token: tokens.refresh_token }
    note('logout of a program', await ask({ path: '/auth/logout', json, from: from(index) }))
  }

  async function fail(index: number): Promise<void> {
    const json = { username: `nobody-${index}`, password: `${PASSWORD}!`, mode: 'session' }
    const answer = await ask({
      path: '/auth/login',
      json,
      from: `10.21.${(index >> 8) & 255}.${index & 255}`,
    })
    note('wrong password', answer, 401)
  }

  return {
    enrol: async () => {
      for (let index = 0; index < CROWD; index++)
        if ((await logIn(index, 'session')) === undefined)
          throw new Error(`nobody can enrol: ${JSON.stringify(counts)}`)
      await sleep(STEP - (Date.now() % STEP))
    },
    visit: async () => {
      const index = turn++ % CROWD
      const failing = fail(turn % 1_000)
      // Whoever has used the code of this moment comes another time.
      if (shownAt.get(index) !== Math.floor(Date.now() / STEP))
        await (turn % 4 === 0 ? runProgram(index) : browse(index))
      await failing
    },
    counts: () => ({ ...counts }),
  }
}

/** Asks for a page with a token. */
function callWith(
  port: number,
  token: string,
  note: (step: string, answer: Answer) => boolean,
): Promise<void> {
  return new Promise(resolve => {
    const over = (status: number): void => {
      note('page by token', { status, headers: {}, text: '', took: 0 })
      resolve()
    }
    request(
      {
        host: '127.0.0.1',
        port,
        path: '/full/page',
        agent: false,
        headers: { Host: HOST, 'X-Forwarded-Proto': 'https', Authorization: `Bearer ${token}` },
      },
      answer => {
        answer.resume().on('close', () => over(answer.statusCode ?? 0))
      },
    )
      .on('error', () => over(0))
      .end()
  })
}

function bodyOf({ text }: Answer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function cookieOf({ headers }: Answer): string | undefined {
  const line = headers['set-cookie']?.find(one => one.startsWith(`${SESSION_COOKIE}=`))
  const pair = line?.split(';')[0]
  return pair === undefined || pair.length === SESSION_COOKIE.length + 1 ? undefined : pair
}
