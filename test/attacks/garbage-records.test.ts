import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import t from 'tap'
import { HOST, SECOND, startGateway } from '../harness/gateway.js'
import { usersYaml } from '../harness/demo-users.js'
import { RECORD_KINDS } from '../../src/store/store.js'

/** `GARBAGE_REQUESTS=1000000` for a siege in earnest. */
const REQUESTS = Number(process.env.GARBAGE_REQUESTS ?? '10000')
const MINUTE = 60 * SECOND
/** Two records for each name that was tried, and what is capped by the minute. */
const MOST = REQUESTS / 2 + 15_000

const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
upstream: http://127.0.0.1:1
trusted_proxies: [127.0.0.1]
users: { file: users.yaml }
login: { methods: [password, passkey, email, sms, link] }
mail: { from: gate@app.example, file: mails.jsonl }
sms: { file: texts.jsonl }
tokens: { algorithm: ES256 }
`,
  users: await usersYaml([{ name: 'alice', email: 'alice@app.example' }]),
  tls: false,
})
const agent = new Agent({ keepAlive: true, maxSockets: 16 })
t.teardown(() => agent.destroy())

const secret = (): string => randomBytes(32).toString('base64url')
const jwt = (): string => `${secret()}.${secret()}.${secret()}`
const name = (): string => randomBytes(9).toString('hex')

/** What strangers send: nothing of it was ever given out. */
const GARBAGE: readonly (() => { path: string; json?: object; headers?: Record<string, string> })[] = [
  () => ({ path: '/page', headers: { Cookie: `__Host-gatehouse=${secret()}` } }),
  () => ({ path: '/page', headers: { Authorization: `Bearer ${jwt()}` } }),
  () => ({ path: '/page', headers: { Authorization: `Bearer gh_${secret()}` } }),
  () => ({
    path: '/page',
    headers: { Authorization: `Basic ${Buffer.from(`${name()}:gh_${secret()}`).toString('base64')}` },
  }),
  () => ({ path: '/auth/session', headers: { Cookie: `__Host-gatehouse=${secret()}` } }),
  () => ({ path: '/auth/login', json: { username: name(), password: name(), mode: 'token' } }),
  () => ({ path: '/auth/login', json: { username: name(), password: name(), mode: 'session' } }),
  () => ({ path: '/auth/stateless/login', json: { username: name(), password: name() } }),
  () => ({ path: '/auth/challenge/get', json: { username: name(), password: name() } }),
  () => ({ path: '/auth/otp/send', json: { channel: 'email', to: `${name()}@app.example` } }),
  () => ({ path: '/auth/link/send', json: { to: `${name()}@app.example` } }),
  () => ({ path: '/auth/otp/authenticate', json: { id: secret(), code: '123456' } }),
  () => ({ path: '/auth/link/authenticate', json: { id: secret(), code: '123456' } }),
  () => ({ path: '/auth/passkey/options', json: {} }),
  () => ({ path: '/auth/mfa/verify', json: { challenge: secret(), factor: 'totp', code: '123456' } }),
  () => ({ path: '/auth/token/refresh', json: { refresh_token: secret() } }),
]

let sent = 0

function send(): Promise<number> {
  const make = GARBAGE[sent % GARBAGE.length]
  sent += 1
  const { path, json, headers } = make?.() ?? { path: '/' }
  const body = json === undefined ? undefined : JSON.stringify(json)
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: gateway.port,
        agent,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          Host: HOST,
          'X-Forwarded-Proto': 'https',
          'X-Forwarded-For': `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`,
          ...(body === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      answer => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
    )
    asked.on('error', reject).end(body)
  })
}

interface Census {
  readonly all: number
  /** Records that live until somebody deletes them, by their kind. */
  readonly lasting: Readonly<Record<string, number>>
  readonly byKind: Readonly<Record<string, number>>
  readonly longestId: number
}

async function count(): Promise<Census> {
  const lasting: Record<string, number> = {}
  const byKind: Record<string, number> = {}
  let longestId = 0
  for (const kind of RECORD_KINDS) {
    for await (const { key, expiresAt } of gateway.store.each(kind)) {
      byKind[kind] = (byKind[kind] ?? 0) + 1
      if (expiresAt === undefined) lasting[kind] = (lasting[kind] ?? 0) + 1
      longestId = Math.max(longestId, key.id.length)
    }
  }
  const all = Object.values(byKind).reduce((sum, number) => sum + number, 0)
  return { all, lasting, byKind, longestId }
}

t.test('l8: garbage of strangers leaves a bounded number of records, each with an end', async t => {
  const before = await count()
  const statuses = new Map<number, number>()
  const stranger = async (): Promise<void> => {
    while (sent < REQUESTS) {
      const status = await send()
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 16 }, stranger))
  const after = await count()
  t.comment(`${sent} requests: ${JSON.stringify(Object.fromEntries(statuses))}`)
  t.comment(`records: ${JSON.stringify(after.byKind)}`)
  t.same(after.lasting, before.lasting, 'none of them lives for ever')
  t.ok(after.longestId < 150, `an id has ${after.longestId} characters at most, whatever was typed`)
  t.ok(after.all < MOST, `${after.all} records after ${REQUESTS} requests`)
  // The clock stands still: what is capped by the minute is full by now.
  const begun = ({ byKind }: Census): number => (byKind.one_time_code ?? 0) + (byKind.sent_codes ?? 0)
  const until = sent + 800
  while (sent < until) await Promise.all(Array.from({ length: 16 }, send))
  const later = await count()
  t.comment(`records after 800 more within the same minute: ${JSON.stringify(later.byKind)}`)
  t.equal(begun(later), begun(after), 'of what strangers ask for there is a number by the minute')
  gateway.clock.advance(25 * 60 * MINUTE)
  t.same((await count()).byKind, before.lasting, 'after a day nothing is left of them')
})
