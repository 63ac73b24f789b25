import { setTimeout as sleep } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import { createPerson } from '../harness/person.js'
import type { Person, Reply } from '../harness/person.js'
import { installGateway, serveGateway } from './gateway-process.js'
import { HOUSE } from './house.js'
import type { GatewayProcess } from './gateway-process.js'

/** A hash that looks at a part of the password only is never renewed, so these logins stay cheap. */
const LONG_PASSWORD = 'correct horse battery staple '.repeat(3)

/** Two gateways die this often each: 50 times in all, or as near to that as houses of several come. */
const DEATHS = Math.ceil(25 / HOUSE.gateways)
/** How many people enrol and log in at the same time. */
const CROWD = 4
/** How many requests the story of one person has, if nothing interrupts it. */
const REQUESTS = 8
const STEP = 30_000

// Both machines' cores have something to do.
t.jobs = 2
for (const house of ['one', 'another']) {
  t.test(
    `l15: kill -9 of ${house} gateway, ${DEATHS} times`,
    { skip: noAuthenticator, buffered: true },
    async t => {
      const crowds = Array.from({ length: DEATHS }, (_, death) => newCrowd(death))
      const password = await hash(LONG_PASSWORD, { cost: 4 })
      const entries = crowds
        .flat()
        .map(({ name }) => `  ${name}: { displayname: X, password: '${password}' }\n`)
      const users = `users:\n${entries.join('')}`
      const more = 'trusted_proxies: [127.0.0.1/32]\n'
      const place = await installGateway(t, { upstream: 'http://127.0.0.1:1', more, users })
      let lastCrowd: readonly Story[] = []
      for (const crowd of crowds) {
        const gateway = await serveGateway(t, place)
        await Promise.all(lastCrowd.map(story => checkStory(t, gateway, story)))
        await killAmidst(t, gateway, crowd)
        lastCrowd = crowd
      }
      const gateway = await serveGateway(t, place)
      await Promise.all(lastCrowd.map(story => checkStory(t, gateway, story)))

      const stories = crowds.flat()
      const count = (has: (story: Story) => boolean): number => stories.filter(has).length
      const enrolled = count(story => story.backupCodes !== undefined)
      const interrupted = count(story => story.inFlight !== undefined)
      t.comment(`${stories.length} people, ${enrolled} enrolments confirmed, ${interrupted} codes in flight`)
      t.ok(enrolled >= DEATHS && interrupted >= DEATHS / 5, 'the deaths came in the middle of it')
    },
  )
}

/** A code as it was sent. */
interface SentCode {
  readonly factor: 'totp' | 'backup_code'
  readonly code: string
}

/** What one person did, and what the gateway has confirmed of it. */
interface Story {
  readonly name: string
  /** An address of their own, so that nobody is slowed down by the others' failures. */
  readonly address: string
  /** The key in their authenticator app, from the moment they saw it. */
  key: string | undefined
  /** They have seen these: the enrolment was confirmed. */
  backupCodes: readonly string[] | undefined
  /** Codes whose use was confirmed. */
  readonly spent: SentCode[]
  /** The code whose answer never came. */
  inFlight: SentCode | undefined
}

function newCrowd(death: number): readonly Story[] {
  return Array.from({ length: CROWD }, (_, index) => ({
    name: `person-${death}-${index}`,
    address: `10.0.${death}.${index}`,
    key: undefined,
    backupCodes: undefined,
    spent: [],
    inFlight: undefined,
  }))
}

/** Lets the crowd enrol and log in, and kills the gateway at a random moment of that. */
async function killAmidst(t: Test, gateway: GatewayProcess, crowd: readonly Story[]): Promise<void> {
  // Moments are counted in requests, not in time: a busy machine has them all the same.
  let left = Math.ceil(Math.random() * CROWD * REQUESTS)
  const life = { over: false }
  let die = (): void => undefined
  const death = new Promise<void>(resolve => (die = resolve)).then(async () => {
    await sleep(Math.random() * 8)
    life.over = true
    t.equal(await gateway.program.end('SIGKILL'), 'SIGKILL')
  })
  const onRequest = (): void => {
    if (--left === 0) die()
  }
  const lives = crowd.map(async story => {
    try {
      await live(t, gateway, story, onRequest)
    } catch (error) {
      if (!life.over) throw error
    }
  })
  await Promise.all(lives)
  die()
  await death
}

