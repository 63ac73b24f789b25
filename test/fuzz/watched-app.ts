import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The app behind the gateway: it answers everything, and tells of what should never have reached it. */
export interface WatchedApp {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly requests: () => number
  readonly close: () => Promise<void>
}

/** Fields by which apps know who somebody is, as they spell them. */
const IDENTITY =
  /^(?:remote-|x-remote-|gatehouse-|x-auth-request-|x-webauth-|x-authentik-|x-pomerium-|cf-access-|x-goog-auth|ssl-client-|x-client-cert|x-mfa-|x-user-|x-(?:user|username|email|groups)$|x-forwarded-(?:user|email|groups|preferred|access))/

/** Which header tells the target that the app was asked for. */
export const TARGET_FIELD = 'x-app-target'

/** Starts it on a free port of 127.0.0.1. Only what is below `/public` is open to everybody, and to nobody else. */
export async function startWatchedApp(onFault: (fault: string) => void): Promise<WatchedApp> {
  let requests = 0
  const judge = (request: IncomingMessage): void => {
    requests++
    const { url = '', rawHeaders, headers } = request
    const path = url.replace(/\?.*/s, '')
    const where = `the app got ${String(request.method)} ${url.slice(0, 200)}`
    if (!/^\/public(?:\/|$)/.test(path)) onFault(`${where}, which nobody may open`)
    if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\/\/|\\|%(?:2f|5c|00|25[0-9a-f]{2})|[;#]/i.test(path))
      onFault(`${where}, which can be read in two ways`)
    rawHeaders.forEach((name, index) => {
      if (index % 2 === 0 && IDENTITY.test(name.toLowerCase().replace(/[_.]/g, '-')))
        onFault(`${where} with ${name}`)
    })
    if (/(?:^|;)\s*__Host-gatehouse(?:-[a-z-]+)?\s*=/.test(headers.cookie ?? ''))
      onFault(`${where} with a cookie of the gateway: ${String(headers.cookie).slice(0, 200)}`)
    if (!/^gw\.example\.?(?::\d+)?$/i.test(String(headers['x-forwarded-host'])))
      onFault(`${where} with X-Forwarded-Host: ${String(headers['x-forwarded-host'])}`)
    if (headers['x-forwarded-proto'] !== 'https' && headers['x-forwarded-proto'] !== 'http')
      onFault(`${where} with X-Forwarded-Proto: ${String(headers['x-forwarded-proto'])}`)
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    judge(request)
    request.resume()
    if (request.url?.includes('broken') === true) {
      request.socket.destroy()
      return
    }
    response.setHeader(TARGET_FIELD, request.url ?? '')
    response.end('seen')
  })
  server.on('upgrade', (request, socket) => {
    judge(request)
    const accept = createHash('sha1')
      .update(`${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    // Nobody reads it: unless it flows, its end is never seen, and the server never closed.
    socket.on('error', () => socket.destroy()).resume()
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code?.startsWith('HPE_') === true && error.code !== 'HPE_INVALID_EOF_STATE')
      onFault(`the app got what is no HTTP: ${error.code}`)
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
