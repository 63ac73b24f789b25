import { canonicalHost } from '../access/host.js'

/** Checks where somebody wants to go after a login. */
export type CheckReturnTo = (wanted: unknown) => string | undefined

/** A path of this very host: printable ASCII, and nothing that a browser could read as another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x7e]*$/
const HIDDEN_IN_PATH = /\\|%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f|25)|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\/\//i

/** The gateway's own pages that somebody may be on the way to. */
const ACCOUNT_PAGES = [
  'account',
  'account/factors',
  'account/tokens',
  'account/activity',
  'account/password',
] as const

/** Longest address that is kept. */
const LONGEST = 4096

/**
 * Makes the check for `return_to`: no login may end on somebody else's site (OWASP ASVS 5.0, 3.7.2).
 * A path of the gateway's own host passes as it is; an absolute address passes when it has the scheme and port of
 * `public_url` and the host of one of the apps, and comes out as the URL parser writes it.
 * The gateway's own addresses are no place to end a login, but for the account pages: the others redirect further.
 * @param hosts canonical hosts of the apps, `*.` wildcards included
 * @returns a check that gives an address that is safe to redirect to, or undefined
 */
export function createReturnToCheck(
  publicOrigin: string,
  authPath: string,
  hosts: readonly string[],
): CheckReturnTo {
  const base = new URL(publicOrigin)
  const allowed = new Set([base.hostname, ...hosts.filter(host => !host.startsWith('*.'))])
  const accountPages = new Set(ACCOUNT_PAGES.map(page => `${authPath}/${page}`))
  const wildcards = new Set(hosts.filter(host => host.startsWith('*.')).map(host => host.slice(2)))
  const isOurs = (host: string): boolean =>
    allowed.has(host) || (host.includes('.') && wildcards.has(host.slice(host.indexOf('.') + 1)))

  const isSafePath = (path: string): boolean => {
    const own = path === authPath || path.startsWith(`${authPath}/`)
    return !HIDDEN_IN_PATH.test(path) && (!own || accountPages.has(path))
  }

  return wanted => {
    if (typeof wanted !== 'string' || wanted.length > LONGEST) return undefined
    if (LOCAL_PATH.test(wanted)) return isSafePath(pathOf(wanted)) ? wanted : undefined
    if (!wanted.startsWith(`${base.protocol}//`) || !/^[\x21-\x7e]*$/.test(wanted) || wanted.includes('\\'))
      return undefined
    if (!URL.canParse(wanted)) return undefined
    const url = new URL(wanted)
    if (url.username !== '' || url.password !== '' || url.port !== base.port) return undefined
    const host = canonicalHost(url.host)
    // With a dot at its end it is another name to browsers: none that our cookie goes to.
    if (host === undefined || host !== url.hostname || !isOurs(host)) return undefined
    // What the parser made of host and path has to be what was written: anything else could be read in two ways.
    const [, authority = '', path = ''] =
      /^([^/]*)(.*)$/s.exec(pathOf(wanted.slice(base.protocol.length + 2))) ?? []
    if (authority.includes('%')) return undefined
    return isSafePath(url.pathname) && url.pathname === (path || '/') ? url.href : undefined
  }
}

function pathOf(target: string): string {
  return target.replace(/[?#].*$/s, '')
}
