import type { Answer, BalancedClient } from './balanced-client.js'
import { FORBIDDEN, WELL } from './faulty-app.js'
import type { People } from './people.js'

/** What was counted of honest requests, and of those that must not get through. */
export interface Counts {
  /** Sent in all. */
  readonly sent: number
  /** Honest ones that did not get the app's answer: of everybody, and of those who are logged in. */
  readonly failedPublic: number
  readonly failedLoggedIn: number
  /** Those of them that were answered 503 with Retry-After. */
  readonly told: number
  /** Those that took longer than two seconds, or were never answered. */
  readonly hung: number
  /** Answers of a gateway that is itself at fault: 500. */
  readonly internal: number
  /** Successful answers to somebody who must not get through. */
  readonly wrongAnswers: number
}

/** Requests at a steady rate. */
export interface Traffic {
  readonly counts: () => Counts
  /** From now on the fault is lifted. */
  readonly lifted: () => void
  /** Milliseconds from then until as many honest requests in a row got through; undefined: not yet. */
  readonly recovered: () => number | undefined
  /** Sends no more, and waits for those under way. */
  readonly stop: () => Promise<void>
}

const TICK = 20
/** More than this under way are not sent: a gateway that hangs must not end the run. */
const MOST_UNDER_WAY = 400
const HANGS_AFTER = 2_000
const IN_A_ROW = 20

type Kind = 'public' | 'logged in' | 'nobody' | 'revoked'
/** Twenty requests of the mix. */
const MIX: readonly Kind[] = [
  ...['public', 'logged in', 'public', 'nobody', 'logged in', 'public', 'logged in', 'public'],
  ...['revoked', 'logged in', 'public', 'logged in', 'public', 'nobody', 'logged in', 'public'],
  ...['logged in', 'public', 'logged in', 'revoked'],
] as const

/** Begins to send `rate` requests a second; the logins of people are part of `stories` in a second. */
export function startTraffic(ask: BalancedClient, people: People, rate: number, stories: number): Traffic {
  const counts = {
    sent: 0,
    failedPublic: 0,
    failedLoggedIn: 0,
    told: 0,
    hung: 0,
    internal: 0,
    wrongAnswers: 0,
  }
  const begun = performance.now()
  const underWay = new Set<Promise<void>>()
  let planned = 0
  let told = 0
  let lifted: number | undefined
  let row = 0
  let recovered: number | undefined

  const count = (kind: 'public' | 'logged in', answer: Answer, sentAt: number): boolean => {
    const isWell = answer.status === 200 && answer.text === WELL
    if (answer.took > HANGS_AFTER) counts.hung++
    if (!isWell) {
      if (kind === 'public') counts.failedPublic++
      else counts.failedLoggedIn++
      if (answer.status === 503 && answer.headers['retry-after'] !== undefined) counts.told++
      if (answer.status === 500) counts.internal++
    }
    if (lifted !== undefined && sentAt >= lifted && recovered === undefined) {
      row = isWell ? row + 1 : 0
      if (row === IN_A_ROW) recovered = performance.now() - lifted
    }
    return isWell
  }

  async function send(kind: Kind, number: number): Promise<void> {
    const from = `10.8.${(number >> 8) & 255}.${number & 255}`
    const sentAt = performance.now()
    const cookie = oneOf(kind === 'revoked' ? people.revoked : people.sessions, number)
    if (kind === 'public') {
      count(kind, await ask({ path: '/public/page', from }), sentAt)
    } else if (kind === 'logged in' && cookie !== undefined) {
      const answer = await ask({ path: '/full/page', cookie, from })
      count(kind, answer, sentAt)
      // Whose session is gone logs in again; while the fault lasts, nobody knows.
      if (answer.status === 401 && lifted !== undefined && sentAt > lifted + HANGS_AFTER)
        remove(people.sessions, cookie)
    } else {
      const answer = await ask({
        path: `${FORBIDDEN}${kind === 'revoked' ? 'revoked' : 'nobody'}`,
        cookie: kind === 'revoked' ? cookie : undefined,
        from,
      })
      if (answer.status >= 200 && answer.status < 300) counts.wrongAnswers++
      if (answer.status === 500) counts.internal++
    }
  }

  const follow = (work: Promise<void>): void => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }
  const timer = setInterval(() => {
    const seconds = (performance.now() - begun) / 1_000
    for (; planned < seconds * rate; planned++) {
      if (underWay.size >= MOST_UNDER_WAY) continue
      counts.sent++
      follow(send(MIX[planned % MIX.length] ?? 'public', planned))
    }
    for (; told < seconds * stories; told++) if (underWay.size < MOST_UNDER_WAY) follow(people.live())
  }, TICK)

  return {
    counts: () => ({ ...counts }),
    lifted: () => {
      lifted = performance.now()
    },
    recovered: () => recovered,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}

function oneOf(list: readonly string[], number: number): string | undefined {
  return list[number % Math.max(1, list.length)]
}

function remove(list: string[], one: string): void {
  const at = list.indexOf(one)
  if (at >= 0) list.splice(at, 1)
}
