/**
 * How the paths of an app differ between the client and the upstream. Each is empty, or `/` and whole segments of
 * unreserved characters without a slash at the end; never both empty.
 */
export interface PathChange {
  /** What the client's path begins with and the upstream's does not. */
  readonly strip: string
  /** What the upstream's path begins with and the client's does not. */
  readonly add: string
}

/** What the addresses of an app's answers are compared with. */
export interface AnswerPlace {
  readonly change: PathChange
  /** The origins of the upstream. */
  readonly origins: readonly string[]
  /** The host, with its port, that the client asked. */
  readonly host: string
}

/** Two slashes begin a host, and some servers and browsers read these as two (RFC 3986, section 4.2). */
const LIKE_A_HOST = /^\/(?:[/\\]|%2f|%5c)/i

/**
 * The path that an upstream is asked for, of a canonical path.
 * @returns undefined: the path does not begin with the prefix as whole segments, or what is left could be read as a host
 */
export function pathUpstream(encodedPath: string, { strip, add }: PathChange): string | undefined {
  const rest = withoutPrefix(encodedPath, strip)
  return rest === undefined || (strip !== '' && LIKE_A_HOST.test(rest)) ? undefined : add + rest
}

/** `/` where nothing is left; undefined: the path is not under the prefix. */
function withoutPrefix(path: string, prefix: string): string | undefined {
  if (path === prefix) return '/'
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined
}

/**
 * Rewrites the addresses of an upstream's answer to those under which the client finds them: `Location`,
 * `Content-Location` and the `Path` of cookies. What is relative, of another site, outside of what the upstream serves
 * here, or under the client's prefix already stays as it is.
 * @param fields name, value, name, value, …; changed in place
 */
export function rewriteAnswer(fields: string[], place: AnswerPlace): void {
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const value = fields[index + 1] ?? ''
    const name = fields[index]?.toLowerCase()
    if (name === 'location' || name === 'content-location') fields[index + 1] = addressForClient(value, place)
    else if (name === 'set-cookie') fields[index + 1] = cookieForClient(value, place.change)
  }
}

const ADDRESS = /^(https?:\/\/[^/?#\\]*)?(\/[^?#]*)?([?#].*)?$/is

function addressForClient(address: string, { change, origins, host }: AnswerPlace): string {
  const [, origin, path = '/', rest = ''] = ADDRESS.exec(address) ?? []
  if (origin === undefined && (!address.startsWith('/') || LIKE_A_HOST.test(address))) return address
  const authority = origin?.slice(origin.indexOf('/') + 2).toLowerCase()
  const isUpstreams = origin !== undefined && origins.includes(originOf(origin))
  if (origin !== undefined && !isUpstreams && authority !== host.toLowerCase()) return address
  const changed = pathForClient(path, change)
  // Without its prefix, what was a path must not become the name of a site.
  if (changed === undefined || LIKE_A_HOST.test(changed)) return address
  return (isUpstreams ? '' : (origin ?? '')) + changed + rest
}

/** Without a default port, as the origins of upstreams are written. */
function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : ''
}

function pathForClient(path: string, { strip, add }: PathChange): string | undefined {
  if (strip !== '' && withoutPrefix(path, strip) !== undefined) return undefined
  const rest = withoutPrefix(path, add)
  return rest === undefined ? undefined : strip + rest
}

/** The whole of an app is at its prefix for the client. Cookies of `__Host-` are good for `/` alone (6265bis, 4.1.3). */
function cookieForClient(cookie: string, change: PathChange): string {
  if (/^\s*__host-/i.test(cookie)) return cookie
  const [pair = '', ...attributes] = cookie.split(';')
  const changed = attributes.map(attribute => {
    const at = attribute.indexOf('=')
    if (at < 0 || attribute.slice(0, at).trim().toLowerCase() !== 'path') return attribute
    const path = cookiePathForClient(attribute.slice(at + 1).trim(), change)
    return path === undefined ? attribute : `${attribute.slice(0, at + 1)}${path}`
  })
  return [pair, ...changed].join(';')
}

function cookiePathForClient(path: string, change: PathChange): string | undefined {
  const { strip, add } = change
  if (path === '/' || withoutPrefix(add, path) !== undefined) return strip === '' ? '/' : strip
  return path.startsWith('/') ? pathForClient(path, change) : undefined
}
