import { RE2JS } from 're2js'
import { isIn } from '../address-range.js'
import type { SourceCaller, SourceDecision, SourceJudge, SourceRequest } from '../imported.js'
import {
  type AccessControl,
  type AutheliaPolicy,
  type AutheliaRule,
  isOfDomain,
  type QueryCondition,
} from './access-rules.js'

/**
 * Decides as Authelia does: the first rule whose criteria all hold, in order. Whoever is not known yet is sent to the
 * login by a rule that asks who it is. Rules that were not understood are passed over.
 */
export function judgeAsAuthelia({ rules, defaultPolicy }: AccessControl): SourceJudge {
  return (request, caller) => {
    for (const rule of rules) {
      if (rule.isUnclear || !suitsRequest(rule, request)) continue
      const suits = suitsPerson(rule, request.host, caller)
      if (suits === 'unknown') return 'login'
      if (suits) return decide(rule.policy, caller)
    }
    return decide(defaultPolicy, caller)
  }
}

function decide(policy: AutheliaPolicy, { user, factors }: SourceCaller): SourceDecision {
  if (policy === 'bypass') return 'allow'
  if (policy === 'deny') return 'deny'
  if (user === undefined) return 'login'
  return policy === 'one_factor' || factors === 2 ? 'allow' : 'mfa'
}

function suitsRequest(rule: AutheliaRule, { method, path, query, address }: SourceRequest): boolean {
  return (
    (rule.methods === undefined || rule.methods.includes(method)) &&
    (rule.networks === undefined || isIn(rule.networks, address)) &&
    (rule.resources === undefined || rule.resources.some(one => finds(one, path + query))) &&
    (rule.query === undefined || rule.query.some(all => all.every(one => suitsQuery(one, query))))
  )
}

/** Whether domain and subject are for this person. */
function suitsPerson(rule: AutheliaRule, host: string, caller: SourceCaller): boolean | 'unknown' {
  const isNobody = caller.user === undefined
  let domain: boolean | 'unknown' = false
  for (const pattern of rule.domains) {
    const suits = isOfDomain(pattern, host)
    if (suits === true) domain = true
    if (suits !== undefined || domain === true) continue
    const label = host.slice(0, host.length - pattern.slice(pattern.indexOf('}') + 1).length)
    if (isNobody) domain = 'unknown'
    else if (
      pattern.startsWith('{user}')
        ? isSame(label, caller.user)
        : caller.groups.some(one => isSame(label, one))
    )
      domain = true
  }
  for (const source of rule.domainRegexes) {
    const names = groupsIn(source, host)
    if (names === undefined || domain === true) continue
    const { user, group } = names
    if (user === undefined && group === undefined) domain = true
    else if (isNobody) domain = 'unknown'
    else if (
      (user === undefined || isSame(user, caller.user)) &&
      (group === undefined || caller.groups.some(one => isSame(group, one)))
    )
      domain = true
  }
  if (domain !== true || rule.subjects === undefined) return domain
  if (isNobody) return 'unknown'
  return rule.subjects.some(
    ({ users, groups }) =>
      users.every(name => name === caller.user) && groups.every(group => caller.groups.includes(group)),
  )
}

function isSame(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase()
}

/** What the groups `User` and `Group` of a regex took of a host; undefined when it does not match. */
function groupsIn(
  source: string,
  host: string,
): { readonly user: string | undefined; readonly group: string | undefined } | undefined {
  const matcher = compiled(source)?.matcher(host)
  if (matcher?.find() !== true) return undefined
  const of = (name: string): string | undefined =>
    source.includes(`(?P<${name}>`) || source.includes(`(?<${name}>`)
      ? (matcher.group(name) ?? undefined)
      : undefined
  return { user: of('User'), group: of('Group') }
}

function suitsQuery({ key, operator, value = '' }: QueryCondition, query: string): boolean {
  const parameters = new URLSearchParams(query)
  const given = parameters.get(key)
  switch (operator) {
    case 'present':
      return given !== null
    case 'absent':
      return given === null
    case 'equal':
      return given === value
    case 'not equal':
      return given !== value
    case 'pattern':
      return finds(value, given ?? '')
    case 'not pattern':
      return !finds(value, given ?? '')
    default:
      return false
  }
}

function finds(source: string, text: string): boolean {
  return compiled(source)?.test(text) === true
}

const cache = new Map<string, RE2JS | undefined>()

function compiled(source: string): RE2JS | undefined {
  if (!cache.has(source)) {
    let regex: RE2JS | undefined
    try {
      regex = RE2JS.compile(source)
    } catch {
      regex = undefined
    }
    cache.set(source, regex)
  }
  return cache.get(source)
}
