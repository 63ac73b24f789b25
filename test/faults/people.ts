import { setTimeout as sleep } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import type { Answer, BalancedClient } from './balanced-client.js'
import { quickCode } from './quick-code.js'

/** What people did, and what became of it. */
export interface People {
  /** Cookies of sessions that are whole. */
  readonly sessions: string[]
  /** Cookies of sessions whose end was confirmed so long ago that it holds everywhere. */
  readonly revoked: string[]
  /** How many enrolments were confirmed. */
  readonly confirmed: () => number
  readonly codesTwice: () => number
  readonly refreshTwice: () => number
  readonly lostEnrolments: () => number
  /** How many codes and refresh tokens were accepted at all. */
  readonly accepted: () => number
  /**
   * The next person enrols, and logs in by every way with codes and tokens that are each used twice on purpose. Whatever
   * is not answered as it should ends the story of this person; it is no fault of the run.
   */
  readonly live: () => Promise<void>
  /** Shows everybody's last codes and refresh tokens again, and looks whether everybody is still enrolled. */
  readonly checkAll: () => Promise<void>
}

/** How many people there are. */
const CROWD = 600
/** A hash that looks at a part of the password only is never renewed, so that these logins stay cheap. */
const LONG_PASSWORD = 'correct horse battery staple '.repeat(3)
const SESSION_COOKIE = '__Host-gatehouse'
/** After how many milliseconds the end of a session holds everywhere. */
const REVOKED_WITHIN = 1_500
const CHECKS_AT_ONCE = 4
const CHECK_TRIES = 20

/** The text of users.yaml. */
export async function crowdYaml(): Promise<string> {
  const password = await hash(LONG_PASSWORD, { cost: 4 })
  const names = Array.from({ length: CROWD }, (_, index) => nameOf(index))
  return `users:\n${names.map(name => `  ${name}: { displayname: X, password: '${password}' }\n`).join('')}`
}

/** A code as it is sent. */
interface SentCode {
  readonly factor: 'totp' | 'backup_code'
  readonly code: string
}

/** A login that waits for its code. */
interface Begun {
  readonly status: number
  readonly challenge: unknown
  readonly cookie: string | undefined
  /** The key for the app of somebody who is not enrolled. */
  readonly key: string | undefined
}

interface PersonUnderFault {
  readonly name: string
  readonly from: string
  readonly shown: SentCode[]
  readonly refreshed: string[]
  isEnrolled: boolean
}

