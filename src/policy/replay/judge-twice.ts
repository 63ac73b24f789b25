import type { Method } from '../../access/assurance.js'
import type { Caller, Identity, Person } from '../../access/identity.js'
import { type AskedRequest, judge, judgeAs, type Verdict } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'
import { canonicalUserName } from '../../users/user-name.js'
import type { UserRecord } from '../../users/users-file.js'
import { describedPerson, identityOf } from '../described-caller.js'

/** One of the two policies, with the people it knows by canonical name. */
export interface ReplaySide {
  readonly policy: Policy
  readonly users: ReadonlyMap<string, UserRecord>
}

/**
 * As whom a line was judged. `user`: whom the log names. `nobody` and `anybody`: both, where it names nobody whom the
 * users files know; `anybody` is in every group that a route names, and in no list of users.
 */
export type JudgedAs = 'user' | 'nobody' | 'anybody'

/** What becomes of one request under both policies. */
export interface VerdictPair {
  readonly as: JudgedAs
  readonly old: Verdict
  readonly next: Verdict
}

/** Whom a line names: a user of the files, no one, or somebody whom neither file knows. */
export type NamedUser = 'known' | 'none' | 'unknown'

/** A request that was judged under both policies. */
export interface JudgedTwice {
  readonly named: NamedUser
  readonly pairs: readonly VerdictPair[]
}

/**
 * Judges a request under two policies.
 * @param user the name in the log, one character for each byte; undefined where it has none
 * @param now milliseconds since the epoch; for each moment the people who were met are kept, so few are better
 */
export type JudgeTwice = (asked: AskedRequest, user: string | undefined, now: number) => JudgedTwice

/** Makes the judge of two policies. Whoever is logged in has just shown the password and a code of an authenticator. */
export function createJudgeTwice(old: ReplaySide, next: ReplaySide): JudgeTwice {
  const groups = everyGroup([old.policy, next.policy])
  // No user can have an empty name, so that no list of users names this one.
  const anybody = describedPerson('', groups)
  const moments = new Map<number, Map<Person, Identity>>()
  const identify = (person: Person, now: number): Identity => {
    const identities = moments.get(now) ?? new Map<Person, Identity>()
    moments.set(now, identities)
    const identity = identities.get(person) ?? identityOf({ person, factors: factorsOf(person) }, now)
    identities.set(person, identity)
    return identity
  }
  const loggedIn = (user: UserRecord | undefined, now: number): Caller =>
    user === undefined || user.disabled ? undefined : identify(user.person, now)
  return (asked, user, now) => {
    const name = user === undefined ? undefined : canonicalUserName(asText(user))
    const inOld = name === undefined ? undefined : old.users.get(name)
    const inNext = name === undefined ? undefined : next.users.get(name)
    const asNobody = {
      old: judge(old.policy, asked, undefined, now),
      next: judge(next.policy, asked, undefined, now),
    }
    const judgeBoth = (as: JudgedAs, callerOfOld: Caller, callerOfNext: Caller): VerdictPair => ({
      as,
      old: judgeCaller(asNobody.old, asked.secure || !old.policy.secure, callerOfOld, now),
      next: judgeCaller(asNobody.next, asked.secure || !next.policy.secure, callerOfNext, now),
    })
    if (inOld !== undefined || inNext !== undefined) {
      return { named: 'known', pairs: [judgeBoth('user', loggedIn(inOld, now), loggedIn(inNext, now))] }
    }
    const somebody = identify(anybody, now)
    const pairs = [{ as: 'nobody', ...asNobody } as const, judgeBoth('anybody', somebody, somebody)]
    return { named: user === undefined ? 'none' : 'unknown', pairs }
  }
}

/** The second half of `judge()`, so that a request is read and matched once for all who may have sent it. */
function judgeCaller(asNobody: Verdict, needsCaller: boolean, caller: Caller, now: number): Verdict {
  if (caller === undefined || !needsCaller || asNobody.outcome !== 'login') return asNobody
  const judged = judgeAs({ ...asNobody, needsCaller }, caller, now)
  return { outcome: judged.decision.effect, ...judged }
}

function factorsOf({ mfa }: Person): readonly Method[] {
  return mfa === 'disabled' ? [] : ['totp']
}

function everyGroup(policies: readonly Policy[]): readonly string[] {
  const routes = policies.flatMap(({ routes: { apps } }) => apps.flatMap(app => app.routes))
  return [...new Set(routes.flatMap(route => route.groups ?? []))]
}

/** The text whose UTF-8 bytes these are; what is no UTF-8 stays as it is. */
function asText(bytes: string): string {
  if (!/^[\0-\xff]*$/.test(bytes)) return bytes
  const decoded = Buffer.from(bytes, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? bytes : decoded
}
