import type { BlockList } from 'node:net'
import type { PathLeniency } from '../access/canonicalise.js'
import type { AppPolicy } from '../access/route.js'
import type { SyslogTarget } from '../audit/syslog.js'
import type { TokenAlgorithm } from '../credentials/signing-keys.js'
import type { MailOptions, SmsOptions } from '../factors/delivery/messenger.js'
import type { SecondFactor } from '../factors/factor.js'
import type { TotpParameters } from '../factors/totp-code.js'
import type { AccessFormat } from '../gate/access-line.js'
import type { IdentityHeaderNames } from '../gate/identity-headers.js'
import type { AppChanges } from '../gate/app-changes.js'
import type { StreamLimits } from '../gate/live-streams.js'
import type { UpstreamOptions } from '../gate/upstream.js'
import type { RedisTarget } from '../store/redis-target.js'
import type { PolicyCase } from './policy-case.js'

/**
 * What the operator wrote, checked and with every default filled in. Only `loadConfig()` makes one, and only from
 * a file without a single problem. Durations are milliseconds.
 */
export interface GatewayConfig {
  /** Absolute path of the file. */
  readonly file: string
  /** Names the text of the file: the first 16 hexadecimal digits of its SHA-256. */
  readonly hash: string
  readonly publicUrl: PublicUrl
  /** Begins with `/` and does not end with one. Default `/auth`. */
  readonly authPath: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Undefined: plain http (behind a proxy that ends TLS). */
  readonly tls:
    | {
        /** PEM texts that belong together. */
        readonly cert: string
        readonly key: string
        /** The absolute names of the files that they came from; undefined: from none, and they stay as they are. */
        readonly files?: { readonly cert: string; readonly key: string } | undefined
        /** Whether clients may speak HTTP/2. Default no. */
        readonly http2?: boolean | undefined
      }
    | undefined
  /** Whose `X-Forwarded-*` is believed; undefined: nobody's. */
  readonly trustedProxies: BlockList | undefined
  /** The first derives every key; the others still open what they sealed. Undefined: generated beside the store. */
  readonly secrets: readonly string[] | undefined
  /** The absolute path of a directory, or a Redis. */
  readonly store:
    | { readonly embedded: string; readonly redis?: never }
    | { readonly redis: RedisTarget; readonly embedded?: never }
  readonly users: { readonly file: string }
  readonly session: {
    /** Default 1 h. */
    readonly idle: number
    /** Default 12 h. */
    readonly absolute: number
    /** Parent domain of a cookie that several hosts share; undefined: the cookie stays on one host. */
    readonly domain: string | undefined
    /** A session is good only from the client address (IPv6: its /64) at which it began. Default false. */
    readonly bindIp: boolean
  }
  readonly login: {
    /** The ways to begin a login. Default: `password` and `passkey`. */
    readonly methods: readonly FirstFactor[]
  }
  readonly mfa: {
    readonly enrolment: 'first_login' | 'ticket'
    /** What authenticator apps show. Default: the host of `public_url`. */
    readonly issuer: string
    /** The second factors that are taken, the usual one first. Default: `totp`, `webauthn`, `backup_code`. */
    readonly factors: readonly SecondFactor[]
    /** How new authenticators compute their codes. Those that exist keep what they were made with. */
    readonly totp: TotpParameters
    /** How long a browser may be remembered; undefined (default): not at all. */
    readonly rememberDevice: number | undefined
    /** Whether an answered question counts as a second factor beside a password. Default false. */
    readonly questionsCount: boolean
    /** Whether people may switch the second factor off for themselves, for `enrolled` routes. Default false. */
    readonly mayDisable: boolean
  }
  /** How mail is sent; undefined: not at all. */
  readonly mail: MailOptions | undefined
  /** How text messages are sent; undefined: not at all. */
  readonly sms: SmsOptions | undefined
  readonly tokens: {
    /** What signs access and ID tokens. Default `ES256`. */
    readonly algorithm: TokenAlgorithm
    /** Default 5 min. */
    readonly access: number
    /** Life of a whole family of refresh tokens. Default 12 h. */
    readonly refresh: number
    /** Greatest age of the second factor at a refresh; undefined (default): any. */
    readonly mfaMaxAge: number | undefined
    /** The `aud` of access tokens. Default: the origin of `public_url`. */
    readonly audience: string
    /** The `aud` of ID tokens: who reads them. Default `gatehouse-client`. */
    readonly clientId: string
    /** The scopes that users may give to API tokens of their own. Default: none; only the operator makes tokens. */
    readonly selfServiceScopes: readonly string[]
  }
  readonly identityHeaders: IdentityHeaderNames
  /** The groups whose members are shown on the page why a request was denied. Default: none. */
  readonly explainTo: readonly string[]
  /** Where metrics are served; undefined (default): nowhere. */
  readonly metrics: { readonly listen: { readonly host: string; readonly port: number } } | undefined
  /** Spans of requests, and whose trace they continue. Undefined (default): there are none. */
  readonly tracing: { readonly continues: 'trusted_proxies' | 'everyone' } | undefined
  /** Whether `ready` takes an address of each upstream that is well, where they are asked. Default false. */
  readonly health: { readonly upstreams: boolean }
  /** Absolute path of a second configuration whose policy decides as well, without effect. Undefined: none. */
  readonly shadow: string | undefined
  readonly audit: {
    /** Absolute path of the chained file; undefined (default): there is none. */
    readonly file: string | undefined
    /** Whether logins and changes are refused when `file` cannot be written. Default `best_effort`: they are not. */
    readonly mode: 'required' | 'best_effort'
    /** Whether lines go to the standard output too; always without `file`. */
    readonly stdout: boolean
    readonly syslog: SyslogTarget | undefined
  }
  /** Undefined (default): there is none. */
  readonly accessLog:
    | {
        /** Absolute path; undefined: the standard output. */
        readonly file: string | undefined
        readonly format: AccessFormat
        /** Whether queries are written. Default false. */
        readonly query: boolean
      }
    | undefined
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
  /** How long SIGTERM waits for requests under way. Default 10 s. */
  readonly shutdown: number
  /** How long everything is still served before that, while the gateway says that it is not ready. Default 0. */
  readonly shutdownDelay: number
  /** What one client may hold open. Default: 100 WebSockets and event streams per user, 500 per address. */
  readonly limits: StreamLimits & {
    /** After how much silence a client is given up that is to send more, or to take more. Default 60 s. */
    readonly stalledAfter: number
  }
  readonly apps: readonly AppConfig[]
  /** The cases of this very file, for `gatehouse test`; those beside it are read there. Default: none. */
  readonly tests: readonly PolicyCase[]
}

/** A way to begin a login. `link`: a link by mail. `email`, `sms`: a code. */
export type FirstFactor = 'password' | 'passkey' | 'email' | 'sms' | 'link'

export interface PublicUrl {
  /** `https://host[:port]` without a trailing slash. */
  readonly origin: string
  readonly host: string
  readonly secure: boolean
}

export interface AppConfig {
  readonly policy: AppPolicy
  readonly upstream: UpstreamOptions | undefined
  /** What is changed between clients and the app; undefined (default): nothing. */
  readonly changes?: AppChanges | undefined
  readonly allowInPath: readonly PathLeniency[]
  /** Extra header names that are removed from every request, besides the built-in list. */
  readonly stripHeaders: readonly string[]
  /** Further origins whose pages may open WebSockets (`https://other.example`); the app's own always may. */
  readonly websocketOrigins: readonly string[]
}
