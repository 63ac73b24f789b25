import { type ClientHttp2Session, connect } from 'node:http2'
import { type LoadResult, type Span, startCount } from './count.js'
import { type LoadRequest, requestsOf, type Target } from './target.js'

/** Requests under way on one connection. */
const STREAMS = 8

/** Header fields of HTTP/1.1 that HTTP/2 has no room for (RFC 9113, section 8.2.2) or says otherwise. */
const NOT_IN_HTTP2 = new Set(['connection', 'host'])

/** Keeps so many requests of HTTP/2 over TLS under way. Rejects at any answer that is not expected. */
export function http2LoadOf(target: Target): (requests: number, span: Span) => Promise<LoadResult> {
  const told = requestsOf(target).map(headersOf)
  let asked = 0
  async function askNext(session: ClientHttp2Session): Promise<void> {
    const headers = told[asked % told.length]
    asked += 1
    const status = await answerTo(session, headers ?? {}, target.body)
    if (status !== (target.status ?? 200)) throw new Error(`not the expected answer: ${status}`)
  }
  return async (requests, span) => {
    const count = startCount(span)
    await onSessions(target, requests, async session => {
      do await askNext(session)
      while (count.answered())
    })
    return count.result()
  }
}

/** Does the same on each stream of so many sessions as it takes. */
async function onSessions(
  target: Target,
  requests: number,
  work: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const sessions = Array.from({ length: Math.max(1, Math.round(requests / STREAMS)) }, () =>
    connect(`https://127.0.0.1:${target.port}`, { rejectUnauthorized: false }),
  )
  try {
    await Promise.all(
      sessions.flatMap(session => {
        const broken = new Promise<never>((_resolve, reject) => session.once('error', reject))
        return Array.from({ length: STREAMS }, () => Promise.race([work(session), broken]))
      }),
    )
  } finally {
    for (const session of sessions) session.destroy()
  }
}

function headersOf({ method, path, headers }: LoadRequest): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(([name]) => !NOT_IN_HTTP2.has(name))
  const pseudo = { ':method': method, ':path': path, ':authority': headers.host ?? 'localhost' }
  return { ...pseudo, ...Object.fromEntries(kept) }
}

/** @returns the status, once the answer is complete */
function answerTo(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0
    const stream = session.request(headers, { endStream: body === undefined })
    stream.on('response', answer => {
      status = answer[':status'] ?? 0
    })
    stream.on('end', () => resolve(status))
    stream.on('error', reject)
    stream.resume()
    if (body !== undefined) stream.end(body)
  })
}
