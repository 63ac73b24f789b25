import type { OpenSession, SessionCarrier } from '../credentials/session-record.js'
import type { FactorPrompt, SecondFactor } from '../factors/factor.js'

/** Who sends a request, as far as logins remember and count it. */
export interface Client {
  /** IP address after trusted proxies. */
  readonly address: string
  /** The User-Agent header as it came, or an empty string. */
  readonly userAgent: string
  readonly requestId: string
  /** What the browser's cookie says of being known; nobody has looked yet whether it is worth anything. */
  readonly browserToken?: string | undefined
}

/** A factor with which somebody may begin: what the first login enrols. */
export type EnrollableFactor = 'totp' | 'webauthn'

/**
 * Why a step was refused. `credentials`: unknown user, wrong password or disabled user, never told apart.
 * `wrong_code`: wrong, used before or not of this user. `malformed_code`: it cannot be a code at all; not counted.
 * `ticket`: the enrolment ticket is wrong, used or missing. `mfa_disabled`: this user has no second factor by the
 * operator's word. `not_pending`: nothing is waiting for this (it has to be started first). `no_suitable_factor`:
 * the user has a second factor, but none that would do here. `not_offered`: the operator has not switched this way
 * of logging in on. `unsuitable`: what was sent cannot be kept (a name, a question, a new password). `last_factor`:
 * without it the account could not log in any more.
 */
export type RefusalReason =
  | 'credentials'
  | 'wrong_code'
  | 'malformed_code'
  | 'ticket'
  | 'mfa_disabled'
  | 'not_pending'
  | 'no_suitable_factor'
  | 'not_offered'
  | 'unsuitable'
  | 'last_factor'

/** This step did not succeed; the same challenge may be tried again, unless it was the password. */
export interface Refused {
  readonly step: 'refused'
  readonly reason: RefusalReason
}

/** Too many tries, or too many messages. Nothing was checked or sent. */
export interface Throttled {
  readonly step: 'throttled'
  /** Seconds. */
  readonly retryAfter: number
}

/** Too many wrong codes in a row: only an operator, or another factor of the user, lifts it. Nothing was checked. */
export interface Locked {
  readonly step: 'locked'
}

/** The gateway is too busy to check a password now. Nothing was checked or counted. */
export interface Busy {
  readonly step: 'busy'
  /** Seconds. */
  readonly retryAfter: number
}

/** The session or the challenge is gone, used up or not of this session: log in again, or ask for a new challenge. */
export interface Expired {
  readonly step: 'expired'
  /** Five wrong codes have used up the challenge. */
  readonly usedUp?: boolean
}

/** The login reached its goal. */
export interface Done {
  readonly step: 'done'
  /** Set its id as the cookie, or give tokens for it, as its carrier says: it may be new. */
  readonly session: OpenSession
  /** Ten new backup codes, shown this once; only at the end of an enrolment. */
  readonly backupCodes: readonly string[] | undefined
  /** Where the person was going, as it was given at the start of the login. Check it again before using it. */
  readonly returnTo: string | undefined
  /** The secret of a browser that is remembered from now on, for its cookie. */
  readonly device?: { readonly token: string; readonly expiresAt: number } | undefined
  /** The secret of a browser that is known from now on, for its cookie. */
  readonly browser?: { readonly token: string; readonly expiresAt: number } | undefined
}

/** A second factor is due: `secondFactor()` with this challenge. */
export interface SecondFactorDue {
  readonly step: 'second_factor'
  /** Set its id as the cookie: it may be new. */
  readonly session: OpenSession
  readonly challenge: string
  /** Seconds the challenge lives. */
  readonly expiresIn: number
  /** What this user can show, the usual one first. */
  readonly factors: readonly SecondFactor[]
  readonly returnTo: string | undefined
}

/** The user has no second factor: `startEnrolment()`, then `secondFactor()` with the factor that was offered. */
export interface EnrolmentDue {
  readonly step: 'enrol'
  /** Set its id as the cookie: it may be new. */
  readonly session: OpenSession
  readonly challenge: string
  /** Seconds the challenge lives. */
  readonly expiresIn: number
  /** Whether `startEnrolment()` will ask for a ticket of the operator. */
  readonly needsTicket: boolean
  /** What can be enrolled, the usual one first. */
  readonly factors: readonly EnrollableFactor[]
  readonly returnTo: string | undefined
}

