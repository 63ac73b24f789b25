import { Agent, type ClientRequest, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { HOST } from '../faults/balanced-client.js'
import type { Scope } from '../harness/scope.js'
import { LONG, LONG_PATH, receiptOf, SHORT } from './mixed-app.js'
import { holdWebSocket } from './web-socket.js'

/** A request that did not get the app's whole answer. */
export interface FailedRequest {
  readonly what: string
  readonly why: string
  /** When it was sent and when it failed, by `performance.now()`. */
  readonly sentAt: number
  readonly failedAt: number
}

/** Requests of many kinds at a steady rate. */
export interface MixedTraffic {
  readonly failed: readonly FailedRequest[]
  /** How many were sent, by their kind. */
  readonly sent: () => Readonly<Record<string, number>>
  /** WebSockets: how many were opened, and how many of those were closed from the other side. */
  readonly webSockets: () => { readonly opened: number; readonly ended: number }
  /** Sends no more, and waits for what is under way. */
  readonly stop: () => Promise<void>
}

export interface TrafficOptions {
  /** Where everything is sent. */
  readonly port: number
  /** Requests a second. */
  readonly rate: number
  /** Cookies of sessions that stay. */
  readonly sessions: readonly string[]
  /** How many WebSockets are open at any time. */
  readonly webSockets: number
}

interface Kind {
  readonly name: string
  readonly path: string
  readonly loggedIn: boolean
  readonly body?: Buffer
  /** Sends the body in so many pieces, 100 ms apart. */
  readonly pieces?: number
  readonly expected: string
}

const TICK = 20
const PATIENCE = 15_000
const BETWEEN_PIECES = 100
const CONNECTIONS = 64

const LITTLE = Buffer.alloc(16 * 1024, 'little ')
const MUCH = Buffer.alloc(256 * 1024, 'much ')
const KINDS: readonly Kind[] = [
  { name: 'public page', path: '/public/page', loggedIn: false, expected: SHORT },
  { name: 'page of a session', path: '/full/page', loggedIn: true, expected: SHORT },
  { name: 'POST', path: '/public/post', loggedIn: false, body: LITTLE, expected: receiptOf(LITTLE) },
  {
    name: 'POST of a session',
    path: '/full/post',
    loggedIn: true,
    body: LITTLE,
    expected: receiptOf(LITTLE),
  },
  {
    name: 'POST in pieces',
    path: '/full/upload',
    loggedIn: true,
    body: MUCH,
    pieces: 8,
    expected: receiptOf(MUCH),
  },
  { name: 'long answer', path: `/full${LONG_PATH}`, loggedIn: true, expected: LONG },
]
/** Sixteen requests of the mix, by their place in KINDS. */
const MIX = [0, 1, 2, 1, 0, 3, 1, 5, 0, 1, 2, 1, 3, 0, 1, 4]

/** Begins to send. */
export function startMixedTraffic(scope: Scope, options: TrafficOptions): MixedTraffic {
  const { port, rate, sessions } = options
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const failed: FailedRequest[] = []
  const sent: Record<string, number> = {}
  const underWay = new Set<Promise<void>>()
  const begun = performance.now()
  let planned = 0
  let isOver = false
  const webSockets = { opened: 0, ended: 0 }

  async function send(kind: Kind, number: number): Promise<void> {
    const sentAt = performance.now()
    sent[kind.name] = (sent[kind.name] ?? 0) + 1
    const cookie = kind.loggedIn ? sessions[number % sessions.length] : undefined
    const from = `10.8.${(number >> 8) & 255}.${number & 255}`
    const why = await exchange(agent, port, kind, headersOf(from, cookie))
    if (why !== undefined) failed.push({ what: kind.name, why, sentAt, failedAt: performance.now() })
  }

  /** Opens a WebSocket whenever the one before was closed. */
  async function keepOpen(number: number): Promise<void> {
    while (!isOver) {
      const sentAt = performance.now()
      try {
        await holdWebSocket(port, headersOf(`10.7.0.${number}`, sessions[number % sessions.length]), {
          onOpen: () => webSockets.opened++,
          isOver: () => isOver,
        })
        webSockets.ended++
      } catch (error) {
        failed.push({ what: 'WebSocket', why: String(error), sentAt, failedAt: performance.now() })
        await sleep(100)
      }
    }
  }

  const follow = (work: Promise<void>): void => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }
  for (let number = 0; number < options.webSockets; number++) follow(keepOpen(number))
  const timer = setInterval(() => {
    for (; planned < ((performance.now() - begun) / 1_000) * rate; planned++) {
      const kind = KINDS[MIX[planned % MIX.length] ?? 0]
      if (kind !== undefined) follow(send(kind, planned))
    }
  }, TICK)
  scope.teardown(() => {
    isOver = true
    clearInterval(timer)
    agent.destroy()
  })
  return {
    failed,
    sent: () => ({ ...sent }),
    webSockets: () => ({ ...webSockets }),
    stop: async () => {
      isOver = true
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}

function headersOf(from: string, cookie: string | undefined): Record<string, string> {
  return {
    Host: HOST,
    'X-Forwarded-For': from,
    'X-Forwarded-Proto': 'https',
    Origin: `https://${HOST}`,
    ...(cookie === undefined ? {} : { Cookie: cookie }),
  }
}

/** Sends one request and gives what was wrong with its answer; undefined: nothing. */
function exchange(
  agent: Agent,
  port: number,
  { path, body, pieces = 1, expected }: Kind,
  headers: Record<string, string>,
): Promise<string | undefined> {
  return new Promise(resolve => {
    const length = body === undefined ? {} : { 'Content-Length': String(body.length) }
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: body === undefined ? 'GET' : 'POST',
      path,
      headers: { ...headers, ...length },
      agent,
    })
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), PATIENCE)
    const over = (why: string | undefined): void => {
      clearTimeout(timer)
      resolve(why)
    }
    outgoing.on('error', (error: Error) => over(error.message))
    outgoing.on('response', answer => {
      let text = ''
      answer.setEncoding('latin1').on('data', (piece: string) => (text += piece))
      answer.on('error', (error: Error) => over(`after the head: ${error.message}`))
      answer.on('close', () => {
        const { statusCode: status = 0 } = answer
        if (!answer.complete) over('half an answer')
        else if (status !== 200) over(`${status} ${text.slice(0, 200)}`)
        else over(text === expected ? undefined : `another answer: ${text.slice(0, 80)}`)
      })
    })
    void sendBody(outgoing, body, pieces)
  })
}

async function sendBody(outgoing: ClientRequest, body: Buffer | undefined, pieces: number): Promise<void> {
  const whole = body ?? Buffer.alloc(0)
  const size = Math.ceil(whole.length / pieces)
  for (let at = 0; at < whole.length && !outgoing.destroyed; at += size) {
    outgoing.write(whole.subarray(at, at + size))
    if (pieces > 1) await sleep(BETWEEN_PIECES)
  }
  outgoing.end()
}
