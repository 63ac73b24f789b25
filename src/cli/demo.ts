import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '../gateway.js'
import { hashPassword } from '../users/password-hash.js'
import type { Command } from './cli-io.js'
import { openStore, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { startSampleApp } from './sample-app.js'

const HELP = `gatehouse demo [--port 8080]

Runs the gateway on this machine alone, in front of a sample app that shows the request it received, with demo users.
Everything it writes is in a temporary folder, which is gone when the demo ends (Ctrl-C).
`

const USERS = [
  {
    name: 'alice',
    says: 'Alice Archer',
    groups: ['staff', 'ops'],
    mfa: 'enabled',
    note: 'asked for a second factor',
  },
  { name: 'bob', says: 'Bob Baker', groups: ['staff'], mfa: 'enabled', note: 'not in the group ops' },
  {
    name: 'kiosk',
    says: 'Lobby kiosk',
    groups: [],
    mfa: 'disabled',
    note: 'password only: opens /reports, nothing more',
  },
] as const

/** The command `demo`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, { port: { type: 'string', default: '8080' } })
  if (!parsed.ok) return parsed.code
  if (!/^[0-9]{1,5}$/.test(parsed.values.port) || Number(parsed.values.port) > 65_535) {
    io.stderr(`--port is a number from 0 to 65535, such as 8080.\n\n${HELP}`)
    return 2
  }
  const stopped = io.untilStopped()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'))
  const app = await startSampleApp()
  try {
    const port = await freePort(Number(parsed.values.port))
    const passwords = new Map(USERS.map(({ name }) => [name, `${name}-${io.random(3).toString('hex')}`]))
    writeFileSync(join(folder, 'users.yaml'), usersFile(passwords), { mode: 0o600 })
    writeFileSync(join(folder, 'gateway.yaml'), gatewayFile(port, app.url), { mode: 0o600 })
    const config = readConfig(join(folder, 'gateway.yaml'), io)
    if (config === undefined) return 1
    const log = (line: string): void => {
      if ((JSON.parse(line) as { level: number }).level >= 40) io.stderr(`${line}\n`)
    }
    const opened = openStore(config, io)
    const gateway = await createGateway({
      config,
      ...opened,
      now: io.now,
      random: io.random,
      environment: io.env,
      log,
    })
    await gateway.listen()
    io.stdout(welcome(config.publicUrl.origin, passwords))
    await stopped
    await gateway.close()
    return 0
  } finally {
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function gatewayFile(port: number, upstream: string): string {
  return `public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
upstream: ${upstream}
store: { embedded: ./data }
users: { file: users.yaml }
shutdown_timeout: 2s
routes:
  - path: /public/**
    access: public
  - path: /reports/**
    access: bypassed
    reason: the kiosk in the lobby has no phone
  - path: /ops/**
    access: required
    groups: [ops]
  - path: /vault/**
    access: required
    step_up: { max_age: 1m }
`
}

function usersFile(passwords: ReadonlyMap<string, string>): string {
  const entries = USERS.map(({ name, says, groups, mfa }) => {
    const hash = hashPassword(passwords.get(name) ?? '')
    return `  ${name}:
    displayname: ${says}
    email: ${name}@example.com
    groups: [${groups.join(', ')}]
    mfa: ${mfa}
    password: '${hash}'
`
  })
  return `users:\n${entries.join('')}`
}

function welcome(origin: string, passwords: ReadonlyMap<string, string>): string {
  const users = USERS.map(
    ({ name, note }) => `    ${name.padEnd(6)} ${(passwords.get(name) ?? '').padEnd(13)} ${note}`,
  )
  return `
  Gatehouse is running in front of a sample app:  ${origin}

  Users     Password
${users.join('\n')}

  Try
    ${origin}/public/hello    opens without a login
    ${origin}/reports         opens after the password
    ${origin}/                asks for the password and a second factor; alice and bob set one up
    ${origin}/ops             is for the group ops: alice gets in, bob does not
    ${origin}/vault           asks for the second factor again when the last one is older than a minute
    ${origin}/auth/account    sessions, factors, backup codes; add a passkey there and log in with it alone

  The app shows the request it received: look for Remote-User and Gatehouse-Assertion.
  Ctrl-C ends the demo and removes what it wrote.
`
}

/** The port when it is free, another free one otherwise. */
async function freePort(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(undefined))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
}
