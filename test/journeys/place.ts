import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { launchChromium } from '../chromium.js'
import { type DemoUser, PASSWORD, usersYaml } from '../harness/demo-users.js'
import type { TestClock } from '../harness/gateway.js'
import { startMailServer } from '../harness/mail-server.js'
import { startSmsReceiver } from '../harness/sms-receiver.js'
import type { TotpParameters } from '../../src/factors/totp-code.js'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { type GatewayProcess, installGateway, runGatehouse, serveGateway } from './gateway-process.js'
import { HOUSE } from './house.js'
import { movableClock } from './movable-clock.js'
import { createQuickPhone, type Phone } from './phone.js'
import { giveCode, logIn, readBackupCodes, readKey } from './window.js'

/** What a gateway that offers more than the usual ways in is set up with. */
export interface PlaceOptions {
  /** The value of `login.methods`. Default: a password. */
  readonly methods?: string
  /** The value of `mfa`. */
  readonly mfa: string
  /** Further lines of gateway.yaml. */
  readonly more?: string
}

/** A gateway in a process of its own, an app behind it, and real receivers of what it sends. */
export interface ServedPlace {
  readonly gateway: GatewayProcess
  readonly clock: TestClock
  readonly mailbox: Mailbox
  /** Waits for the text message that comes to a number after the first `from`, and gives its text. */
  readonly textTo: (phone: string, from?: number) => Promise<string>
  /** Runs a command of the operator to its end, and gives what it has written. Throws when it says no. */
  readonly operator: (...words: string[]) => Promise<string>
}

/** The same with a browser. */
export interface Place extends ServedPlace {
  readonly browser: Browser
}

/** What arrives at a mail server. */
interface Mailbox {
  /** How many mails there are for an address. */
  readonly count: (address: string) => number
  /** Waits for the newest mail for an address whose subject matches, after the first `from`, and gives its text. */
  readonly mail: (address: string, subject: RegExp, from?: number) => Promise<string>
}

/** The people of a place: each has a mail address, a telephone, and the usual password. */
const NAMES = ['ada', 'ben', 'cleo', 'dina', 'emil', 'fay', 'gus', 'hana']

/** A user's mail address at a place. */
export const mailOf = (name: string): string => `${name}@mail.example`
/** A user's number at a place. */
export const phoneOf = (name: string): string => `+4930123400${String(10 + NAMES.indexOf(name))}`

/** How long a message may take on a busy machine, in milliseconds. */
const PATIENCE = 15_000

/** Opens a place at `http://localhost`, where browsers have security keys without a certificate. */
export async function openPlace(t: Test, options: PlaceOptions): Promise<Place | undefined> {
  const browser = await launchChromium(t)
  return browser === undefined ? undefined : { browser, ...(await servePlace(t, options)) }
}

/** Opens a place for programs, which need no browser. */
export async function servePlace(t: Test, options: PlaceOptions): Promise<ServedPlace> {
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const { port, mails } = await startMailServer(t, { tls: 'none' })
  const sms = await startSmsReceiver(t)
  const people = NAMES.map((name): DemoUser => {
    const groups = ['staff']
    return { name, displayname: name, email: mailOf(name), phone: phoneOf(name), groups }
  })
  const installation = await installGateway(t, {
    upstream: app.url,
    tls: false,
    users: await usersYaml(people),
    more: `login: { methods: ${options.methods ?? '[password]'} }
mail: { from: gate@mail.example, smtp: { host: 127.0.0.1, port: ${port}, tls: none } }
sms: { webhook: { url: "${sms.url}", secret: "\${SMS_SECRET}" } }
mfa: ${options.mfa}
${options.more ?? ''}`,
  })
  const clock = movableClock(t, `${installation.folder}/clock`)
  const env = { SMS_SECRET: 'a secret of the tests that is long enough to sign with' }
  const gateway = await serveGateway(t, installation, { clock, env })
  const config = ['--config', `${installation.folder}/gateway.yaml`]
  return {
    gateway,
    clock,
    mailbox: {
      count: address => mails.filter(({ to }) => to.includes(address)).length,
      mail: async (address, subject, from = 0) => {
        const found = await arrival(`a mail to ${address} about ${String(subject)}`, () =>
          mails
            .filter(({ to }) => to.includes(address))
            .slice(from)
            .findLast(({ headers }) => subject.test(headers.get('subject') ?? '')),
        )
        return found.text
      },
    },
    textTo: async (phone, from = 0) => {
      const to = (): (typeof sms.texts)[number] | undefined =>
        sms.texts.filter(message => message.to === phone).slice(from)[0]
      return (await arrival(`a text message to ${phone}`, to)).text
    },
    operator: async (...words) => {
      const command = runGatehouse(t, [...words, ...config], { clock, env })
      if ((await command.ended) !== 0) throw new Error(`${words.join(' ')}: ${command.output()}`)
      return command.output()
    },
  }
}

/** Waits for what comes over a network, looking often. */
async function arrival<T>(what: string, find: () => T | undefined): Promise<T> {
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    const found = find()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`${what} has not come`)
}

/** What a first login leaves its owner with. */
export interface Enrolled {
  readonly phone: Phone
  readonly codes: readonly string[]
}

/** Logs in for the first time with an authenticator app. Ends at the app. */
export async function enrolApp(
  { gateway, clock }: Place,
  page: Page,
  user: string,
  parameters?: TotpParameters,
): Promise<Enrolled> {
  await page.goto(`${gateway.origin}/`)
  await logIn(page, user, PASSWORD)
  const phone = createQuickPhone(await readKey(page), clock, parameters)
  await giveCode(page, await phone.nextCode())
  const codes = await readBackupCodes(page)
  await page.getByRole('link', { name: 'I have kept them, continue' }).click()
  return { phone, codes }
}

/** The six digits of a message. */
export function codeIn(message: string): string {
  const code = /\b\d{6}\b/.exec(message)?.[0]
  if (code === undefined) throw new Error(`no code in: ${message}`)
  return code
}

/** The address in a message. */
export function linkIn(message: string): string {
  const link = /^https?:\/\/\S+$/m.exec(message)?.[0]
  if (link === undefined) throw new Error(`no link in: ${message}`)
  return link
}

/** What ends at one gateway has ended at the others of a house within this time, in milliseconds. */
const ENDS_WITHIN = HOUSE.gateways > 1 ? 1_000 : 0

/** Asks until the answer is as expected, for as long as an end may take to be everywhere. Gives the last answer. */
export async function onceEnded<T>(ask: () => Promise<T>, expected: T): Promise<T> {
  for (const end = performance.now() + ENDS_WITHIN; ;) {
    const asked = performance.now()
    const answer = await ask()
    if (answer === expected || asked >= end) return answer
  }
}

/** Logs out from wherever the page is. */
export async function logOut({ gateway }: Place, page: Page): Promise<void> {
  await page.goto(`${gateway.origin}/auth/logout`)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'You are logged out' }).waitFor()
}
