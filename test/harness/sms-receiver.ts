import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A request of the webhook for text messages, as it came in. */
interface ReceivedText {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly to: string
  readonly text: string
  readonly id: string
}

/** What a receiver answers: a status, with headers if need be; undefined: nothing, ever. */
type Answer = { readonly status: number; readonly headers?: Record<string, string> } | undefined

/** A real HTTP server that takes text messages; gone with the test. */
export async function startSmsReceiver(
  t: Test,
  answer: (text: ReceivedText) => Answer | Promise<Answer> = () => ({ status: 204 }),
) {
  const texts: ReceivedText[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const { method, url: path, headers } = request
      const fields = JSON.parse(body === '' ? '{}' : body) as Pick<ReceivedText, 'to' | 'text' | 'id'>
      const received: ReceivedText = { method, path, headers, body, ...fields }
      texts.push(received)
      void Promise.resolve(answer(received)).then(given => {
        if (given !== undefined) response.writeHead(given.status, given.headers).end('thank you')
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  t.teardown(close)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/sms`, texts, close }
}
