import type { CarriedRule, Level } from '../carried-rule.js'
import { areDisjoint } from '../path-set.js'
import { pathsOfRegex, type RegexPaths } from '../regex-paths.js'
import { isRegex, leadsToApp } from './choose-location.js'
import type { Location } from './locations.js'

/** A location with the paths that it is for, if no other takes them. */
interface Placed {
  readonly location: Location
  readonly paths: RegexPaths
}

/**
 * The locations of a server as a list in which the first match decides: exact ones, then prefixes that no regex comes
 * before and those inside them, then regexes, then the other prefixes; longer prefixes before shorter ones.
 * @param origin where the app is; locations that lead elsewhere are closed
 */
export function rulesOfLocations(
  locations: readonly Location[],
  origin: string | undefined,
  loose: boolean,
): readonly CarriedRule[] {
  const placed = locations.map((location): Placed => ({ location, paths: pathsOf(location, loose) }))
  const exact = placed.filter(({ location }) => location.modifier === '=')
  const regexes = placed.filter(({ location }) => isRegex(location))
  const prefixes = placed
    .filter(({ location: { modifier } }) => modifier === '^~' || modifier === 'none')
    .sort((a, b) => b.location.text.length - a.location.text.length)
  const isAhead = ({ location }: Placed): boolean =>
    prefixes.some(({ location: { modifier, text } }) => modifier === '^~' && location.text.startsWith(text))
  const ahead = prefixes.filter(isAhead).flatMap((prefix): readonly Placed[] => {
    if (prefix.location.modifier === '^~') return [prefix]
    // Inside a final prefix: here the regexes come first nevertheless, for these paths alone.
    const { may } = prefix.paths
    const within = regexes
      .filter(({ paths }) => paths.may.some(set => may.some(one => !areDisjoint(set, one))))
      .map(({ location, paths }) => ({ location, paths: { ...paths, sure: [], may } }))
    return [...within, prefix]
  })
  const order = [...exact, ...ahead, ...regexes, ...prefixes.filter(one => !isAhead(one))]
  return order.flatMap(({ location, paths }) => rulesOf(location, paths, leadsToApp(location, origin)))
}

function pathsOf({ modifier, text }: Location, loose: boolean): RegexPaths {
  const reading = { withQuery: false, loose, ignoresCase: modifier === '~*' }
  if (modifier === '~' || modifier === '~*') return pathsOfRegex(text, reading)
  const quoted = text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const paths = pathsOfRegex(modifier === '=' ? `^${quoted}$` : `^${quoted}`, reading)
  const sample = modifier === '=' ? text : text.endsWith('/') ? `${text}x` : text
  return { ...paths, samples: [sample] }
}

/** The lines of allow and deny as rules of their own, and what holds behind them. */
function rulesOf(location: Location, paths: RegexPaths, leads: boolean): readonly CarriedRule[] {
  const { protection, place, modifier, text, doubt } = location
  const { access, asksLogin, satisfiesAny } = protection
  const rule = (level: Level, networks: CarriedRule['networks']): CarriedRule => ({
    place,
    name: `location ${modifier === 'none' ? '' : `${modifier} `}${text}`,
    level: doubt !== undefined && level === 'open' ? 'two_factors' : level,
    ...paths,
    certain: true,
    methods: undefined,
    networks,
    subjects: undefined,
  })
  if (!leads) return [rule('closed', undefined)]
  const login: Level = asksLogin ? 'two_factors' : 'open'
  const rules: CarriedRule[] = []
  for (const { allows, range } of access) {
    const isEither = satisfiesAny && asksLogin
    const level = allows ? (isEither ? 'open' : login) : isEither ? login : 'closed'
    rules.push(rule(level, range === undefined ? undefined : [range]))
    if (range === undefined) return rules
  }
  return [...rules, rule(login, undefined)]
}