/** What a step of a login comes to. */
export type LoginStep = Done | SecondFactorDue | EnrolmentDue | Refused | Throttled | Locked | Busy | Expired

/** What an authenticator needs, made by the gateway. An app's is the same until it is confirmed or 15 minutes have passed. */
export type EnrolmentOffer =
  | {
      readonly step: 'enrolment'
      readonly factor: 'totp'
      /** Base32, to be typed. */
      readonly secret: string
      readonly otpauthUri: string
      /** An `<svg>` element without style or script. */
      readonly qrSvg: string
    }
  | {
      readonly step: 'enrolment'
      readonly factor: 'webauthn'
      /** For `navigator.credentials.create()`, as JSON. */
      readonly options: unknown
    }

/** A factor was asked to do its part; `prompt` says what the person sees. */
export interface Prompted {
  readonly step: 'prompted'
  readonly prompt: Exclude<FactorPrompt, { prompt: 'too_many' }>
}

/** A second factor has to be shown (again) first. */
export interface StepUpDue {
  readonly step: 'step_up'
}

/** What a login was begun with, besides the proof. */
export interface Beginning {
  readonly client: Client
  /** What is to carry the session. Default `cookie`. */
  readonly carrier?: SessionCarrier | undefined
  /** The session that the same browser had so far: it ends. */
  readonly previousSessionId?: string | undefined
  /** Where the person is going. Kept with the challenge; already checked by the caller. */
  readonly returnTo?: string | undefined
  /** What the browser's cookie says of being remembered. */
  readonly deviceToken?: string | undefined
  /** A backend asks, and judges by itself whether the proofs are enough: no further factor is asked for. */
  readonly asIs?: boolean | undefined
  /** The name of the machine that asks, where one does: it alone may add proofs to the session later. */
  readonly backend?: string | undefined
}

/** From nobody to somebody. Knows no HTTP. Throws only `StoreUnavailable` and what is broken. */
export interface Login {
  /** The usual first step. A right password always ends `previousSessionId` and starts a new session. */
  password(attempt: Beginning & { readonly username: string; readonly password: string }): Promise<LoginStep>
  /** Has a factor of this challenge do its part: send the code, give the options, ask the question. */
  prompt(request: {
    /** Undefined where the challenge alone names the session: tokens carry it. */
    readonly sessionId: string | undefined
    readonly challenge: string
    readonly factor: SecondFactor
    readonly client: Client
  }): Promise<Prompted | Refused | Throttled | Expired>
  /**
   * Finishes a login, an enrolment or a step-up. On success a session in a cookie has a new id and the old one is
   * dead; one that tokens carry has a new version, and the old tokens are dead.
   */
  secondFactor(attempt: {
    /** Undefined where the challenge alone names the session: tokens carry it. */
    readonly sessionId: string | undefined
    readonly challenge: string
    readonly factor: SecondFactor
    readonly code: string
    readonly client: Client
    /** Whether the owner asks that this browser be remembered, where the operator allows it. */
    readonly rememberDevice?: boolean | undefined
  }): Promise<LoginStep>
  /**
   * Makes a new challenge for a session that exists: to finish a login, or to step up. The session keeps its id.
   * Gives `second_factor`, `enrol`, `expired` or `refused` with `mfa_disabled` or `no_suitable_factor`.
   */
  challengeFor(request: {
    readonly sessionId: string
    readonly returnTo?: string | undefined
    readonly client: Client
  }): Promise<LoginStep>
  /** Begins, or shows again, the enrolment that an `enrol` challenge offers. */
  startEnrolment(request: {
    /** Undefined where the challenge alone names the session: tokens carry it. */
    readonly sessionId: string | undefined
    readonly challenge: string
    /** Default `totp`. */
    readonly factor?: EnrollableFactor | undefined
    readonly ticket?: string | undefined
    readonly client: Client
  }): Promise<EnrolmentOffer | Refused | Throttled | Expired>
}
