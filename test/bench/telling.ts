// Whether the time of an answer tells who exists: TELLING_TIMES wrong passwords (default 100) for each of four kinds
// of names, interleaved, one at a time, through the front door of the built gateway.
// Run: npm run bench builds it; then node bench-results/build/telling.js
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash } from '@node-rs/argon2'
import { generate } from 'otplib'
import { answersAt } from './asking.js'
import { freePort } from './free-port.js'
import { endAll, startProgram } from './processes.js'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const PASSWORD = 'a password for the bench'
const TIMES = Number(process.env.TELLING_TIMES ?? '100')
/** As many people of each kind as needed: nobody is asked for so often that he is throttled. */
const PEOPLE = Math.ceil(TIMES / 3)
/** Least milliseconds between two tries. */
const LEAST_APART = 65
const KINDS = ['unknown', 'with a second factor', 'without one', 'disabled'] as const
const nameOf = (kind: number, number: number): string =>
  `${['ghost', 'alice', 'bobby', 'carol'][kind]}${number}`

let clients = 0
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const port = await freePort()
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-telling-'))
try {
  const origin = `http://127.0.0.1:${port}`
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `public_url: ${origin}\nlisten: 127.0.0.1:${port}\nupstream: http://127.0.0.1:1\n` +
      'trusted_proxies: [127.0.0.1]\nusers: { file: users.yaml }\n',
  )
  writeFileSync(join(folder, 'users.yaml'), JSON.stringify({ users: await people() }))
  await startProgram(
    process.execPath,
    [MAIN, 'serve', '--config', file],
    answersAt(`${origin}/auth/health/live`),
  )
  for (let number = 0; number < PEOPLE; number += 1) await enrol(nameOf(1, number))
  const times = KINDS.map((): number[] => [])
  for (let round = 0; round < TIMES; round += 1) {
    for (const [index] of KINDS.entries()) {
      // Another order each time, so that no kind has always the same one before it.
      const kind = (index + round) % KINDS.length
      const begun = performance.now()
      const { status } = await post('/auth/login', {
        username: nameOf(kind, round % PEOPLE),
        password: 'a wrong password',
        mode: 'session',
      })
      times[kind]?.push(performance.now() - begun)
      // All accounts together have a thousand failures a minute.
      await new Promise(resolve => setTimeout(resolve, begun + LEAST_APART - performance.now()))
      if (status !== 401) throw new Error(`${nameOf(kind, round % PEOPLE)} was answered ${status}`)
    }
  }
  report(times)
} finally {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
}

async function people(): Promise<Readonly<Record<string, object>>> {
  const users: Record<string, object> = {}
  for (let number = 0; number < PEOPLE; number += 1) {
    for (const kind of [1, 2, 3]) {
      const name = nameOf(kind, number)
      users[name] = { displayname: name, password: await hash(PASSWORD), disabled: kind === 3 }
    }
  }
  return users
}

async function enrol(username: string): Promise<void> {
  const first = await post('/auth/login', { username, password: PASSWORD, mode: 'token' })
  const { challenge, enrolment } = first.json as { challenge: string; enrolment: { secret: string } }
  const code = await generate({ secret: enrolment.secret })
  const second = await post('/auth/mfa/verify', { challenge, factor: 'totp', code })
  if (second.status !== 200) throw new Error(`the code of ${username} was answered ${second.status}`)
}

/** Each request is another client's, because addresses are counted too. */
function post(
  path: string,
  body: object,
): Promise<{ readonly status: number | undefined; readonly json: unknown }> {
  clients += 1
  const text = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    'x-forwarded-for': `10.${(clients >> 16) & 255}.${(clients >> 8) & 255}.${clients & 255}`,
  }
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, answer => {
      let said = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (said += piece))
      answer.on('end', () => {
        resolve({ status: answer.statusCode, json: said.startsWith('{') ? JSON.parse(said) : {} })
      })
    })
    asked.on('error', reject).end(text)
  })
}

function report(times: readonly (readonly number[])[]): void {
  const at = (numbers: readonly number[], share: number): number =>
    [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * share)] ?? Number.NaN
  const base = at(times[0] ?? [], 0.5)
  console.log(`| ${TIMES} wrong passwords each | median (ms) | to unknown (ms) | p90 (ms) |`)
  console.log('| --- | ---: | ---: | ---: |')
  for (const [index, kind] of KINDS.entries()) {
    const own = times[index] ?? []
    const median = at(own, 0.5)
    const cells = [median, median - base, at(own, 0.9)].map(number => number.toFixed(2))
    console.log(`| ${kind} | ${cells.join(' | ')} |`)
  }
}
