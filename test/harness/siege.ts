import type { Test } from 'tap'
import { HOST } from './gateway.js'
import type { TestGateway } from './gateway.js'
import { exchange, headerOf, openRaw } from './raw-client.js'
import type { RecordedRequest, RecordingUpstream } from './recording-upstream.js'

/** A gateway under attack and the app that it protects. */
export interface Siege {
  readonly gateway: TestGateway
  readonly upstream: RecordingUpstream
}

/** A GET as bytes. `lines` are further header lines; the target may hold any character of UTF-8. */
export function get(target: string, lines: readonly string[] = [], host: string = HOST): string {
  return head('GET', target, [`Host: ${host}`, ...lines])
}

/** A request head as bytes (Latin-1), the target written as UTF-8. */
export function head(method: string, target: string, lines: readonly string[]): string {
  const path = Buffer.from(target).toString('latin1')
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

/**
 * Sends bytes that must be refused: not a byte upstream, and the next request on a new connection works. A
 * connection that is not closed with the answer must still be in step: the next answer on it is the next request's.
 * @param accept which statuses are a refusal; default: 4xx
 */
export async function expectRefused(
  t: Test,
  siege: Siege,
  bytes: string | Buffer,
  accept: (status: number) => boolean = status => status >= 400 && status < 500,
): Promise<void> {
  siege.upstream.forget()
  const connection = await openRaw(siege.gateway)
  try {
    connection.write(bytes)
    const answer = await connection.answer()
    t.ok(accept(answer?.status ?? 0), `refused with ${answer?.statusLine ?? 'nothing'}`)
    if (headerOf(answer, 'connection').some(value => value.toLowerCase() === 'close')) {
      t.ok(await connection.closed(), 'the gateway closed the connection')
      t.equal(connection.rest().length, 0, 'and said no more')
    } else {
      connection.write(head('TRACE', '/in-step', [`Host: ${HOST}`]))
      t.equal((await connection.answer())?.status, 405, 'the connection is still in step')
    }
  } finally {
    connection.destroy()
  }
  await expectNothingReached(t, siege)
}

/** Proves that no byte reached the app, and that the gateway still serves somebody else. */
async function expectNothingReached(t: Test, siege: Siege): Promise<void> {
  t.equal(siege.upstream.received().length, 0, 'not a byte went upstream')
  t.same(await expectAlive(t, siege), [], 'no request reached the app')
}

/** Proves that the gateway still serves, and gives the requests that the app had got until then. */
export async function expectAlive(t: Test, siege: Siege): Promise<readonly RecordedRequest[]> {
  siege.upstream.answerWith((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive')
  })
  const { answers } = await exchange(siege.gateway, get('/public/sentinel'), { answers: 1 })
  t.equal(answers[0]?.status, 200, 'the next request on a new connection works')
  const reached = siege.upstream.requests
  t.equal(reached.at(-1)?.target, '/public/sentinel', 'and reaches the app')
  const before = reached.slice(0, -1)
  siege.upstream.forget()
  return before
}
