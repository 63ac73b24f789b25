import { nearestWord } from '../../documents/nearest-word.js'
import { quote } from '../../documents/problem.js'
import type { UserRecord } from '../../users/users-file.js'
import type { Findings, Related } from '../findings.js'
import type { Path } from '../read-yaml.js'
import type { LintedApp } from './placed-apps.js'

/** Each comparison with all names takes time, and nobody mends so many at once. */
const MOST_GUESSES = 50
/** How many further places of the same name are pointed at. */
const MOST_RELATED = 3

/**
 * Warns of users and groups in routes that are nobody's in the users file, each once.
 * @param users by subject, as the users file has them; a disabled user is somebody
 */
export function warnOfUnknownPeople(
  findings: Findings,
  apps: readonly LintedApp[],
  users: ReadonlyMap<string, UserRecord>,
): void {
  const groups = new Set([...users.values()].flatMap(({ person }) => person.groups))
  const routes = apps.flatMap(app => app.routes)
  let guesses = MOST_GUESSES
  const near = (name: string, known: Iterable<string>): string | undefined =>
    guesses-- > 0 ? nearestWord(name, [...known]) : undefined

  for (const [name, paths] of placesOf('users', routes)) {
    if (users.has(name)) continue
    const meant = near(name, users.keys())
    tell(
      findings,
      paths,
      `no user of the users file has the name ${quote(name)}: this entry lets nobody in`,
      meant === undefined ? `add the user with "gatehouse users add", or remove the name` : `write ${meant}`,
    )
  }
  for (const [name, paths] of placesOf('groups', routes)) {
    if (groups.has(name)) continue
    const meant = near(name, groups)
    const give = 'give a user this group in the users file'
    tell(
      findings,
      paths,
      `no user of the users file is in the group ${quote(name)}: this entry lets nobody in`,
      meant === undefined ? `${give}, or remove the name` : `write ${meant}, or ${give}`,
    )
  }
}

function placesOf(
  key: 'users' | 'groups',
  routes: LintedApp['routes'],
): ReadonlyMap<string, readonly Path[]> {
  const places = new Map<string, Path[]>()
  for (const { route, path } of routes) {
    for (const [index, name] of (route[key] ?? []).entries()) {
      const known = places.get(name) ?? []
      known.push([...path, key, index])
      places.set(name, known)
    }
  }
  return places
}

function tell(
  findings: Findings,
  [first = [], ...others]: readonly Path[],
  message: string,
  cure: string,
): void {
  const related: readonly Related[] = others
    .slice(0, MOST_RELATED)
    .map(path => ({ path, says: 'the same name' }))
  findings.warning(first, message, cure, related)
}
