import {
  type IncomingMessage,
  createServer as createHttpServer,
  request,
  type ServerResponse,
} from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * Listens at `port` and spreads what comes over `targets`, one after the other: each request where it can read them,
 * each connection where they are encrypted. A target that is not there is passed over. It ends with the test.
 */
export async function startRoundRobin(
  t: Test,
  port: number,
  targets: readonly number[],
  encrypted: boolean,
): Promise<void> {
  let turn = 0
  const next = (): number => targets[turn++ % targets.length] ?? port
  const open = new Set<Socket>()
  const server = encrypted ? spreadConnections(next, targets.length) : spreadRequests(next, targets.length)
  server.on('connection', (client: Socket) => {
    open.add(client)
    client.on('error', () => client.destroy()).on('close', () => open.delete(client))
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const client of open) client.destroy()
  })
}

function spreadConnections(next: () => number, tries: number): Server {
  const lead = (client: Socket, left: number): void => {
    const gateway = connect(next(), '127.0.0.1')
    gateway.once('error', () => (left > 1 ? lead(client, left - 1) : client.destroy()))
    gateway.once('connect', () => {
      gateway.removeAllListeners('error')
      join(client, gateway)
    })
  }
  return createServer(client => lead(client, tries))
}

function join(client: Socket, gateway: Socket): void {
  client.pipe(gateway)
  gateway.pipe(client)
  gateway.on('error', () => client.destroy()).on('close', () => client.destroy())
  client.on('close', () => gateway.destroy())
}

function spreadRequests(next: () => number, tries: number): Server {
  const ask = ({ method, url, rawHeaders }: IncomingMessage, port: number) =>
    request({ host: '127.0.0.1', port, method, path: url, headers: [...rawHeaders], agent: false })
  const lead = (incoming: IncomingMessage, answer: ServerResponse, left: number): void => {
    const asked = ask(incoming, next())
    const refused = (): void => {
      // Nothing was sent there yet.
      if (left > 1 && !asked.socket?.bytesWritten) lead(incoming, answer, left - 1)
      else answer.destroy()
    }
    asked.on('error', refused).on('response', from => {
      answer.writeHead(from.statusCode ?? 502, from.statusMessage, from.rawHeaders)
      from.pipe(answer)
      from.on('error', () => answer.destroy())
    })
    asked.once('socket', socket => socket.once('connect', () => incoming.pipe(asked)))
    answer.on('close', () => asked.destroy())
  }
  const server = createHttpServer((incoming, answer) => lead(incoming, answer, tries))
  server.on('upgrade', (incoming, client: Socket, head) => {
    const asked = ask(incoming, next())
    asked.on('error', () => client.destroy())
    const answered = (from: IncomingMessage): void => {
      const fields: string[] = []
      for (let at = 0; at < from.rawHeaders.length; at += 2)
        fields.push(`${from.rawHeaders[at] ?? ''}: ${from.rawHeaders[at + 1] ?? ''}\r\n`)
      client.write(`HTTP/1.1 ${from.statusCode ?? 502} ${from.statusMessage ?? ''}\r\n${fields.join('')}\r\n`)
    }
    asked.on('response', from => {
      answered(from)
      from.pipe(client)
    })
    asked.on('upgrade', (from, gateway, first) => {
      answered(from)
      client.write(first)
      gateway.write(head)
      join(client, gateway)
    })
    asked.end()
  })
  return server
}
