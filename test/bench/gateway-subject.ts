import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash } from '@node-rs/argon2'
import { generate } from 'otplib'
import { freePort } from './free-port.js'
import { startProgram } from './processes.js'
import type { Subject } from './subjects.js'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const PASSWORD = 'a password for the bench'

/**
 * Starts the built gateway with everything on, logs somebody in with password and second factor over its API, and
 * makes sure that the upstream is told who that is before anything is measured.
 */
export async function startGateway(upstreamPort: number, folder: string): Promise<Subject> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, configuration(origin, port, upstreamPort))
  writeFileSync(join(folder, 'users.yaml'), await users())
  const words = [MAIN, 'serve', '--config', file]
  const child = await startProgram(process.execPath, words, `${origin}/auth/health/live`)
  const headers = { host: `127.0.0.1:${port}`, cookie: `theme=dark; ${await logIn(origin)}` }
  const seen = await (await fetch(`${origin}/seen`, { headers })).text()
  if (!/^remote-user: alice\r$/im.test(seen) || !/^gatehouse-assertion: ey/im.test(seen)) {
    throw new Error(`the upstream was not told who is there:\n${seen}`)
  }
  return { child, target: { port, path: '/reports/2026', headers } }
}

/** 41 routes; the one that the load asks for is the last. */
function configuration(origin: string, port: number, upstreamPort: number): string {
  const others = Array.from(
    { length: 40 },
    (_, i) => `  - { path: /team-${i}/**, access: required, groups: [team-${i}, ops] }\n`,
  )
  return `public_url: ${origin}
listen: 127.0.0.1:${port}
upstream: http://127.0.0.1:${upstreamPort}
store: { embedded: ./data }
users: { file: users.yaml }
routes:
${others.join('')}  - { path: /reports/**, access: required, groups: [ops] }
`
}

async function users(): Promise<string> {
  return `users:
  alice:
    displayname: Alice
    email: alice@example.com
    password: "${await hash(PASSWORD)}"
    groups: [ops, readers, writers]
`
}

/** @returns the session cookie as `name=value` */
async function logIn(origin: string): Promise<string> {
  const first = await post(`${origin}/auth/login`, { username: 'alice', password: PASSWORD, mode: 'session' })
  const due = (await first.json()) as { challenge: string; enrolment?: { secret: string } }
  if (first.status !== 202 || due.enrolment === undefined) throw new Error(`login answered ${first.status}`)
  const code = await generate({ secret: due.enrolment.secret })
  const cookie = cookieOf(first)
  const second = await post(
    `${origin}/auth/mfa/verify`,
    { challenge: due.challenge, factor: 'totp', code },
    cookie === undefined ? {} : { cookie },
  )
  const session = cookieOf(second)
  if (second.status !== 200 || session === undefined)
    throw new Error(`the code was answered ${second.status}`)
  return session
}

function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  })
}

function cookieOf(answer: Response): string | undefined {
  return answer.headers.getSetCookie()[0]?.split(';')[0]
}
