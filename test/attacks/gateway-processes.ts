import type { Test } from 'tap'
import { freePort } from '../bench/free-port.js'
import { totpCode } from '../harness/authenticator.js'
import { startRecordingUpstream, webSocketEcho } from '../harness/recording-upstream.js'
import { runGatehouse } from '../journeys/gateway-process.js'
import {
  A_CODE,
  allWaysUsers,
  allWaysYaml,
  type Ask,
  createAsk,
  LONG_PASSWORD,
  messagesIn,
  SESSION_COOKIE,
} from './all-ways-gateway.js'

/** How many processes of the gateway share one store. */
export const PROCESSES = 3

/** How Alice logs in. */
export const KNOWN = { username: 'alice', password: LONG_PASSWORD }

/** Stands for a process that there is not. */
export const NO_PROCESS: Ask = () => Promise.reject(new Error('there is no process'))

/** A login that waits for its second factor. */
export interface Waiting {
  readonly challenge: string
  readonly cookies: Readonly<Record<string, string>>
}

export interface Processes {
  readonly ports: readonly number[]
  /** One for each process. */
  readonly asks: readonly Ask[]
  readonly message: ReturnType<typeof messagesIn>
  readonly backupCodes: string[]
  readonly totpKey: string
  readonly operator: (...words: string[]) => Promise<string>
}

/** Starts processes on one store, each with a configuration of its own that differs in nothing but its port. */
export async function startProcesses(t: Test): Promise<Processes> {
  const upstream = await startRecordingUpstream(t)
  upstream.answerWith(webSocketEcho)
  const ports: number[] = []
  for (let count = 0; count < PROCESSES; count++) ports.push(await freePort())
  const yaml = (port: number): string =>
    allWaysYaml(
      upstream.url,
      `listen: 127.0.0.1:${port}\nstore: { embedded: ./data }\nshutdown_timeout: 1s\n`,
    )
  const files = Object.fromEntries(ports.map((port, index) => [`gateway-${index}.yaml`, yaml(port)]))
  const folder = t.testdir({ ...files, 'users.yaml': await allWaysUsers() })
  for (const index of ports.keys()) {
    const program = runGatehouse(t, ['serve', '--config', `${folder}/gateway-${index}.yaml`])
    await program.says(/^Gatehouse listens on /m)
  }
  const asks = ports.map(port => createAsk(port))
  const message = messagesIn(`${folder}/messages.jsonl`)
  const operator = async (...words: string[]): Promise<string> => {
    const program = runGatehouse(t, [...words, '--config', `${folder}/gateway-0.yaml`])
    if ((await program.ended) !== 0) throw new Error(`${words.join(' ')}: ${program.output()}`)
    return program.output()
  }
  return { ports, asks, message, operator, ...(await setUp(asks[0], message)) }
}

/** Gives Alice an app and backup codes. */
async function setUp(ask: Ask | undefined, message: Processes['message']) {
  if (ask === undefined) throw new Error('there is no process')
  const login = await ask('/auth/login', { json: KNOWN })
  const { challenge } = login.json
  const partial = { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) }
  await ask('/auth/mfa/challenge', { json: { challenge, factor: 'sms' }, cookies: partial })
  const code = await message('sms', A_CODE)
  const verified = await ask('/auth/mfa/verify', {
    json: { challenge, factor: 'sms', code },
    cookies: partial,
  })
  const cookies = { [SESSION_COOKIE]: verified.cookie(SESSION_COOKIE) }
  const { json } = await ask('/auth/mfa/enrol/totp', { json: {}, cookies })
  const totpKey = String(json.secret)
  // The code of the step before: that of this one is still to be used.
  const first = { code: totpCode(totpKey, Date.now() - 30_000), name: 'app' }
  await ask('/auth/mfa/enrol/totp/confirm', { json: first, cookies })
  const codes = await ask('/auth/mfa/backup-codes', { json: {}, cookies })
  return { totpKey, backupCodes: [...(codes.json.backup_codes as string[])] }
}

/** The password, in a session or in token mode. */
export async function begin(ask: Ask, mode: 'session' | 'token', username = 'alice'): Promise<Waiting> {
  const reply = await ask('/auth/login', { json: { ...KNOWN, username, mode } })
  const session = reply.cookie(SESSION_COOKIE)
  return {
    challenge: String(reply.json.challenge),
    cookies: mode === 'session' ? { [SESSION_COOKIE]: session } : {},
  }
}
