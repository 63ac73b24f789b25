import { isIP } from 'node:net'
import type { AskedRequest } from '../../access/judge.js'

/** Where a request comes from when nobody says: an address for documentation (RFC 5737), so no network of anybody. */
const SOMEWHERE = '192.0.2.1'

/**
 * Reads a method and a URL that somebody wrote down. The URL is taken apart and not parsed, because a parser would
 * repair what the gateway refuses.
 * @param publicOrigin what a URL that is only a path belongs to
 * @param from the client's address. Default: `SOMEWHERE`
 * @returns what is wrong with them as a sentence
 */
export function readAsked(
  method: string,
  url: string,
  publicOrigin: string,
  from: string = SOMEWHERE,
): { readonly ok: true; readonly asked: AskedRequest } | { readonly ok: false; readonly why: string } {
  const whole = url.startsWith('/') ? publicOrigin + url : url
  const parts = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(whole)
  if (parts === null)
    return {
      ok: false,
      why: `"${url}" is not a URL: it begins with http:// or https://, or with / for a path.`,
    }
  if (isIP(from) === 0)
    return { ok: false, why: `The client's address is an IP address, such as ${SOMEWHERE}, not "${from}".` }
  const [, scheme = '', authority = '', rest = ''] = parts
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const secure = scheme.toLowerCase() === 'https'
  return { ok: true, asked: { method, secure, authority, target, address: from, asksPreflight: false } }
}