/** The story itself: enrol, then log in with a backup code, with the app, and with a backup code. */
async function live(t: Test, gateway: GatewayProcess, story: Story, onRequest: () => void): Promise<void> {
  const ask = async (request: Promise<Reply>, expected: number): Promise<Reply> => {
    onRequest()
    const reply = await request
    t.equal(reply.status, expected, story.name)
    return reply
  }
  const show = async (person: Person, sent: SentCode): Promise<Reply> => {
    story.inFlight = sent
    const reply = await ask(person.giveCode(sent.code, sent.factor), 200)
    story.inFlight = undefined
    story.spent.push(sent)
    return reply
  }

  const first = newBrowser(gateway, story)
  const offered = await ask(first.giveUserName(story.name, LONG_PASSWORD), 202)
  story.key = keyIn(offered)
  const [enrolling = '', next] = codesOf(story.key)
  const enrolled = await show(first, { factor: 'totp', code: enrolling })
  const codes = enrolled.json.backup_codes as readonly string[]
  story.backupCodes = codes
  const later: readonly SentCode[] = [
    { factor: 'backup_code', code: codes[0] ?? '' },
    ...(next === undefined ? [] : [{ factor: 'totp', code: next } as const]),
    { factor: 'backup_code', code: codes[1] ?? '' },
  ]
  for (const sent of later) {
    const browser = newBrowser(gateway, story)
    await ask(browser.giveUserName(story.name, LONG_PASSWORD), 202)
    await show(browser, sent)
  }
}

/** Whatever was confirmed before the death holds after it. */
async function checkStory(t: Test, gateway: GatewayProcess, story: Story): Promise<void> {
  const { name, backupCodes, spent, inFlight } = story
  const logIn = async (): Promise<{ readonly browser: Person; readonly reply: Reply }> => {
    const browser = newBrowser(gateway, story)
    const reply = await browser.giveUserName(name, LONG_PASSWORD)
    t.equal(reply.status, 202, `${name} logs in`)
    return { browser, reply }
  }
  const { browser, reply } = await logIn()
  if (backupCodes === undefined) return checkUnconfirmed(t, story, browser, reply)

  t.notOk(reply.json.enrolment, `${name} is enrolled`)
  for (const { factor, code } of spent)
    t.equal((await browser.giveCode(code, factor)).status, 401, `${name}: a spent ${factor} is dead`)
  if (inFlight !== undefined) {
    // It may have been used up or not, but it cannot be used twice.
    const { factor, code } = inFlight
    const once = await browser.giveCode(code, factor)
    t.ok([200, 401].includes(once.status), `${name}: the ${factor} that was under way`)
    const again = await logIn()
    t.equal((await again.browser.giveCode(code, factor)).status, 401, `${name}: it works once at most`)
  }
  const last = await logIn()
  const unused = await last.browser.giveCode(backupCodes.at(-1) ?? '', 'backup_code')
  t.equal(unused.status, 200, `${name} gets in`)
}

/** Whose enrolment was never confirmed has either the authenticator that they set up, or none and may set one up. */
async function checkUnconfirmed(t: Test, story: Story, browser: Person, reply: Reply): Promise<void> {
  const isEnrolled = reply.json.enrolment === undefined
  if (isEnrolled) t.ok(story.inFlight, `${story.name} has sent the code`)
  const key = isEnrolled ? (story.key ?? '') : keyIn(reply)
  const newest = codesOf(key).at(-1) ?? ''
  if (isEnrolled && newest === story.inFlight?.code) return
  t.equal((await browser.giveCode(newest)).status, 200, `${story.name} gets in`)
}

function newBrowser(gateway: GatewayProcess, story: Story): Person {
  return createPerson(gateway, { host: gateway.host, headers: { 'X-Forwarded-For': story.address } })
}

function keyIn(reply: Reply): string {
  return (reply.json.enrolment as { readonly secret: string }).secret
}

/** The codes that are good now and for the next five seconds, the older one first. */
function codesOf(key: string): readonly string[] {
  const now = Date.now()
  const newest = Math.floor(now / STEP)
  const oldest = Math.floor((now + 5_000) / STEP) - 1
  return [...new Set([oldest, newest])].map(step => totpCode(key, step * STEP))
}
