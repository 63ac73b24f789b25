import { setTimeout as sleep } from 'node:timers/promises'
import { createScope } from '../harness/scope.js'
import type { Fault } from './fault.js'
import { buildHouse } from './house.js'
import { createPeople } from './people.js'
import { startTraffic } from './traffic.js'

/** What one fault did. */
export interface Outcome {
  readonly name: string
  readonly wrongAllows: number
  readonly codesTwice: number
  readonly refreshTwice: number
  readonly lostEnrolments: number
  /** Errors that nobody caught, ends of a gateway that nobody asked for, answers 500. */
  readonly unhandled: readonly string[]
  readonly requests: number
  /** Honest requests that failed before anything was broken: the machine is too slow for the rate. */
  readonly failedBefore: number
  readonly failedPublic: number
  readonly failedLoggedIn: number
  readonly told: number
  readonly hung: number
  /** Enrolments that were confirmed, and codes and refresh tokens that were accepted. */
  readonly confirmed: number
  readonly accepted: number
  /** Milliseconds; undefined: not within the patience. */
  readonly recovered: number | undefined
}

/** How a run is made. */
export interface RunOptions {
  /** Requests a second. */
  readonly rate: number
  /** How long the traffic runs before the fault, and how long the fault lasts, in milliseconds. */
  readonly before: number
  readonly lasts: number
  /** How long the traffic goes on after it got through again, in milliseconds. */
  readonly after: number
}

/** People a second who enrol and log in. More would meet the limit on wrong codes of everybody together. */
const STORIES = 1.2
const FIRST_PEOPLE = 3
const RECOVERS_WITHIN = 30_000

/** Breaks something in the middle of the traffic, mends it, and counts. */
export async function runFault(fault: Fault, { rate, before, lasts, after }: RunOptions): Promise<Outcome> {
  const scope = createScope()
  try {
    const house = await buildHouse(scope, fault.plan)
    const people = createPeople(house.ask, house.clock.now)
    for (let count = 0; count < FIRST_PEOPLE; count++) await people.live()
    if (people.sessions.length === 0)
      throw new Error(`nobody could log in\n${house.gateway.output().slice(-2_000)}`)
    const traffic = startTraffic(house.ask, people, rate, STORIES)
    await sleep(before)
    const early = traffic.counts()
    await fault.break(house)
    await sleep(lasts)
    traffic.lifted()
    await fault.mend(house)
    const end = performance.now() + RECOVERS_WITHIN
    while (traffic.recovered() === undefined && performance.now() < end) await sleep(20)
    await sleep(after)
    await traffic.stop()
    await people.checkAll()
    const counts = traffic.counts()
    const unhandled = house.gateways.flatMap(gateway => gateway.unhandled())
    for (let count = 0; count < counts.internal; count++) unhandled.push('answered 500')
    return {
      name: fault.name,
      wrongAllows: Math.max(house.app.forbidden(), counts.wrongAnswers),
      codesTwice: people.codesTwice(),
      refreshTwice: people.refreshTwice(),
      lostEnrolments: people.lostEnrolments(),
      unhandled,
      requests: counts.sent,
      failedBefore: early.failedPublic + early.failedLoggedIn,
      failedPublic: counts.failedPublic,
      failedLoggedIn: counts.failedLoggedIn,
      told: counts.told,
      hung: counts.hung,
      confirmed: people.confirmed(),
      accepted: people.accepted(),
      recovered: traffic.recovered(),
    }
  } finally {
    await scope.end()
  }
}

/** Whether something happened that may never happen. */
export function isBad({
  wrongAllows,
  codesTwice,
  refreshTwice,
  lostEnrolments,
  unhandled,
}: Outcome): boolean {
  return wrongAllows + codesTwice + refreshTwice + lostEnrolments + unhandled.length > 0
}
