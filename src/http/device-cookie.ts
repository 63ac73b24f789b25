import { findCookie } from '../credentials/find-cookie.js'

const DEVICE_TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The attributes of the cookie, as @fastify/cookie takes them. */
export interface DeviceCookieAttributes {
  readonly path: '/'
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'lax'
  /** Seconds. */
  readonly maxAge: number
}

/**
 * The name of the cookie by which a browser is remembered. It never goes beyond the portal's host, also where the
 * session cookie is shared: only the login reads it. `isOurCookie()` covers both names.
 * @param secure whether people reach the gateway by https; false only on plain-http loopback
 */
export function deviceCookieName(secure: boolean): string {
  return secure ? '__Host-gatehouse-device' : 'gatehouse-device'
}

/**
 * The attributes that the cookie is set and cleared with.
 * @param life milliseconds until the browser forgets it; the store knows the real limit. 0 clears it. Less than a
 *   second counts as one; browsers cut at 400 days.
 */
export function deviceCookieAttributes(secure: boolean, life: number): DeviceCookieAttributes {
  const maxAge = Math.ceil(Math.max(0, life) / 1000)
  return { path: '/', httpOnly: true, secure, sameSite: 'lax', maxAge }
}

/**
 * Finds the token of a remembered browser in a Cookie header, as strictly as `findCookie()` reads.
 * @returns a value of the right form, or undefined
 */
export function readDeviceCookie(header: string | undefined, secure: boolean): string | undefined {
  const value = findCookie(header, deviceCookieName(secure))
  return value !== undefined && DEVICE_TOKEN.test(value) ? value : undefined
}
