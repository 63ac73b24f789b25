// Strangers who log in with random names from random addresses at a port: `PORT RATE`. Told "begin", they come so many
// a second; told "end", no more come, and when the last one is answered it sends how many answers of each status there
// were.
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'

const [port = '', rate = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: 200 })
let statuses: Record<string, number> = {}
let waiting = 0
let timer: NodeJS.Timeout | undefined
let isEnding = false

process.send?.(Number(port))
process.on('message', told => {
  if (told === 'begin') begin()
  else {
    clearInterval(timer)
    isEnding = true
    tellWhenDone()
  }
})
process.once('disconnect', () => process.exit())

function begin(): void {
  const begun = performance.now()
  let sent = 0
  statuses = {}
  isEnding = false
  timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * Number(rate)
    for (; sent < due; sent += 1) logIn()
  }, 5)
}

function tellWhenDone(): void {
  if (isEnding && waiting === 0) process.send?.(statuses)
}

function logIn(): void {
  const body = JSON.stringify({ username: randomBytes(6).toString('hex'), password: 'wrong', mode: 'token' })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-forwarded-for': `10.${randomBytes(3).join('.')}`,
  }
  waiting += 1
  const done = (): void => {
    waiting -= 1
    tellWhenDone()
  }
  request({ host: '127.0.0.1', port, path: '/auth/login', method: 'POST', agent, headers }, answer => {
    const status = String(answer.statusCode)
    statuses[status] = (statuses[status] ?? 0) + 1
    answer.resume().on('close', done)
  })
    .on('error', done)
    .end(body)
}
