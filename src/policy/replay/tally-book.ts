import type { Outcome, Verdict } from '../../access/judge.js'
import type { Place, Route } from '../../access/route.js'
import type { JudgedAs, VerdictPair } from './judge-twice.js'

/** What one policy made of requests: the route that decided, and its decision. */
export interface Ruling {
  /** Undefined where no app was reached. */
  readonly app: string | undefined
  /** The name of the route, or what was there instead of one. */
  readonly route: string
  /** Where the route stands; undefined where nobody wrote it. */
  readonly place: Place | undefined
  readonly outcome: Outcome
}

/** The first line on which something was found. */
export interface ExampleLine {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** The request, with the values of its query masked. */
  readonly request: string
  /** Whom the log names. */
  readonly user: string | undefined
}

/** How often two policies ruled in the same two ways. */
export interface Tally {
  readonly as: JudgedAs
  readonly old: Ruling
  readonly next: Ruling
  readonly example: ExampleLine
  count: number
}

/** Keeps the tallies: as many as there are pairs of rulings, however long the log. */
export interface TallyBook {
  /** The tally of a pair; a new one, not counted yet, where there is none. */
  find(pair: VerdictPair, example: () => ExampleLine): Tally
  readonly tallies: Iterable<Tally>
}

/** Begins an empty book. */
export function createTallyBook(): TallyBook {
  const numbers = new Map<Route | undefined, number>()
  const numberOf = (verdict: Verdict): number => {
    const outcome = OUTCOMES.indexOf(verdict.outcome)
    if (verdict.outcome === 'refused' || verdict.outcome === 'own') return outcome
    const route = verdict.match?.route
    let number = numbers.get(route)
    if (number === undefined) numbers.set(route, (number = numbers.size))
    return number * OUTCOMES.length + outcome
  }
  const tallies = new Map<number, Tally>()
  return {
    tallies: { [Symbol.iterator]: () => tallies.values() },
    find({ as, old, next }, example) {
      const key = (numberOf(old) * MOST_RULINGS + numberOf(next)) * AS.length + AS.indexOf(as)
      let tally = tallies.get(key)
      if (tally === undefined) {
        tally = { as, old: rulingOf(old), next: rulingOf(next), example: example(), count: 0 }
        tallies.set(key, tally)
      }
      return tally
    },
  }
}

const AS: readonly JudgedAs[] = ['user', 'nobody', 'anybody']
const OUTCOMES: readonly Outcome[] = [
  'allow',
  'login',
  'mfa',
  'step_up',
  'deny',
  'not_found',
  'refused',
  'own',
]
/** More than any two policies can have; its square is still an exact number. */
const MOST_RULINGS = 2 ** 25

function rulingOf(verdict: Verdict): Ruling {
  const { outcome } = verdict
  if (verdict.outcome === 'refused') return { ...NO_ROUTE, route: '(cannot be read in one way)', outcome }
  if (verdict.outcome === 'own') return { ...NO_ROUTE, route: '(the gateway itself)', outcome }
  if (verdict.match === undefined) return { ...NO_ROUTE, route: '(no app has this host)', outcome }
  const { app, route } = verdict.match
  return { app: app.name, route: route.name, place: route.place, outcome }
}

const NO_ROUTE = { app: undefined, place: undefined } as const
