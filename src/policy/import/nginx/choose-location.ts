import { RE2JS } from 're2js'
import { isIn } from '../address-range.js'
import type { SourceDecision, SourceJudge } from '../imported.js'
import type { Location } from './locations.js'

/** A server with what its locations lead to. */
export interface Server {
  /** Canonical; `*.` in front is for any number of labels. */
  readonly hosts: readonly string[]
  readonly locations: readonly Location[]
  /** Where the app is that the gateway will pass requests to. */
  readonly origin: string | undefined
}

/**
 * Decides as nginx does: it chooses one location, and that one lets the request to the app, or does not. Whoever
 * shows less than two factors is taken for somebody whom the service behind `auth_request` sends on to the second.
 */
export function judgeAsNginx(servers: readonly Server[]): SourceJudge {
  return (request, caller) => {
    const server =
      servers.find(({ hosts }) => hosts.includes(request.host)) ??
      servers.find(({ hosts }) =>
        hosts.some(host => host.startsWith('*.') && request.host.endsWith(host.slice(1))),
      )
    const location = server === undefined ? undefined : chooseLocation(server.locations, request.path)
    if (server === undefined || location === undefined) return 'not_found'
    if (!leadsToApp(location, server.origin)) return 'deny'
    const { access, asksLogin, satisfiesAny } = location.protection
    const line = access.find(({ range }) => range === undefined || isIn([range], request.address))
    const login: SourceDecision = caller.user === undefined ? 'login' : caller.factors === 1 ? 'mfa' : 'allow'
    if (satisfiesAny && asksLogin) return line?.allows === true ? 'allow' : login
    if (line?.allows === false) return 'deny'
    return asksLogin ? login : 'allow'
  }
}

/** Whether requests of a location go to the app that the gateway knows. */
export function leadsToApp({ target }: Location, origin: string | undefined): boolean {
  return typeof target === 'object' && target.origin === origin
}

/** The exact location, else the longest prefix if it is final, else the first regex that matches, else that prefix. */
function chooseLocation(locations: readonly Location[], path: string): Location | undefined {
  const exact = locations.find(({ modifier, text }) => modifier === '=' && text === path)
  if (exact !== undefined) return exact
  let longest: Location | undefined
  for (const one of locations) {
    if (one.modifier !== '^~' && one.modifier !== 'none') continue
    if (path.startsWith(one.text) && one.text.length > (longest?.text.length ?? -1)) longest = one
  }
  if (longest?.modifier === '^~') return longest
  return locations.find(one => isRegex(one) && matches(one, path)) ?? longest
}

/** Whether a location is a regex. */
export function isRegex({ modifier }: Location): boolean {
  return modifier === '~' || modifier === '~*'
}

function matches({ modifier, text }: Location, path: string): boolean {
  try {
    return RE2JS.compile(text, modifier === '~*' ? RE2JS.CASE_INSENSITIVE : 0).test(path)
  } catch {
    return false
  }
}
