import { connect, type Socket } from 'node:net'

/** Where the load goes, and what every request says. */
export interface Target {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a load of some seconds saw. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
}

const OK = Buffer.from('HTTP/1.1 200 ')

/** What a browser says with every request, besides the cookie. */
const BROWSER_HEADERS = {
  connection: 'keep-alive',
  'sec-ch-ua': '"Chromium";v="156", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'upgrade-insecure-requests': '1',
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9',
}

/**
 * Keeps one request under way on each connection for some seconds. Written over plain sockets: a client library
 * would use more of the second core than the subjects use of the first.
 * Throws at any answer that is not 200 or not as long as the first, and when a connection ends.
 */
export async function load(target: Target, connections: number, seconds: number): Promise<LoadResult> {
  const request = requestBytes(target)
  const started = performance.now()
  const end = started + seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: connections }, () => runConnection(target.port, request, end)),
  )
  return {
    requests: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - started) / 1000,
  }
}

function requestBytes({ path, headers }: Target): Buffer {
  const lines = Object.entries({ ...headers, ...BROWSER_HEADERS }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
}

function runConnection(port: number, request: Buffer, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let answers = 0
    let received: Buffer = Buffer.alloc(0)
    let expected: number | undefined
    socket.setNoDelay(true)
    socket.once('connect', () => socket.write(request))
    socket.on('data', chunk => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      expected ??= answerLength(received)
      if (expected === undefined || received.length < expected) return
      if (received.length > expected || !received.subarray(0, OK.length).equals(OK)) {
        socket.destroy(new Error(`not the expected answer: ${received.toString('latin1', 0, 400)}`))
        return
      }
      received = Buffer.alloc(0)
      answers += 1
      if (performance.now() < end) socket.write(request)
      else {
        resolve(answers)
        socket.destroy()
      }
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('a connection was closed in the middle of the load')))
  })
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