/** Makes them. `now` is the clock of the gateways, in milliseconds since the epoch. */
export function createPeople(ask: BalancedClient, now: () => number): People {
  const everybody: PersonUnderFault[] = []
  const sessions: string[] = []
  const revoked: string[] = []
  const codes = new Map<string, number>()
  const refreshes = new Map<string, number>()
  let lost = 0

  async function begin({ name, from }: PersonUnderFault, mode: 'session' | 'token'): Promise<Begun> {
    const json = { username: name, password: LONG_PASSWORD, mode }
    const answer = await ask({ path: '/auth/login', json, from })
    const body = bodyOf(answer)
    const enrolment = body.enrolment as { readonly secret?: string } | undefined
    const { status } = answer
    return { status, challenge: body.challenge, cookie: sessionOf(answer), key: enrolment?.secret }
  }

  async function show(person: PersonUnderFault, begun: Begun, sent: SentCode) {
    person.shown.push(sent)
    const { challenge, cookie } = begun
    const answer = await ask({
      path: '/auth/mfa/verify',
      json: { challenge, ...sent },
      cookie,
      from: person.from,
    })
    if (answer.status !== 200) return undefined
    const key = `${person.name} ${sent.factor} ${sent.code}`
    codes.set(key, (codes.get(key) ?? 0) + 1)
    const session = sessionOf(answer)
    if (session !== undefined) sessions.push(session)
    return { body: bodyOf(answer), session }
  }

  async function showInNewLogin(person: PersonUnderFault, sent: SentCode, mode: 'session' | 'token') {
    const begun = await begin(person, mode)
    return begun.status === 202 ? show(person, begun, sent) : undefined
  }

  async function refresh(person: PersonUnderFault, token: string): Promise<string | undefined> {
    person.refreshed.push(token)
    const answer = await ask({
      path: '/auth/token/refresh',
      json: { refresh_token: token },
      from: person.from,
    })
    if (answer.status !== 200) return undefined
    refreshes.set(token, (refreshes.get(token) ?? 0) + 1)
    return textOf(bodyOf(answer).refresh_token)
  }

  async function leave(person: PersonUnderFault, session: string): Promise<void> {
    const at = sessions.indexOf(session)
    if (at >= 0) sessions.splice(at, 1)
    const answer = await ask({ path: '/auth/logout', json: {}, cookie: session, from: person.from })
    if (answer.status !== 200) return
    setTimeout(() => revoked.push(session), REVOKED_WITHIN)
  }

  async function enrol(person: PersonUnderFault): Promise<readonly string[] | undefined> {
    const begun = await begin(person, 'session')
    if (begun.key === undefined) return undefined
    const sent = { factor: 'totp', code: quickCode(begun.key, now()) } as const
    const enrolled = await show(person, begun, sent)
    const backup = enrolled?.body.backup_codes as readonly string[] | undefined
    if (backup === undefined) return undefined
    person.isEnrolled = true
    await showInNewLogin(person, sent, 'session')
    return backup
  }

  async function live(): Promise<void> {
    const index = everybody.length
    if (index >= CROWD) return
    const person: PersonUnderFault = {
      name: nameOf(index),
      from: `10.9.${index >> 8}.${index & 255}`,
      shown: [],
      refreshed: [],
      isEnrolled: false,
    }
    everybody.push(person)
    const [first, second, third] = (await enrol(person)) ?? []
    if (first === undefined || second === undefined || third === undefined) return
    // Both at once: whoever is first has it.
    const sent = { factor: 'backup_code', code: first } as const
    const raced = await Promise.all([
      showInNewLogin(person, sent, 'session'),
      showInNewLogin(person, sent, 'session'),
    ])
    // One after the other, and the session ends.
    const later = { factor: 'backup_code', code: second } as const
    const entered = await showInNewLogin(person, later, 'session')
    await showInNewLogin(person, later, 'session')
    const leaving = entered?.session ?? raced.find(one => one?.session !== undefined)?.session
    if (leaving !== undefined) await leave(person, leaving)
    const program = await showInNewLogin(person, { factor: 'backup_code', code: third }, 'token')
    const token = textOf(program?.body.refresh_token)
    const next = token === undefined ? undefined : await refresh(person, token)
    if (next !== undefined) await Promise.all([refresh(person, next), refresh(person, next)])
  }

  async function check(person: PersonUnderFault): Promise<void> {
    let begun = await begin(person, 'session')
    for (let tries = CHECK_TRIES; begun.status !== 202 && tries > 0; tries--) {
      await sleep(250)
      begun = await begin(person, 'session')
    }
    if (begun.status === 202 && person.isEnrolled && begun.key !== undefined) lost++
    for (const token of person.refreshed.slice(-2)) await refresh(person, token)
    for (const sent of person.shown.slice(-2)) {
      // Twice: a code whose answer never came may be good once.
      await showInNewLogin(person, sent, 'session')
      await showInNewLogin(person, sent, 'session')
    }
  }

  const twice = (uses: ReadonlyMap<string, number>): number =>
    [...uses.values()].filter(count => count > 1).length
  return {
    sessions,
    revoked,
    confirmed: () => everybody.filter(({ isEnrolled }) => isEnrolled).length,
    codesTwice: () => twice(codes),
    refreshTwice: () => twice(refreshes),
    lostEnrolments: () => lost,
    accepted: () => codes.size + refreshes.size,
    live,
    checkAll: async () => {
      const waiting = [...everybody]
      const work = async (): Promise<void> => {
        for (let person = waiting.pop(); person !== undefined; person = waiting.pop()) await check(person)
      }
      await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, work))
    },
  }
}

const nameOf = (index: number): string => `person-${index}`

function bodyOf({ text }: Answer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function sessionOf({ headers }: Answer): string | undefined {
  const line = headers['set-cookie']?.find(one => one.startsWith(`${SESSION_COOKIE}=`))
  const pair = line?.split(';')[0]
  return pair === undefined || pair.length === SESSION_COOKIE.length + 1 ? undefined : pair
}
