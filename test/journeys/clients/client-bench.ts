import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { startSampleApp } from '../../../src/cli/sample-app.js'
import { start, until } from '../../cli/gatehouse-process.js'
import { type DemoUser, PASSWORD, usersYaml } from '../../harness/demo-users.js'
import { startMailServer } from '../../harness/mail-server.js'
import { startSmsReceiver } from '../../harness/sms-receiver.js'
import { type GatewayProcess, installGateway, runGatehouse, serveGateway } from '../gateway-process.js'
import { movableClock, type MovableClock } from '../movable-clock.js'
import { createQuickPhone, type Phone } from '../phone.js'

/** Debian's own Python: others on the machine do not see its packages. */
export const PYTHON = '/usr/bin/python3'

/** Why what needs PyJWT cannot run, or false when it can. For tap's `skip` option. */
export const noPyJwt: string | false =
  spawnSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' }).status !== 0 &&
  'python3-jwt is missing: apt-get install python3-jwt python3-cryptography'

/** Signs what is posted for text messages. */
export const SMS_SECRET = 'a secret of the tests that is long enough to sign with'

/** The address of a user who has one. */
export const mailOf = (name: string): string => `${name}@example.com`

/** Alice's number. */
export const PHONE = '+493012340016'

/** Who is known: each has something else to show. All have the usual password. */
const PEOPLE: readonly DemoUser[] = [
  { name: 'alice', displayname: 'Alice Example', groups: ['ops'], email: mailOf('alice'), phone: PHONE },
  { name: 'bob' },
  { name: 'carol', email: mailOf('carol') },
  { name: 'dave', phone: '+493012340017' },
  { name: 'erin', email: mailOf('erin'), phone: '+493012340018' },
]

const ROUTES = '[{ path: /reports/**, access: bypassed, reason: the kiosk has no phone }]'

/** What differs from a gateway with the usual second factors. */
export interface BenchOptions {
  /** The value of `mfa`. */
  readonly mfa?: string
  /** The value of `routes`. */
  readonly routes?: string
}

/** A gateway in a process of its own before a sample app, and real receivers of what it sends. */
export interface ClientBench {
  readonly gateway: GatewayProcess
  /** Without a trailing slash. */
  readonly origin: string
  /** A folder for what clients write. */
  readonly folder: string
  /** Moves the gateway's time, and that of the operator's commands. */
  readonly clock: MovableClock
  /** The text messages as they came in. */
  readonly texts: Awaited<ReturnType<typeof startSmsReceiver>>['texts']
  /** Waits for the first mail with a code or a link for an address, and gives its text. */
  readonly mailTo: (address: string) => Promise<string>
  /** Waits for the first text message to a number. */
  readonly textTo: (phone: string) => Promise<string>
  /** Runs a command of the operator, and gives what it has written. Throws when it says no. */
  readonly operator: (...words: string[]) => Promise<string>
}

/** Opens a bench at `http://localhost`: clients written in whatever language need no certificate for it. */
export async function openBench(t: Test, options: BenchOptions = {}): Promise<ClientBench> {
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const { port, mails } = await startMailServer(t, { tls: 'none' })
  const sms = await startSmsReceiver(t)
  const installation = await installGateway(t, {
    upstream: app.url,
    tls: false,
    users: await usersYaml(PEOPLE),
    more: `mail: { from: gate@example.com, smtp: { host: 127.0.0.1, port: ${port}, tls: none } }
sms: { webhook: { url: "${sms.url}", secret: "\${SMS_SECRET}" } }
mfa: ${options.mfa ?? '{}'}
routes: ${options.routes ?? ROUTES}`,
  })
  const { folder } = installation
  const clock = movableClock(t, `${folder}/clock`)
  const env = { SMS_SECRET }
  const gateway = await serveGateway(t, installation, { clock, env })
  return {
    gateway,
    origin: gateway.origin,
    folder,
    clock,
    texts: sms.texts,
    mailTo: async address => {
      const isIt = ({ to, headers }: (typeof mails)[number]): boolean =>
        to.includes(address) && /^Your (code|link) /.test(headers.get('subject') ?? '')
      return waitFor(`a code or a link for ${address}`, () => mails.find(isIt)?.text)
    },
    textTo: async phone =>
      waitFor(`a text message to ${phone}`, () => sms.texts.find(({ to }) => to === phone)?.text),
    operator: async (...words) => {
      const command = runGatehouse(t, [...words, '--config', `${folder}/gateway.yaml`], { clock, env })
      if ((await command.ended) !== 0) throw new Error(`${words.join(' ')}: ${command.output()}`)
      return command.output()
    },
  }
}

async function waitFor(what: string, find: () => string | undefined): Promise<string> {
  await until(what, () => find() !== undefined)
  return find() ?? ''
}

/** A client at work, and the person in front of it. */
export interface RunningClient {
  /**
   * Waits until the client has written something that matches, after what was waited for last, and types a line.
   * Throws when the client ends before that.
   */
  readonly answer: (
    question: RegExp,
    line: string | ((said: RegExpExecArray) => string | Promise<string>),
  ) => Promise<void>
  /** What it has written to its standard output so far. */
  readonly said: () => string
  /** Waits for the end, and gives what it has written to its standard output. Throws when it failed. */
  readonly finish: () => Promise<string>
  /** Waits for the end of one that has to fail, and gives what it has written to its standard error. */
  readonly fail: () => Promise<string>
}

/** Runs a client of this folder, or of another program, with the usual password in its environment. */
export function runClient(
  t: Test,
  folder: string,
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningClient {
  const { process: child, written, ended } = start(t, folder, program, words, { PASSWORD, ...env })
  let heard = 0
  let over = false
  void ended.finally(() => (over = true)).catch(() => undefined)
  const complaint = (): string => `${program} ${words.join(' ')}\n${written.out}\n${written.err}`
  return {
    answer: async (question, line) => {
      const hear = () => question.exec(written.out.slice(heard))
      await until(`the client says ${String(question)}`, () => hear() !== null || over)
      const said = hear()
      if (said === null) throw new Error(`has ended: ${complaint()}`)
      heard += said.index + said[0].length
      const typed = typeof line === 'string' ? line : await line(said)
      child.stdin?.write(`${typed}\n`)
    },
    said: () => written.out,
    finish: async () => {
      if ((await ended) !== 0) throw new Error(`has failed: ${complaint()}`)
      return written.out
    },
    fail: async () => {
      if ((await ended) === 0) throw new Error(`should have failed: ${complaint()}`)
      return written.err
    },
  }
}

/** Has the first login of a user enrol an authenticator app, and gives the phone with it. */
export async function enrol(t: Test, { folder, origin, clock }: ClientBench, user: string): Promise<Phone> {
  const program = runClient(t, folder, PYTHON, [client('two_step_totp.py'), origin, user, '/'])
  let phone: Phone | undefined
  await program.answer(/key: (\S+)\nCode: /, ([, key = '']) => {
    phone = createQuickPhone(key, clock)
    return phone.nextCode()
  })
  await program.finish()
  if (phone === undefined) throw new Error(`${user} has no phone`)
  return phone
}

/** The path of a client of this folder. */
export function client(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
