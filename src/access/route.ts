import type { BlockList } from 'node:net'
import type { RE2JS } from 're2js'
import type { Method } from './assurance.js'
import type { PathPattern } from './path-pattern.js'

/**
 * The access that a route asks for.
 * `public`: no login. `bypassed`: login, second factor skipped. `enrolled`: login, second factor only for users
 * who have one. `required`: login and second factor. `denied`: nobody.
 */
export type Access = 'public' | 'bypassed' | 'enrolled' | 'required' | 'denied'

/** A fresher or stronger proof that a route asks of somebody who is already logged in. */
export interface StepUp {
  /** Greatest age of the proof in milliseconds; undefined asks only for the method. */
  readonly maxAge: number | undefined
  /** Any one of these methods; undefined means any second factor. */
  readonly methods: readonly Method[] | undefined
}

/** Where a route stands in the operator's file, so that every message can point at it. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * One route. `path`, `methods` and `networks` say which requests it is for; `users`, `groups` and `stepUp` say
 * what it demands of them. Every key that is given must hold; within a key, any one value does.
 */
export interface Route {
  /** How messages and metrics call it: `app / pattern`. */
  readonly name: string
  /** Exactly one of these two is set. A regex must match the whole path. */
  readonly path: PathPattern | undefined
  readonly pathRegex: RE2JS | undefined
  /** What the operator wrote as path or regex. */
  readonly pattern: string
  readonly methods: readonly string[] | undefined
  readonly networks: BlockList | undefined
  readonly access: Access
  readonly users: readonly string[] | undefined
  readonly groups: readonly string[] | undefined
  readonly stepUp: StepUp | undefined
  /** Scopes of API tokens: a token with any one of them satisfies the route too. Undefined: no token does. */
  readonly tokens: readonly string[] | undefined
  /** Why a route is `bypassed`; mandatory there. */
  readonly reason: string | undefined
  /** A `bypassed` route is `required` from this moment on (milliseconds since the epoch). */
  readonly until: number | undefined
  /** Undefined for the default route, which nobody wrote. */
  readonly place: Place | undefined
}

/** One app of the policy: its hosts and its routes in the order of the file. */
export interface AppPolicy {
  readonly name: string
  /** Canonical host name, or `*.example.com` for exactly one label more than `example.com`. */
  readonly host: string
  readonly routes: readonly Route[]
  /**
   * Whether there is anything behind it, by an upstream or by another proxy that forwards. Without it nothing is let
   * through: it is not found.
   */
  readonly hasUpstream: boolean
  /** Whether another proxy forwards its requests and only asks for the decision. Default: false. */
  readonly forwardAuth?: boolean
  /** Lets genuine CORS preflights through without identity. */
  readonly preflight: boolean
}
