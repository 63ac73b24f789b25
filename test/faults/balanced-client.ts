import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import type { Scope } from '../harness/scope.js'

/** The host of the gateways, as people write it. */
export const HOST = 'gate.example'

/** What came back. */
export interface Answer {
  /** 0: none came. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** In milliseconds. */
  readonly took: number
}

/** One request. */
export interface Asked {
  readonly path: string
  /** Sent as JSON by POST. */
  readonly json?: object
  readonly cookie?: string | undefined
  /** The client's address. */
  readonly from: string
}

/** Sends requests to several gateways in turn, as a load balancer does. */
export type BalancedClient = (asked: Asked) => Promise<Answer>

/** How long somebody waits for an answer, in milliseconds. */
const PATIENCE = 5_000
const CONNECTIONS = 256

/**
 * Makes one. A gateway that takes no connection is passed over for the next one, and so is a kept connection that turns
 * out to be closed for a request without a body; nothing else is sent twice.
 * @param patience how long it waits for an answer, in milliseconds. Default: 5 seconds
 */
export function createBalancedClient(
  scope: Scope,
  ports: readonly number[],
  tls: boolean,
  patience = PATIENCE,
): BalancedClient {
  const keeping = { keepAlive: true, maxSockets: CONNECTIONS }
  const agent = tls ? new TlsAgent({ ...keeping, rejectUnauthorized: false }) : new Agent(keeping)
  scope.teardown(() => {
    agent.destroy()
  })
  let turn = 0

  function send(
    asked: Asked,
    begun: number,
    at: number,
    tries: number,
    give: (answer: Answer) => void,
  ): void {
    const { path, json, cookie, from } = asked
    const body = json === undefined ? undefined : JSON.stringify(json)
    const headers: OutgoingHttpHeaders = {
      Host: HOST,
      'X-Forwarded-For': from,
      'X-Forwarded-Proto': 'https',
      Accept: '*/*',
    }
    if (cookie !== undefined) headers.Cookie = cookie
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json'
      headers['Content-Length'] = Buffer.byteLength(body)
    }
    const port = ports[at % ports.length]
    const method = body === undefined ? 'GET' : 'POST'
    let isOver = false
    const over = (status: number, text = '', fields: IncomingHttpHeaders = {}): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      give({ status, headers: fields, text, took: performance.now() - begun })
    }
    const options = { host: '127.0.0.1', port, method, path, headers, agent }
    const outgoing = tls ? requestTls(options) : request(options)
    const timer = setTimeout(
      () => {
        over(0, 'no answer in time')
        outgoing.destroy()
      },
      Math.max(1, patience - (performance.now() - begun)),
    )
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === 'ECONNREFUSED'
      const isStale = outgoing.reusedSocket && body === undefined && error.code === 'ECONNRESET'
      if (isOver || tries === 0 || !(isAbsent || isStale)) {
        over(0, error.message)
        return
      }
      isOver = true
      clearTimeout(timer)
      send(asked, begun, at + 1, tries - 1, give)
    })
    outgoing.on('response', incoming => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      incoming.on('error', (error: Error) => over(0, error.message))
      incoming.on('close', () => {
        if (incoming.complete) over(incoming.statusCode ?? 0, text, incoming.headers)
        else over(0, 'half an answer')
      })
    })
    outgoing.end(body)
  }

  return asked => new Promise(resolve => send(asked, performance.now(), turn++, ports.length, resolve))
}
