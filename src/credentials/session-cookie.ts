/** Where the session cookie is valid. */
export interface SessionCookieScope {
  /** True when people reach the gateway by https. False only on plain-http loopback. */
  readonly secure: boolean
  /** The parent domain that several hosts share, without a leading dot. Undefined: this host only. */
  readonly domain: string | undefined
}

const SESSION_ID = /^[A-Za-z0-9_-]{43}$/
const OUR_COOKIE = /^\s*(?:__(?:host|secure)-)?gatehouse(?:[_-].*)?\s*$/is

/** The cookie's name by its scope: browsers refuse a `__Host-` cookie that another host tries to plant (6265bis). */
export function sessionCookieName({ secure, domain }: SessionCookieScope): string {
  if (!secure) return 'gatehouse'
  return domain === undefined ? '__Host-gatehouse' : '__Secure-gatehouse'
}

/**
 * Finds the session id in a Cookie header. The name must match exactly; nothing is decoded or unquoted. Two cookies
 * of the name are none: one of them is somebody else's, and nobody can tell which.
 * @param header the Cookie header, fields already joined by `; `
 * @returns a value of the right form, or undefined
 */
export function readSessionCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let value: string | undefined
  for (let from = 0; from < header.length;) {
    const semicolon = header.indexOf(';', from)
    const to = semicolon === -1 ? header.length : semicolon
    while (header.charCodeAt(from) === 0x20 || header.charCodeAt(from) === 0x09) from++
    if (header.startsWith(name, from) && header.charCodeAt(from + name.length) === 0x3d) {
      if (value !== undefined) return undefined
      value = header.slice(from + name.length + 1, to)
    }
    from = to + 1
  }
  return value !== undefined && SESSION_ID.test(value) ? value : undefined
}

/**
 * The attributes that the session cookie is set and cleared with, as @fastify/cookie takes them. It ends with the
 * browser: the store knows the real limits.
 */
export function sessionCookieAttributes({ secure, domain }: SessionCookieScope): SessionCookieAttributes {
  return { path: '/', httpOnly: true, secure, sameSite: 'lax', ...(domain === undefined ? {} : { domain }) }
}

export interface SessionCookieAttributes {
  readonly path: '/'
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'lax'
  readonly domain?: string
}

/**
 * Whether a cookie belongs to the gateway: `gatehouse` or `gatehouse_…` or `gatehouse-…`, in any case, with or
 * without a `__Host-` or `__Secure-` prefix. Such cookies never go upstream, and upstreams cannot set them.
 */
export function isOurCookie(name: string): boolean {
  return OUR_COOKIE.test(name)
}
