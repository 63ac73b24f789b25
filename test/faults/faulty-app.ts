import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { freePort } from '../bench/free-port.js'
import type { MadeCertificate } from '../harness/certificates.js'
import type { Scope } from '../harness/scope.js'

/** What the app answers where it is well. */
export const WELL = 'the app is well'

/** What only somebody who may not have it asks for begins so: each that arrives is a wrong allow. */
export const FORBIDDEN = '/forbidden/'

/** How an app behaves. */
export type Behaviour = 'well' | 'reset' | 'hang' | 'half' | 'slow'

/** An app behind the gateway that can be ill. */
export interface FaultyApp {
  readonly port: number
  /** How many requests arrived that must not. */
  readonly forbidden: () => number
  readonly behave: (behaviour: Behaviour) => void
  /** Takes no connections any more, and cuts those that there are. */
  readonly refuse: () => Promise<void>
  /** Takes connections again, on the same port. */
  readonly listen: () => Promise<void>
  /** Shows another certificate from now on; only with https. */
  readonly show: (certificate: MadeCertificate) => void
  /** Cuts every connection, so that the next request has to find the app anew. */
  readonly cut: () => void
}

/** How late a slow app answers, in milliseconds. */
const SLOW = 1_000

/** Starts it; with a certificate, over https. */
export async function startFaultyApp(scope: Scope, certificate?: MadeCertificate): Promise<FaultyApp> {
  let behaviour: Behaviour = 'well'
  let forbidden = 0
  const open = new Set<Socket>()
  const answer = (response: ServerResponse): void => {
    switch (behaviour) {
      case 'reset':
        response.socket?.resetAndDestroy()
        return
      case 'hang':
        return
      case 'half':
        response.writeHead(200, { 'Content-Length': WELL.length })
        response.write(WELL.slice(0, 4))
        setTimeout(() => response.destroy(), 20)
        return
      case 'slow':
        setTimeout(() => response.end(WELL), SLOW)
        return
      case 'well':
        response.end(WELL)
    }
  }
  const server = certificate === undefined ? createServer() : createTlsServer(certificate)
  server.on('request', ({ url }, response) => {
    if (url?.startsWith(FORBIDDEN)) forbidden++
    answer(response)
  })
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  })
  server.on('tlsClientError', (_: Error, socket: TLSSocket) => socket.destroy())
  const port = await freePort()
  const listen = (): Promise<void> => new Promise(resolve => server.listen(port, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  const refuse = (): Promise<void> =>
    new Promise(resolve => {
      server.close(() => resolve())
      cut()
    })
  await listen()
  scope.teardown(refuse)
  return {
    port,
    forbidden: () => forbidden,
    behave: next => {
      behaviour = next
    },
    refuse,
    listen,
    show: ({ cert, key }) => {
      if ('setSecureContext' in server) server.setSecureContext({ cert, key })
    },
    cut,
  }
}
