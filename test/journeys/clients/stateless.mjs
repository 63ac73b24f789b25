#!/usr/bin/env node
// Logs in without keeping anything between requests: 401, challenge, answer, token, login.
//
//   PASSWORD=... stateless.mjs GATEWAY USER [AUTH_TYPE] [--old]
//
// AUTH_TYPE chooses another factor than the gateway proposes. --old sends the header of clients from before it had a
// scheme. Needs nothing but Node.
import { createInterface } from 'node:readline/promises'

const [gateway, username, ...rest] = process.argv.slice(2)
const wanted = rest.find(word => !word.startsWith('--'))
const { PASSWORD: password } = process.env

async function post(path, body, headers = {}) {
  const answer = await fetch(`${gateway}/auth${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ username, password, ...body }),
  })
  return { status: answer.status, headers: answer.headers, json: await answer.json() }
}

function must({ status, json }) {
  if (status === 200) return json
  console.error(`${status} ${json.reason}: ${json.detail}`)
  process.exit(1)
}

// 1. Without a token: the 401 says which factor is due.
const refused = await post('/stateless/login')
const asked = refused.headers.get('WWW-Authenticate')
console.log(refused.status, asked)
const proposed = /^MFA authType="([A-Z]+)", realm="[^"]*"$/.exec(asked)?.[1]
const authType = wanted ?? proposed

// 2. A challenge; a code by text message or e-mail is sent now.
const challenge = must(await post('/challenge/get', wanted === undefined ? {} : { auth_type: wanted }))
console.log('challenge:', challenge.auth_type, challenge.target ?? challenge.question ?? '')

// 3. The answer gives a token for one login.
const terminal = createInterface({ input: process.stdin, output: process.stdout })
const response = await terminal.question('Code: ')
terminal.close()
const { token } = must(await post('/challenge/verify', { id: challenge.id, response }))

// 4. The same login again, with the token.
const header = rest.includes('--old')
  ? `authType="${authType}" token="${token}"`
  : `MFA authType="${authType}", token="${token}"`
const tokens = must(await post('/stateless/login', {}, { Authorization: header }))
console.log('amr:', tokens.amr.join(' '))
const page = await fetch(`${gateway}/orders`, { headers: { Authorization: `Bearer ${tokens.access_token}` } })
console.log('orders:', page.status)

// The token was good for that one login.
const again = await post('/stateless/login', {}, { Authorization: header })
console.log('again:', again.status, again.headers.get('WWW-Authenticate'))
