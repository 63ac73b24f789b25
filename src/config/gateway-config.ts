import type { BlockList } from 'node:net'
import type { PathLeniency } from '../access/canonicalise.js'
import type { AppPolicy } from '../access/route.js'
import type { IdentityHeaderNames } from '../gate/identity-headers.js'
import type { UpstreamOptions } from '../gate/upstream.js'

/**
 * What the operator wrote, checked and with every default filled in. Only `loadConfig()` makes one, and only from
 * a file without a single problem. Durations are milliseconds.
 */
export interface GatewayConfig {
  /** Absolute path of the file. */
  readonly file: string
  readonly publicUrl: PublicUrl
  /** Begins with `/` and does not end with one. Default `/auth`. */
  readonly authPath: string
  readonly listen: { readonly host: string; readonly port: number }
  /** PEM texts that belong together; undefined: plain http (behind a proxy that ends TLS). */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Whose `X-Forwarded-*` is believed; undefined: nobody's. */
  readonly trustedProxies: BlockList | undefined
  /** The first derives every key; the others still open what they sealed. Undefined: generated beside the store. */
  readonly secrets: readonly string[] | undefined
  readonly store: { readonly embedded: string }
  readonly users: { readonly file: string }
  readonly session: {
    /** Default 1 h. */
    readonly idle: number
    /** Default 12 h. */
    readonly absolute: number
    /** Parent domain of a cookie that several hosts share; undefined: the cookie stays on one host. */
    readonly domain: string | undefined
  }
  readonly mfa: {
    readonly enrolment: 'first_login' | 'ticket'
    /** What authenticator apps show. Default: the host of `public_url`. */
    readonly issuer: string
  }
  readonly identityHeaders: IdentityHeaderNames
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly access: boolean }
  /** How long SIGTERM waits for requests under way. Default 10 s. */
  readonly shutdown: number
  readonly apps: readonly AppConfig[]
}

export interface PublicUrl {
  /** `https://host[:port]` without a trailing slash. */
  readonly origin: string
  readonly host: string
  readonly secure: boolean
}

export interface AppConfig {
  readonly policy: AppPolicy
  readonly upstream: UpstreamOptions | undefined
  readonly allowInPath: readonly PathLeniency[]
  /** Extra header names that are removed from every request, besides the built-in list. */
  readonly stripHeaders: readonly string[]
  /** Further origins whose pages may open WebSockets (`https://other.example`); the app's own always may. */
  readonly websocketOrigins: readonly string[]
}
