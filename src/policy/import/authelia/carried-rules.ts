import { RE2JS } from 're2js'
import { canonicalUserName } from '../../../users/user-name.js'
import type { CarriedRule, Level } from '../carried-rule.js'
import type { ImportOptions, NoteTaker } from '../imported.js'
import { EVERYTHING, simplified } from '../path-set.js'
import { pathsOfRegex } from '../regex-paths.js'
import { type AutheliaPolicy, type AutheliaRule, isOfDomain } from './access-rules.js'

/** What each policy is called here. */
export const LEVELS: Readonly<Record<AutheliaPolicy, Level>> = {
  bypass: 'open',
  one_factor: 'login',
  two_factor: 'two_factors',
  deny: 'closed',
}

/** The rules that may be for a host, as one list; `*.` in front of the host is for every name there. */
export function rulesFor(
  rules: readonly AutheliaRule[],
  host: string,
  options: ImportOptions,
): readonly CarriedRule[] {
  return rules.flatMap(rule => carriedRule(rule, host, options) ?? [])
}

/** Notes what a rule loses whatever its host is. */
export function noteRule(rule: AutheliaRule, notes: NoteTaker): void {
  const { methods, number, place, policy } = rule
  if (policy === 'one_factor')
    notes.told(
      place,
      `rule ${number} asked for one factor: its routes are bypassed, which is login without second factor here`,
      'read the reason that each of them got, and set "until" where it should end',
    )
  if (policy === 'bypass')
    notes.told(
      place,
      `rule ${number}: bypass is called public here: no login`,
      'nothing; "bypassed" is something else here, and asks for a login',
    )
  if (methods?.includes('HEAD') === true && !methods.includes('GET'))
    notes.lost(
      place,
      `rule ${number} is for HEAD and not for GET: HEAD is decided as GET here`,
      'nothing, unless GET should be decided alike',
    )
  else if (methods?.includes('GET') === true && !methods.includes('HEAD'))
    notes.told(
      place,
      `rule ${number} is for GET and not for HEAD: HEAD is decided as GET here`,
      'nothing; HEAD shows nothing that GET does not show',
    )
  if (methods?.some(one => NEVER_PASS.has(one)) === true)
    notes.told(place, `rule ${number} is for CONNECT or TRACE: they never pass here`, 'nothing')
  if (rule.query !== undefined)
    notes.lost(
      place,
      `rule ${number} looks at the query, which takes no part here`,
      'its routes take the stricter side; if it opened something, decide by the path',
    )
}

const NEVER_PASS = new Set(['CONNECT', 'TRACE'])

function carriedRule(rule: AutheliaRule, host: string, options: ImportOptions): CarriedRule | undefined {
  const isFor = isForHost(rule, host)
  if (isFor === 'no') return undefined
  const methods = rule.methods?.filter(one => !NEVER_PASS.has(one) && one !== 'HEAD')
  if (methods?.length === 0) return undefined
  const reading = { withQuery: true, loose: options.loose, ignoresCase: false }
  const paths = rule.resources?.map(one => pathsOfRegex(one, reading))
  const subjects = rule.subjects?.map(({ users, groups }) => ({
    users: users.map(name => canonicalUserName(name) ?? name),
    groups,
  }))
  const isRenamed = subjects?.some(({ users }, index) =>
    users.some((name, at) => name !== rule.subjects?.[index]?.users[at]),
  )
  const doubts = [
    ...(rule.isUnclear ? ['it is not wholly understood'] : []),
    ...(isFor === 'perhaps' ? ['it depends on who asks, or on which of several hosts it is'] : []),
    ...(rule.query === undefined ? [] : ['the query takes no part here']),
    ...(isRenamed === true ? ['user names are in lower case here'] : []),
  ]
  const sure = paths?.flatMap(one => one.sure) ?? [EVERYTHING]
  const may = paths?.flatMap(one => one.may) ?? [EVERYTHING]
  const regexDoubt = 'there the query and a slash at the end could make the difference, and here they cannot'
  return {
    place: rule.place,
    name: `rule ${rule.number} (${rule.policy})`,
    level: LEVELS[rule.policy],
    sure: simplified(sure),
    may: rule.isUnclear ? [EVERYTHING] : simplified([...sure, ...may]),
    certain: doubts.length === 0,
    doubt: doubts.length > 0 ? doubts.join(', and ') : regexDoubt,
    methods: rule.isUnclear ? undefined : methods,
    networks: rule.isUnclear ? undefined : rule.networks,
    samples: paths?.flatMap(one => one.samples) ?? ['/x'],
    // Nobody in particular: a rule that is not understood may have been for anybody.
    subjects: rule.isUnclear ? undefined : subjects,
  }
}

/** Whether a rule is for all requests of a host, whoever makes them. */
function isForHost(rule: AutheliaRule, host: string): 'yes' | 'perhaps' | 'no' {
  const isWildcard = host.startsWith('*.')
  // Any name in the wildcard's place will do for a domain: the names that rules write out are apps of their own.
  const name = isWildcard ? `x${host.slice(1)}` : host
  const found = rule.domains.map(pattern =>
    isWildcard && !/^[*{]/.test(pattern) ? false : isOfDomain(pattern, name),
  )
  if (found.includes(true)) return 'yes'
  if (found.includes(undefined)) return 'perhaps'
  for (const source of rule.domainRegexes) {
    const isPersonal = /\(\?P?<(?:User|Group)>/.test(source)
    let matches: boolean
    try {
      matches = isWildcard || RE2JS.compile(source).test(host)
    } catch {
      matches = true
    }
    if (matches) return isWildcard || isPersonal ? 'perhaps' : 'yes'
  }
  return rule.isUnclear && rule.domains.length + rule.domainRegexes.length === 0 ? 'perhaps' : 'no'
}
