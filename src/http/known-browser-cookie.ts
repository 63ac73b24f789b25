import { findCookie } from '../credentials/find-cookie.js'

const BROWSER_TOKEN = /^[A-Za-z0-9_-]{43}$/

/**
 * The name of the cookie by which a browser is known where somebody has logged in before. Like that of a remembered
 * device it never goes beyond the portal's host. `isOurCookie()` covers both names.
 * @param secure whether people reach the gateway by https; false only on plain-http loopback
 */
export function knownBrowserCookieName(secure: boolean): string {
  return secure ? '__Host-gatehouse-browser' : 'gatehouse-browser'
}

/**
 * Finds the token of a known browser in a Cookie header, as strictly as `findCookie()` reads.
 * @returns a value of the right form, or undefined
 */
export function readKnownBrowserCookie(header: string | undefined, secure: boolean): string | undefined {
  const value = findCookie(header, knownBrowserCookieName(secure))
  return value !== undefined && BROWSER_TOKEN.test(value) ? value : undefined
}
