import { findCookie } from './find-cookie.js'

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
 * Finds the session id in a Cookie header, as strictly as `findCookie()` reads.
 * @returns a value of the right form, or undefined
 */
export function readSessionCookie(header: string | undefined, name: string): string | undefined {
  const value = findCookie(header, name)
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
