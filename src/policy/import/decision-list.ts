import { type Conjunction, type Level, STRICTNESS } from './carried-rule.js'

/** What one rule says of requests that are all alike: whom it is for, and what it asks of them. */
export interface ListEntry {
  readonly level: Level
  /** Undefined: everybody. */
  readonly subjects: readonly Conjunction[] | undefined
  /** Whether the rule is for every one of these requests, not only for some. */
  readonly definite: boolean
}

/** What one route demands. */
export interface Demand {
  readonly level: Level
  readonly users: readonly string[] | undefined
  readonly groups: readonly string[] | undefined
}

const ANYBODY: Conjunction = { users: [], groups: [] }

/**
 * What one route can demand in place of a first-match list, whose rules pass on those whom they are not for: the same
 * where it can be said with `users` and `groups`, and otherwise something stricter. Never anything more open, whoever
 * is in which groups.
 * @param list ends with an entry that is definite and for everybody
 */
export function demandOf(list: readonly ListEntry[]): { readonly demand: Demand; readonly exact: boolean } {
  const asksWho = list.some(entry => entry.subjects !== undefined)
  const strictnessOf = (level: Level): number => Math.max(STRICTNESS[level], asksWho ? STRICTNESS.login : 0)
  const possible = (who: Conjunction): readonly number[] => {
    const found: number[] = []
    for (const { level, subjects, definite } of list) {
      if (subjects?.every(one => areApart(one, who)) === true) continue
      found.push(strictnessOf(level))
      if (definite && (subjects === undefined || subjects.some(one => implies(who, one)))) break
    }
    return found
  }
  const others = strictnessOfOthers(list).map(level => strictnessOf(level))
  const named = list.flatMap(({ subjects = [], level, definite }) =>
    subjects.map(who => ({ who, strictness: strictnessOf(level), definite })),
  )
  const isWithin = (who: Conjunction, limit: number): boolean => possible(who).every(one => one <= limit)

  for (const level of ['open', 'login', 'two_factors'] as const) {
    const limit = STRICTNESS[level]
    if ((limit === 0 && asksWho) || !isWithin(ANYBODY, limit)) continue
    const exact = possible(ANYBODY).every(one => one === limit)
    return { demand: { level, users: undefined, groups: undefined }, exact }
  }
  const candidates = (['login', 'two_factors'] as const).map(level => {
    const limit = STRICTNESS[level]
    const chosen = named.filter(({ who, strictness }) => strictness < 3 && isWithin(who, limit))
    const written = writeSubjects(chosen.map(({ who }) => who))
    const exact =
      !written.lossy &&
      others.every(one => one === 3) &&
      named.every(({ who, strictness, definite }) =>
        strictness === 3
          ? definite || possible(who).every(one => one === 3)
          : chosen.some(one => implies(who, one.who)) && possible(who).every(one => one === limit),
      )
    return { level, chosen, written, exact }
  })
  const best = candidates.find(one => one.exact && one.chosen.length > 0) ?? widest(candidates)
  if (best === undefined || best.written.nobody) {
    const exact = [...named.map(({ strictness }) => strictness), ...others].every(one => one === 3)
    return { demand: { level: 'closed', users: undefined, groups: undefined }, exact }
  }
  const { users, groups } = best.written
  return { demand: { level: best.level, users, groups }, exact: best.exact }
}

function widest<T extends { readonly chosen: readonly unknown[] }>(candidates: readonly T[]): T | undefined {
  return candidates.reduce<T | undefined>(
    (best, one) => (one.chosen.length > (best?.chosen.length ?? 0) ? one : best),
    undefined,
  )
}

/** What those get whom no rule names: the rules for everybody, up to the first that is for all these requests. */
function strictnessOfOthers(list: readonly ListEntry[]): readonly Level[] {
  const levels: Level[] = []
  for (const { level, subjects, definite } of list) {
    if (subjects !== undefined) continue
    levels.push(level)
    if (definite) break
  }
  return levels
}

/** Whether nobody can be both: a person has one name. */
function areApart(one: Conjunction, other: Conjunction): boolean {
  return one.users.some(name => other.users.some(another => another !== name))
}

/** Whether everybody who is the first is the second too. */
function implies(one: Conjunction, other: Conjunction): boolean {
  return (
    other.users.every(name => one.users.includes(name)) &&
    other.groups.every(group => one.groups.includes(group))
  )
}

interface WrittenSubjects {
  readonly users: readonly string[] | undefined
  readonly groups: readonly string[] | undefined
  /** Whether somebody had to be left out. */
  readonly lossy: boolean
  readonly nobody: boolean
}

/** Anybody of `users` who is in any of `groups`: a route can say no more than that. */
function writeSubjects(all: readonly Conjunction[]): WrittenSubjects {
  const names = all.filter(({ users, groups }) => users.length === 1 && groups.length === 0)
  const groups = all.filter(one => one.users.length === 0 && one.groups.length === 1)
  const both = all.find(one => one.users.length === 1 && one.groups.length === 1)
  const of = (list: readonly Conjunction[], key: 'users' | 'groups'): readonly string[] => [
    ...new Set(list.flatMap(one => one[key])),
  ]
  if (groups.length > 0 && groups.length >= names.length)
    return { users: undefined, groups: of(groups, 'groups'), lossy: coversLess(groups, all), nobody: false }
  if (names.length > 0)
    return { users: of(names, 'users'), groups: undefined, lossy: coversLess(names, all), nobody: false }
  if (both !== undefined)
    return { users: both.users, groups: both.groups, lossy: coversLess([both], all), nobody: false }
  return { users: undefined, groups: undefined, lossy: all.length > 0, nobody: true }
}

function coversLess(kept: readonly Conjunction[], all: readonly Conjunction[]): boolean {
  return all.some(one => !kept.some(other => implies(one, other)))
}
