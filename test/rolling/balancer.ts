import { Agent, createServer, get, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { HOST } from '../faults/balanced-client.js'
import type { Scope } from '../harness/scope.js'

/** A load balancer that knows which gateways are ready. */
export interface Balancer {
  readonly port: number
  /** Whether the gateway at this port gets requests. */
  readonly isIn: (gateway: number) => boolean
  /** How often a gateway took no connection, and the request went to another one: nothing of it had been sent. */
  readonly passedOver: () => number
  /** Why answers broke off after their heads were passed on. */
  readonly brokenOff: readonly string[]
}

/** How often each gateway is asked whether it is ready, in milliseconds. */
const CHECK_EVERY = 200
const CHECK_PATIENCE = 5_000

/** Fields of one connection only (RFC 9110, section 7.6.1). */
const OF_CONNECTION = ['connection', 'keep-alive']

/**
 * Starts it before gateways of this machine; it ends with the scope. It asks each for `/auth/health/ready`, gives
 * requests in turn to those that said 200 the last time, and keeps connections to them open. A request is given to
 * another gateway only where the first one took no connection: nothing is sent twice. What a gateway did not answer is
 * answered 502 with what was met as its text.
 */
export async function startBalancer(scope: Scope, gateways: readonly number[]): Promise<Balancer> {
  const ready = new Set<number>()
  const agents = new Map(gateways.map(port => [port, new Agent({ keepAlive: true })]))
  const brokenOff: string[] = []
  let passedOver = 0
  let turn = 0

  const look = (port: number): void => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/auth/health/ready',
      headers: { Host: HOST },
      agent: false,
    }
    const asked = get({ ...options, timeout: CHECK_PATIENCE }, answer => {
      answer.resume()
      if (answer.statusCode === 200) ready.add(port)
      else ready.delete(port)
    })
    // Who is slow is not gone: only who takes no connection is.
    asked.on('timeout', () => asked.destroy())
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') ready.delete(port)
    })
  }
  const checks = setInterval(() => gateways.forEach(look), CHECK_EVERY)

  const choose = (tried: ReadonlySet<number>): number | undefined => {
    const able = gateways.filter(port => ready.has(port) && !tried.has(port))
    return able[turn++ % Math.max(1, able.length)]
  }

  function lead(incoming: IncomingMessage, answer: ServerResponse, tried: ReadonlySet<number>): void {
    const port = choose(tried)
    if (port === undefined) {
      fail(answer, 'no gateway is ready')
      return
    }
    const { method, url, rawHeaders } = incoming
    const headers = ofEnds(rawHeaders)
    const asked = request({ host: '127.0.0.1', port, method, path: url, headers, agent: agents.get(port) })
    const begun = performance.now()
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (answer.writableEnded || answer.destroyed) return
      if (error.code === 'ECONNREFUSED') {
        passedOver++
        lead(incoming, answer, new Set([...tried, port]))
        return
      }
      const connection = asked.reusedSocket ? 'a kept connection' : 'a new connection'
      const standing = ready.has(port) ? 'a ready gateway' : 'a gateway that is out'
      const took = Math.round(performance.now() - begun)
      const what = error.syscall === undefined ? 'it was closed' : `${error.code ?? ''} at ${error.syscall}`
      const why = `${connection} to ${standing}: ${what} after ${took} ms, ${asked.socket?.bytesRead ?? 0} bytes read`
      if (answer.headersSent) brokenOff.push(why)
      fail(answer, why)
    })
    asked.on('response', from => {
      answer.writeHead(from.statusCode ?? 502, from.statusMessage, ofEnds(from.rawHeaders))
      from.pipe(answer)
      from.on('error', (error: Error) => {
        brokenOff.push(error.message)
        answer.destroy()
      })
    })
    asked.once('socket', socket => {
      if (socket.connecting) socket.once('connect', () => incoming.pipe(asked))
      else incoming.pipe(asked)
    })
    answer.on('close', () => {
      if (answer.writableFinished) return
      const standing =
        asked.socket?.connecting !== false ? 'not connected' : `${asked.socket.bytesWritten} bytes written`
      brokenOff.push(`given up by the client after ${Math.round(performance.now() - begun)} ms, ${standing}`)
      asked.destroy()
    })
  }

  function leadUpgrade(
    incoming: IncomingMessage,
    client: Socket,
    head: Buffer,
    tried: ReadonlySet<number>,
  ): void {
    const port = choose(tried)
    if (port === undefined) {
      client.destroy()
      return
    }
    const { url, rawHeaders } = incoming
    const asked = request({ host: '127.0.0.1', port, path: url, headers: [...rawHeaders], agent: false })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') leadUpgrade(incoming, client, head, new Set([...tried, port]))
      else client.destroy()
    })
    asked.on('response', from => {
      client.end(
        `HTTP/1.1 ${from.statusCode ?? 502} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      from.destroy()
    })
    asked.on('upgrade', (from, gateway, first) => {
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${linesOf(from.rawHeaders)}\r\n`)
      client.write(first)
      gateway.write(head)
      client.pipe(gateway).pipe(client)
      gateway.on('error', () => client.destroy()).on('close', () => client.destroy())
      client.on('close', () => gateway.destroy())
    })
    asked.end()
  }

  // A client never finds its kept connection closed: what fails is the gateways' doing.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, answer) =>
    lead(incoming, answer, new Set()),
  )
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  })
  server.on('upgrade', (incoming: IncomingMessage, client: Socket, head: Buffer) =>
    leadUpgrade(incoming, client, head, new Set()),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  scope.teardown(() => {
    clearInterval(checks)
    server.close()
    for (const socket of open) socket.destroy()
    for (const agent of agents.values()) agent.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    isIn: port => ready.has(port),
    passedOver: () => passedOver,
    brokenOff,
  }
}

function fail(answer: ServerResponse, why: string): void {
  if (answer.headersSent) answer.destroy()
  else answer.writeHead(502, { 'Content-Type': 'text/plain' }).end(why)
}

/** The fields that are for the other end (RFC 9110, section 7.6.1). */
function ofEnds(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => {
    const name = rawHeaders[index - (index % 2)] ?? ''
    return !OF_CONNECTION.includes(name.toLowerCase())
  })
}

function linesOf(rawHeaders: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines += `${rawHeaders[at] ?? ''}: ${rawHeaders[at + 1] ?? ''}\r\n`
  return lines
}
