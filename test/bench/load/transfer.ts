import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Target } from './target.js'

/** Which way a body goes: from the app to the client, or from the client to the app. */
export type Direction = 'down' | 'up'

/** The body that is transferred, in bytes: 100 MB. The app gives this much at `/big`. */
export const BIG = 100_000_000

const PIECE = Buffer.alloc(64 * 1024, 'x')

/** Transfers one big body. Rejects when it is not answered 200, or not all of it comes. */
export async function transfer({ port, headers }: Target, direction: Direction): Promise<void> {
  const asked = request({
    host: '127.0.0.1',
    port,
    method: direction === 'up' ? 'POST' : 'GET',
    path: direction === 'up' ? '/reports/upload' : '/reports/big',
    headers: direction === 'up' ? { ...headers, 'content-length': BIG } : headers,
    agent: false,
  })
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>
  if (direction === 'up') await sendBody(asked)
  asked.end()
  const [answer] = await answered
  let received = 0
  answer.on('data', (piece: Buffer) => (received += piece.length))
  await once(answer, 'end')
  if (answer.statusCode !== 200) throw new Error(`a body ${direction} was answered ${answer.statusCode ?? 0}`)
  if (direction === 'down' && received !== BIG) throw new Error(`of ${BIG} bytes came ${received}`)
}

async function sendBody(stream: NodeJS.WritableStream): Promise<void> {
  for (let sent = 0; sent < BIG; sent += PIECE.length) {
    if (!stream.write(PIECE.subarray(0, BIG - sent))) await once(stream, 'drain')
  }
}
