import { isIP } from 'node:net'

/** One DNS name of letters, digits, hyphens and (as many internal names have them) underscores. */
const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::([0-9]{1,5}))?$/i

/**
 * Reads the authority of a Host header or URL (RFC 9110, section 7.2) as the one name that the policy knows it by:
 * lower-case, without port and without the trailing dot. IPv6 keeps its brackets.
 * @returns undefined when it is not exactly one host: user information, lists, spaces, malformed ports
 */
export function canonicalHost(authority: string): string | undefined {
  const parts = AUTHORITY.exec(authority)
  const host = parts?.[1]
  if (host === undefined) return undefined
  if (parts?.[2] !== undefined && Number(parts[2]) > 65535) return undefined
  if (host.startsWith('[')) return isIP(host.slice(1, -1)) === 6 ? host.toLowerCase() : undefined
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  // Lower-cased last: the Kelvin sign would turn into a plain k.
  return NAME.test(name) ? name.toLowerCase() : undefined
}
