import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Test } from 'tap'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js'

/** A mail as it came in. */
interface ReceivedMail {
  /** The receivers of the envelope (RFC 5321), which is where mail goes. */
  readonly to: readonly string[]
  readonly from: string
  /** Whether the connection was encrypted when it came. */
  readonly encrypted: boolean
  readonly user: string | undefined
  readonly headers: ReadonlyMap<string, string>
  /** The part for programs that show plain text. */
  readonly text: string
  readonly html: string | undefined
  /** All of it, as it went over the wire. */
  readonly raw: string
}

interface MailServerOptions {
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** The loopback address on which it listens. Default 127.0.0.1. */
  readonly address?: string
  /** Asks for this login before it takes mail. Default: none. */
  readonly login?: { readonly username: string; readonly password: string }
  /** Answers each mail with this error after it has come in whole. */
  readonly refuse?: (raw: string) => Error | undefined
}

/** A real SMTP server on loopback with the certificate of the tests; gone with the test. */
export async function startMailServer(t: Test, options: MailServerOptions) {
  const { tls, address = '127.0.0.1', login, refuse } = options
  const mails: ReceivedMail[] = []
  let connections = 0
  const server = new SMTPServer({
    secure: tls === 'implicit',
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    authOptional: login === undefined,
    disabledCommands: [...(tls === 'none' ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections += 1
      done()
    },
    onAuth: ({ username, password }, _session, done) => {
      const right = username === login?.username && password === login?.password
      done(right ? null : new Error('Wrong login'), right ? { user: username } : undefined)
    },
    onData: (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1')
        const refusal = refuse?.(raw)
        if (refusal !== undefined) return done(refusal)
        const to = envelope.rcptTo.map(({ address }) => address)
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const name = typeof user === 'string' ? user : undefined
        mails.push({ to, from, encrypted: secure, user: name, ...readMail(raw), raw })
        done()
      })
    },
  })
  server.on('error', () => undefined)
  const listening = server.listen(0, address)
  await once(listening, 'listening')
  t.teardown(() => new Promise<void>(resolve => server.close(resolve)))
  const { port } = listening.address() as AddressInfo
  return {
    port,
    mails,
    /** How many connections there have been. */
    connections: () => connections,
    /** Ends every connection without a word. */
    hangUp: () => {
      for (const { _socket } of server.connections) _socket.destroy()
    },
  }
}

/** Reads as much of MIME (RFC 2045) as mails of this house have. */
function readMail(raw: string): Pick<ReceivedMail, 'headers' | 'text' | 'html'> {
  const { headers, body } = split(raw)
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1]
  if (boundary === undefined) return { headers, text: decode(headers, body), html: undefined }
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map(part => split(part.replace(/^\r\n/, '')))
  const partOf = (type: string) => parts.find(part => part.headers.get('content-type')?.startsWith(type))
  const [plain, html] = [partOf('text/plain'), partOf('text/html')]
  return {
    headers,
    text: plain ? decode(plain.headers, plain.body) : '',
    html: html && decode(html.headers, html.body),
  }
}

function split(text: string): { headers: Map<string, string>; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const lines = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = new Map(
    lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())] as const
    }),
  )
  return { headers, body: text.slice(end + 4) }
}

/** Encoded words of headers (RFC 2047). */
function words(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_all, kind: string, text: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString('latin1')
        : unescape(text.replaceAll('_', ' ')),
    )
    .replace(/[\u0080-\u00ff]+/g, bytes => Buffer.from(bytes, 'latin1').toString())
}

function decode(headers: ReadonlyMap<string, string>, body: string): string {
  const encoding = headers.get('content-transfer-encoding')
  const bytes =
    encoding === 'quoted-printable'
      ? Buffer.from(unescape(body.replace(/=\r\n/g, '')), 'latin1')
      : Buffer.from(body, encoding === 'base64' ? 'base64' : 'latin1')
  return bytes.toString().replaceAll('\r\n', '\n')
}

function unescape(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
