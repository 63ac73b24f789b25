import { accessNow } from '../../access/decide.js'
import type { Access, Route, StepUp } from '../../access/route.js'

/** From the most open to the strictest. */
const STRICTNESS: readonly Access[] = ['public', 'bypassed', 'enrolled', 'required', 'denied']

/** What one route lets through that another does not. */
export type Looseness = 'people' | 'tokens'

/**
 * What a route lets through that another one does not.
 * `people`: its access is more open; or the access is the same, and of `users`, `groups` and `step_up` some ask less
 * than those of the other and none asks more. `tokens`: an API token opens it, and not the other.
 * @param now milliseconds since the epoch: a `bypassed` route is `required` from its `until` on
 * @returns undefined: it asks as much as the other, or each asks something that the other does not
 */
export function loosenessOf(route: Route, other: Route, now: number): Looseness | undefined {
  const access = accessNow(route, now)
  const otherAccess = accessNow(other, now)
  const difference = STRICTNESS.indexOf(otherAccess) - STRICTNESS.indexOf(access)
  if (difference > 0) return 'people'
  if (access === 'public' || access === 'denied') return undefined
  if (difference === 0) {
    const asked = [
      compareLists(route.users, other.users),
      compareLists(route.groups, other.groups),
      ...compareStepUps(route.stepUp, other.stepUp),
    ]
    if (asked.includes('less') && !asked.some(one => one === 'more' || one === 'other')) return 'people'
  }
  const opensToTokens = route.tokens?.some(scope => other.tokens?.includes(scope) !== true) === true
  // What asks no login has no use for tokens.
  return opensToTokens && otherAccess !== 'public' ? 'tokens' : undefined
}

/** How much one demand asks, next to the other route's: it lets more through when it asks less. */
type Compared = 'same' | 'less' | 'more' | 'other'

/** Compares lists of which one value is enough. No list: everybody. */
function compareLists(mine: readonly string[] | undefined, others: readonly string[] | undefined): Compared {
  const holdsMine = others === undefined || mine?.every(one => others.includes(one)) === true
  const holdsOthers = mine === undefined || others?.every(one => mine.includes(one)) === true
  if (holdsMine) return holdsOthers ? 'same' : 'more'
  return holdsOthers ? 'less' : 'other'
}

function compareStepUps(mine: StepUp | undefined, other: StepUp | undefined): readonly Compared[] {
  if (mine === undefined || other === undefined)
    return [mine === other ? 'same' : mine === undefined ? 'less' : 'more']
  const [age, otherAge] = [mine.maxAge ?? Infinity, other.maxAge ?? Infinity]
  return [
    age === otherAge ? 'same' : age > otherAge ? 'less' : 'more',
    compareLists(mine.methods, other.methods),
  ]
}

/** What a route does with a request, as a clause: `asks for login and second factor, the group ops`. */
export function describeWish(route: Route, now: number): string {
  return accessNow(route, now) === 'denied' ? 'lets nobody pass' : `asks for ${describeDemands(route, now)}`
}

/** What a route that is not `denied` asks of people, as in "it asks for …". */
export function describeDemands(route: Route, now: number): string {
  const { users, groups, stepUp } = route
  const demands = [
    ACCESS[accessNow(route, now)],
    ...(users === undefined ? [] : [`the ${plural('user', users)} ${users.join(' or ')}`]),
    ...(groups === undefined ? [] : [`the ${plural('group', groups)} ${groups.join(' or ')}`]),
    ...(stepUp === undefined ? [] : ['a fresh proof (step_up)']),
  ]
  return demands.join(', ')
}

const ACCESS: Readonly<Record<Access, string>> = {
  public: 'no login',
  bypassed: 'a login without second factor',
  enrolled: 'a login, with a second factor only of users who have one',
  required: 'login and second factor',
  denied: 'what nobody can show',
}

function plural(word: string, values: readonly string[]): string {
  return values.length === 1 ? word : `${word}s`
}
