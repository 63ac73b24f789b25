import type { Arrival } from '../http/arrival.js'

/**
 * How another proxy asks, and which answers it understands.
 * `verify`: either set of header fields, answered as that set's proxies expect. `forward_auth`, `auth_request`,
 * `ext_authz`: as Authelia answers. `oauth2`: as oauth2-proxy answers.
 */
export type Dialect = 'verify' | 'forward_auth' | 'auth_request' | 'ext_authz' | 'oauth2'

/** What stands before the path that Envoy asks about. Its `path_prefix` is this, without a slash at the end. */
export const EXT_AUTHZ_PREFIX = '/api/authz/ext-authz'

/** The header fields in which other proxies tell which request they ask about, lower-case. */
export const STATING_FIELDS = [
  'x-original-url',
  'x-original-method',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-host',
  'x-forwarded-proto',
] as const

/** Those that a proxy which merely forwards does not send. */
const ASKING_FIELDS: ReadonlySet<string> = new Set(STATING_FIELDS.slice(0, 4))

/** The addresses at which another proxy asks for a decision. */
export interface ForwardAuthAddresses {
  /** The dialect that is spoken at a canonical path; undefined: none is. */
  dialectAt(path: string): Dialect | undefined
  /**
   * Whether a request asks for a decision, and is not for the app of its host or for a page of the gateway.
   * `/auth/verify` on the host of `public_url` always does. Elsewhere the addresses are the gateway's for a trusted
   * proxy, and for everybody who sends what only such a proxy sends; but an app with an upstream of its own, whose
   * requests no other proxy asks about, keeps `/auth/verify` and `/oauth2/auth` for itself where nothing is asked.
   */
  readonly asks: (arrival: Arrival, raw: { readonly rawHeaders: readonly string[] }) => boolean
}

/** Makes the table for a host of `public_url` and an `auth_path`. */
export function createForwardAuthAddresses(authPath: string, publicHost: string): ForwardAuthAddresses {
  const verify = `${authPath}/verify`

  function dialectAt(path: string): Dialect | undefined {
    if (path === verify) return 'verify'
    if (path === '/oauth2/auth') return 'oauth2'
    if (!path.startsWith('/api/authz/')) return undefined
    if (path === '/api/authz/forward-auth') return 'forward_auth'
    if (path === '/api/authz/auth-request') return 'auth_request'
    // Whatever follows: Envoy puts the request target of `OPTIONS *` behind it too.
    return path.startsWith(EXT_AUTHZ_PREFIX) ? 'ext_authz' : undefined
  }

  return {
    dialectAt,
    asks({ reading, client, policy }, { rawHeaders }) {
      if (!reading.ok) return false
      const { request } = reading
      const dialect = dialectAt(request.path)
      if (dialect === undefined) return false
      if (dialect === 'verify' && request.host === publicHost) return true
      if (dialect === 'ext_authz') return client.peerIsTrusted
      if (rawHeaders.some((name, index) => index % 2 === 0 && ASKING_FIELDS.has(name.toLowerCase())))
        return true
      if (!client.peerIsTrusted) return false
      const app = policy.routes.find(request, client.address)?.app
      return app === undefined || !app.hasUpstream || app.forwardAuth === true
    },
  }
}
