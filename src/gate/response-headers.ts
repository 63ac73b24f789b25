import { dropNamedFields } from '../http/connection-field.js'

/** Tells whether a cookie name is one of the gateway's. */
export type IsOurCookie = (name: string) => boolean

/** Hop-by-hop fields (RFC 9110, section 7.6.1): they end at the gateway, in both directions. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What an upstream's answer becomes towards the client. */
export interface ResponseHeaders {
  /** Name, value, name, value, … as `ServerResponse.writeHead` takes them. */
  readonly fields: string[]
  /** It is a stream of server-sent events. */
  readonly isEventStream: boolean
}

/**
 * Takes over an upstream's header fields, except those that end here and those with which an app could reach the
 * gateway's own cookies or transport rules on a host that both share.
 * @param raw names and values in turn
 * @param isPrivate the answer is for one person: caches that several people share must not keep it
 */
export function readResponseHeaders(
  raw: readonly string[],
  isPrivate: boolean,
  isOurCookie: IsOurCookie,
): ResponseHeaders {
  const fields: string[] = []
  let named: string | undefined
  let isEventStream = false
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const value = raw[index + 1] ?? ''
    const lower = name.toLowerCase()
    switch (lower) {
      case 'set-cookie':
        if (!isOurCookie(cookieName(value))) fields.push(name, value)
        break
      case 'cache-control':
        fields.push(name, isPrivate ? withoutSharedCaches(value) : value)
        break
      case 'clear-site-data':
        if (!/"(?:cookies|\*)"/i.test(value)) fields.push(name, value)
        break
      case 'strict-transport-security':
        if (!/max-age\s*=\s*"?0+"?\s*(?:;|$)/i.test(value)) fields.push(name, value)
        break
      case 'connection':
        named = named === undefined ? value : `${named},${value}`
        break
      default:
        if (HOP_BY_HOP.has(lower)) break
        if (lower === 'content-type') isEventStream = value.toLowerCase().startsWith('text/event-stream')
        fields.push(name, value)
    }
  }
  dropNamedFields(fields, named)
  if (isPrivate && !fields.some(isCacheControl)) fields.push('Cache-Control', 'private')
  return { fields, isEventStream }
}

function isCacheControl(text: string, index: number): boolean {
  return index % 2 === 0 && text.toLowerCase() === 'cache-control'
}

/** Browsers send the nameless cookie `=name=x` back as `name=x` (6265bis, section 5.7), so it counts as `name`. */
function cookieName(cookie: string): string {
  return /^\s*=?([^=;]*)/.exec(cookie)?.[1] ?? ''
}

function withoutSharedCaches(value: string): string {
  const kept = value
    .split(',')
    .map(directive => directive.trim())
    .filter(
      directive => directive !== '' && !/^(?:public|private|s-maxage|proxy-revalidate)\b/i.test(directive),
    )
  return ['private', ...kept].join(', ')
}
