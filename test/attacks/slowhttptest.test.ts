import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { startGateway } from '../harness/gateway.js'

/** How long each kind of attack lasts; `SLOW_SECONDS=60` for a siege in earnest. */
const SECONDS = Number(process.env.SLOW_SECONDS ?? '10')
const CONNECTIONS = 1_000
const HONEST_USERS = 8
/** How long an honest user waits, in milliseconds: long, because all of this shares one machine. */
const PATIENCE = Number(process.env.PATIENCE ?? 20_000)

const isHere = spawnSync('slowhttptest', ['-h']).error === undefined
const skip = isHere ? false : 'slowhttptest is not here'

/** Far more than a slow reader takes, and little enough that a thousand of them are no flood of bytes. */
const BIG = Buffer.alloc(512 * 1024, 'x')
const app = createServer((incoming, answer) => {
  if (incoming.url === '/public/big') answer.end(BIG)
  else if (incoming.method === 'POST') incoming.resume().on('end', () => answer.end('taken'))
  else answer.end('page')
})
await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
t.teardown(() => {
  app.closeAllConnections()
  app.close()
})

const gateway = await startGateway(t, {
  yaml: `public_url: http://localhost
upstream: http://127.0.0.1:${(app.address() as AddressInfo).port}
users: { file: users.yaml }
limits: { stalled_after: 5s }
routes: [{ path: /public/**, access: public }]
`,
  tls: false,
})

/** The kinds of attack by the options of slowhttptest, and where they go. */
const KINDS: Readonly<Record<string, readonly [path: string, ...options: string[]]>> = {
  'slow heads (-H)': ['/public/page', '-H', '-i', '3', '-x', '24'],
  'slow bodies to an app (-B)': ['/public/upload', '-B', '-i', '10', '-s', '8192', '-x', '10'],
  'slow bodies to the login (-B)': ['/auth/login', '-B', '-i', '3', '-s', '8192', '-x', '10'],
  'slow readers (-X)': ['/public/big', '-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '1'],
}

for (const [name, [path, ...options]] of Object.entries(KINDS)) {
  await t.test(`l1: honest users work beside ${CONNECTIONS} connections of ${name}`, { skip }, async t => {
    const before = process.memoryUsage().rss
    const attack = spawn('slowhttptest', [
      ...options,
      ...['-c', String(CONNECTIONS), '-r', '500', '-l', String(SECONDS), '-p', '3'],
      ...['-u', `http://localhost:${gateway.port}${path}`],
    ])
    let said = ''
    attack.stdout.setEncoding('utf8').on('data', (text: string) => (said += stripVTControlCharacters(text)))
    const over = once(attack, 'exit')
    let running = true
    void over.then(() => (running = false))
    const honest = { right: 0, wrong: 0, times: [] as number[] }
    const user = async (): Promise<void> => {
      while (running) {
        const begun = performance.now()
        if (await isServed('/public/page')) honest.right += 1
        else honest.wrong += 1
        honest.times.push(performance.now() - begun)
      }
    }
    await Promise.all([over, ...Array.from({ length: HONEST_USERS }, user)])
    const most = (what: string): number =>
      Math.max(0, ...[...said.matchAll(new RegExp(`${what}:\\s+(\\d+)`, 'g'))].map(match => Number(match[1])))
    const [connected, closed] = [most('connected'), most('closed')]
    const allClosed = said.includes('No open connections left')
    t.ok(
      allClosed || connected + closed >= CONNECTIONS * 0.8,
      `the attack was one: ${connected} open, ${closed} closed`,
    )
    const { right, wrong } = honest
    t.ok(right / (right + wrong) >= 0.999, `${right} of ${right + wrong} requests were served`)
    const grown = (process.memoryUsage().rss - before) / 1_048_576
    t.ok(grown < 600, `memory grew by ${grown.toFixed(0)} MB`)
    const sorted = honest.times.sort((a, b) => a - b)
    const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)
    t.comment(`median ${at(0.5)} ms, p99 ${at(0.99)} ms`)
  })
}

/** One request over a connection of its own, answered with 200. */
function isServed(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const options = { host: '127.0.0.1', port: gateway.port, path, agent: false, timeout: PATIENCE }
    const asked = request({ ...options, headers: { Host: 'localhost' } }, answer => {
      answer.resume().on('end', () => resolve(answer.statusCode === 200))
    })
    asked.on('timeout', () => asked.destroy(new Error('too slow')))
    asked.on('error', () => resolve(false))
    asked.end()
  })
}
