import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { HOST } from './gateway.js'
import type { Door } from './raw-client.js'

/** An answer that came over a stream of HTTP/2. */
export interface StreamAnswer {
  /** 0: there was none. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
  /** Heads of the interim answers that came before it. */
  readonly interim: readonly IncomingHttpHeaders[]
  /** The error code with which the stream ended (RFC 9113, section 7); 0: none. */
  readonly code: number
  /** The other side has ended the answer (END_STREAM), and did not reset it. */
  readonly complete: boolean
}

/** Opens a connection by TLS that speaks HTTP/2; it ends with the test. Certificates are not looked at. */
export async function openHttp2(t: Test, door: Door): Promise<ClientHttp2Session> {
  const session = connect(`https://${HOST}`, { createConnection: () => socketTo(door) })
  session.on('error', () => undefined)
  t.teardown(() => session.destroy())
  await once(session, 'connect')
  return session
}

/** A TLS connection that asks for HTTP/2. */
export function socketTo(door: Door): TLSSocket {
  return connectTls({
    port: door.port,
    host: '127.0.0.1',
    servername: HOST,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  })
}

/** Sends one request and waits until its stream is closed. Default: GET as the page of a program. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<StreamAnswer> {
  const stream = session.request(
    { ':method': 'GET', ':authority': HOST, ...headers },
    { endStream: body === undefined },
  )
  if (body !== undefined) stream.end(body)
  return readStream(stream)
}

/** Waits until a stream of a client is closed and gives what came over it. */
export async function readStream(stream: ReturnType<ClientHttp2Session['request']>): Promise<StreamAnswer> {
  const pieces: Buffer[] = []
  const interim: IncomingHttpHeaders[] = []
  let answer: Pick<StreamAnswer, 'status' | 'headers'> = {
    status: 0,
    headers: {},
  }
  let trailers: IncomingHttpHeaders = {}
  const end = { isWhole: false }
  stream.on('headers', headers => interim.push(headers))
  stream.on('response', headers => {
    answer = { status: headers[':status'] ?? 0, headers }
  })
  stream.on('trailers', (headers: IncomingHttpHeaders) => {
    trailers = headers
  })
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('error', () => undefined)
  stream.on('end', () => {
    end.isWhole = !stream.aborted
  })
  await new Promise<void>(resolve => stream.once('close', resolve))
  const code = stream.rstCode
  const complete = end.isWhole && code === constants.NGHTTP2_NO_ERROR
  return { ...answer, body: Buffer.concat(pieces).toString(), trailers, interim, code, complete }
}
