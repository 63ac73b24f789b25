import type { BlockList } from 'node:net'
import type { PathLeniency } from '../access/canonicalise.js'
import type { AppPolicy } from '../access/route.js'

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

/** Header names as they are sent; undefined: that fact is not sent. */
export interface IdentityHeaderNames {
  readonly user: string
  readonly name: string | undefined
  readonly email: string | undefined
  readonly groups: string | undefined
  readonly assurance: string | undefined
  readonly amr: string | undefined
  readonly assertion: string | undefined
}

export interface AppConfig {
  readonly policy: AppPolicy
  readonly upstream: UpstreamConfig | undefined
  readonly allowInPath: readonly PathLeniency[]
  /** Extra header names that are removed from every request, besides the built-in list. */
  readonly stripHeaders: readonly string[]
  /** Further origins whose pages may open WebSockets (`https://other.example`); the app's own always may. */
  readonly websocketOrigins: readonly string[]
}

export interface UpstreamConfig {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string
  /** Only for https. `verify: false` is written by the operator in words: `tls_verify: insecure-skip-verify`. */
  readonly tls: {
    readonly verify: boolean
    readonly ca: string | undefined
    readonly serverName: string | undefined
  }
  /** True: the client's Host goes upstream (default). False: the upstream's own. */
  readonly passHost: boolean
  readonly timeouts: {
    /** Default 5 s. */
    readonly connect: number
    /** Until the answer's headers. Default 60 s. */
    readonly headers: number
    /** Between two pieces of a body. Default 5 min. */
    readonly body: number
  }
}
