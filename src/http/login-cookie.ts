import { findCookie } from '../credentials/find-cookie.js'

/** The ways to begin a login that wait for an answer: a code that was sent, a link, a passkey. */
export type BegunWay = 'code' | 'link' | 'passkey'

/** What a browser remembers of a login that it has begun. */
export interface BegunLogin {
  /** Names the login. */
  readonly id: string
  /** Where the person was going, as the cookie says it: check it again before using it. */
  readonly returnTo: string | undefined
}

/** The attributes of the cookie, as @fastify/cookie takes them. */
export interface LoginCookieAttributes {
  readonly path: '/'
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'lax'
  /** Seconds. */
  readonly maxAge: number
}

/** Seconds: as long as a link lives, and longer than a code. */
const LIFE = 600
/** Longer addresses are forgotten: browsers drop cookies of more than 4096 bytes. */
const LONGEST_RETURN_TO = 2048
const VALUE = /^([A-Za-z0-9_-]{43})(?:\.([A-Za-z0-9_-]+))?$/

/**
 * The name of the cookie by which a browser knows the login that it has begun. One for each way, so that looking at
 * another way does not lose a mail that is on its way. `isOurCookie()` covers them all.
 * @param secure whether people reach the gateway by https; false only on plain-http loopback
 */
export function loginCookieName(way: BegunWay, secure: boolean): string {
  return `${secure ? '__Host-' : ''}gatehouse-login-${way}`
}

/**
 * The attributes that the cookie is set and cleared with.
 * @param kept false clears it
 */
export function loginCookieAttributes(secure: boolean, kept: boolean): LoginCookieAttributes {
  return { path: '/', httpOnly: true, secure, sameSite: 'lax', maxAge: kept ? LIFE : 0 }
}

/** The value of the cookie. A place to go to that is too long for a cookie is left out. */
export function writeLoginCookie({ id, returnTo }: BegunLogin): string {
  if (returnTo === undefined || returnTo.length > LONGEST_RETURN_TO) return id
  return `${id}.${Buffer.from(returnTo).toString('base64url')}`
}

/**
 * Finds the login that a browser has begun in one way, as strictly as `findCookie()` reads.
 * @param header the Cookie header
 */
export function readLoginCookie(
  header: string | undefined,
  way: BegunWay,
  secure: boolean,
): BegunLogin | undefined {
  const [, id, returnTo] = VALUE.exec(findCookie(header, loginCookieName(way, secure)) ?? '') ?? []
  if (id === undefined) return undefined
  return { id, returnTo: returnTo === undefined ? undefined : Buffer.from(returnTo, 'base64url').toString() }
}
