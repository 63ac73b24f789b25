import { STATUS_CODES } from 'node:http'
import type { ServerResponse } from 'node:http'

/** An answer of the gateway itself, as plain data. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Gives every answer of ours the header fields that all of them carry. */
export type AnswerHeaders = Readonly<Record<string, string>>

/**
 * What our pages may use of the browser (Permissions Policy, W3C): passkeys and codes from text messages, and the
 * clipboard for backup codes. Everything else that reaches for the person or the machine is off.
 */
const PERMISSIONS = [
  'publickey-credentials-get=(self)',
  'publickey-credentials-create=(self)',
  'otp-credentials=(self)',
  'clipboard-write=(self)',
  ...[
    'camera',
    'display-capture',
    'geolocation',
    'hid',
    'microphone',
    'midi',
    'payment',
    'serial',
    'usb',
  ].map(feature => `${feature}=()`),
].join(', ')

/**
 * The header fields of our own answers (OWASP ASVS 5.0, 3.4): never added to what an app answers.
 * @param secure whether people reach the gateway by https; only then HSTS means something
 */
export function ownAnswerHeaders(contentSecurityPolicy: string, secure: boolean): AnswerHeaders {
  return {
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': PERMISSIONS,
    'cache-control': 'no-store',
    ...(secure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}

export function htmlAnswer(status: number, html: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body: html }
}

export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

/** A redirect that keeps its method only for GET and HEAD: after a POST it is 303, never 307 (RFC 9700, section 4.12). */
export function redirectAnswer(method: string, location: string, headers: Answer['headers'] = {}): Answer {
  return {
    status: method === 'GET' || method === 'HEAD' ? 302 : 303,
    headers: { location, ...headers },
    body: '',
  }
}

/** How long the rest of a body is still taken that nobody reads, in milliseconds. */
const LINGER = 2_000

/**
 * Writes an answer where the framework is not in the way.
 * @param close ends the connection: what is left of the request is never read as a further one
 * @param unread a body is on its way: it is taken for a moment and thrown away, because a connection that is closed
 * over unread bytes is reset, and the client would lose the answer
 */
export function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  {
    own,
    close,
    unread,
    head,
  }: {
    readonly own: AnswerHeaders
    readonly close: boolean
    readonly unread: boolean
    readonly head: boolean
  },
): void {
  const body = Buffer.from(answer.body)
  if (close) response.shouldKeepAlive = false
  // In so many words: a reason of an upstream that could not be written is still kept by the response.
  response.writeHead(answer.status, STATUS_CODES[answer.status], {
    ...own,
    ...answer.headers,
    'content-length': String(body.length),
    ...(close ? { connection: 'close' } : {}),
  })
  const { req } = response
  if (!unread || req.complete || req.destroyed) {
    response.end(head ? undefined : body)
    return
  }
  if (head || body.length === 0) response.flushHeaders()
  else response.write(body)
  const timer = setTimeout(end, LINGER).unref()
  req.once('end', end).once('close', end).resume()
  function end(): void {
    clearTimeout(timer)
    response.end()
  }
}
