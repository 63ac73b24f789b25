import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { requestBytes, requestsOf, type Target } from './target.js'

/** A connection of HTTP/1.1 that has one request under way at most. */
export interface LoadConnection {
  /** Sends the next request of the target. */
  readonly send: () => void
  readonly close: () => void
}

/** What opens connections to one target. They share its requests: each sends the next one in turn. */
export type OpenConnection = (onBroken: (error: Error) => void, onAnswer: () => void) => LoadConnection

/**
 * Written over plain sockets: a client library would use more of the second core than the subjects use of the first.
 * A connection is broken by an answer with another status, by one that is not as long as its first, and when it ends.
 */
export function connectionsTo(target: Target): OpenConnection {
  const requests = requestsOf(target).map(requestBytes)
  const right = Buffer.from(`HTTP/1.1 ${target.status ?? 200} `)
  let next = 0
  return (onBroken, onAnswer) => {
    const socket =
      target.protocol === 'https'
        ? connectTls({ port: target.port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect(target.port, '127.0.0.1')
    let received: Buffer = Buffer.alloc(0)
    let expected: number | undefined
    let isClosed = false
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      expected ??= answerLength(received)
      if (expected === undefined || received.length < expected) return
      if (received.length > expected || !received.subarray(0, right.length).equals(right)) {
        socket.destroy(new Error(`not the expected answer: ${received.toString('latin1', 0, 400)}`))
        return
      }
      received = Buffer.alloc(0)
      onAnswer()
    })
    socket.once('error', onBroken)
    socket.once('close', () => {
      if (!isClosed) onBroken(new Error('a connection was closed in the middle of the load'))
    })
    return {
      send: () => {
        const request = requests[next % requests.length]
        next += 1
        if (request !== undefined) socket.write(request)
      },
      close: () => {
        isClosed = true
        socket.destroy()
      },
    }
  }
}

/**
 * Length of head and body, once the head is complete. Read from the first answer of a connection only: the others
 * are the same, and a connection that gets another length ends the bench.
 */
function answerLength(received: Buffer): number | undefined {
  const text = received.toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  if (length === undefined) throw new Error(`an answer without Content-Length: ${text.slice(0, 400)}`)
  return headEnd + 4 + Number(length)
}
