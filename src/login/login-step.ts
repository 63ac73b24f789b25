import type { OpenSession } from '../credentials/session-record.js'

/** Who sends a request, as far as logins remember and count it. */
export interface Client {
  /** IP address after trusted proxies. */
  readonly address: string
  /** The User-Agent header as it came, or an empty string. */
  readonly userAgent: string
  readonly requestId: string
}

/** A second factor that `secondFactor()` takes. */
export type SecondFactor = 'totp' | 'backup_code'

/**
 * Why a step was refused. `credentials`: unknown user, wrong password or disabled user, never told apart.
 * `wrong_code`: wrong, used before or not of this user. `malformed_code`: it cannot be a code at all; not counted.
 * `ticket`: the enrolment ticket is wrong, used or missing. `mfa_disabled`: this user has no second factor by the
 * operator's word. `not_pending`: nothing is waiting for this (the enrolment has to be started first).
 */
export type RefusalReason =
  'credentials' | 'wrong_code' | 'malformed_code' | 'ticket' | 'mfa_disabled' | 'not_pending'

/** This step did not succeed; the same challenge may be tried again, unless it was the password. */
export interface Refused {
  readonly step: 'refused'
  readonly reason: RefusalReason
}

/** Too many tries. Nothing was checked. */
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
interface Busy {
  readonly step: 'busy'
  /** Seconds. */
  readonly retryAfter: number
}

/** The session or the challenge is gone, used up or not of this session: log in again, or ask for a new challenge. */
export interface Expired {
  readonly step: 'expired'
}

/** The login reached its goal. */
export interface Done {
  readonly step: 'done'
  /** Set its id as the cookie: it may be new. */
  readonly session: OpenSession
  /** Ten new backup codes, shown this once; only at the end of an enrolment. */
  readonly backupCodes: readonly string[] | undefined
  /** Where the person was going, as it was given at the start of the login. Check it again before using it. */
  readonly returnTo: string | undefined
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

/** The user has no second factor: `startEnrolment()`, then `secondFactor()` with factor `totp`. */
export interface EnrolmentDue {
  readonly step: 'enrol'
  /** Set its id as the cookie: it may be new. */
  readonly session: OpenSession
  readonly challenge: string
  /** Seconds the challenge lives. */
  readonly expiresIn: number
  /** Whether `startEnrolment()` will ask for a ticket of the operator. */
  readonly needsTicket: boolean
  readonly returnTo: string | undefined
}

/** What a step of a login comes to. */
export type LoginStep = Done | SecondFactorDue | EnrolmentDue | Refused | Throttled | Locked | Busy | Expired

/** What an authenticator app needs, made by the gateway. The same until it is confirmed or 15 minutes have passed. */
export interface EnrolmentOffer {
  readonly step: 'enrolment'
  readonly factor: 'totp'
  /** Base32, to be typed. */
  readonly secret: string
  readonly otpauthUri: string
  /** An `<svg>` element without style or script. */
  readonly qrSvg: string
}

/** New backup codes; the old ones are dead. */
export interface NewBackupCodes {
  readonly step: 'backup_codes'
  readonly codes: readonly string[]
}

/** A second factor has to be shown (again) first. */
export interface StepUpDue {
  readonly step: 'step_up'
}

/** From nobody to somebody. Knows no HTTP. Throws only `StoreUnavailable` and what is broken. */
export interface Login {
  /** The first step. Always ends `previousSessionId`, where a password was right, and starts a new session. */
  password(attempt: {
    readonly username: string
    readonly password: string
    readonly client: Client
    /** The session that the same browser had so far. */
    readonly previousSessionId?: string | undefined
    /** Where the person is going. Kept with the challenge; already checked by the caller. */
    readonly returnTo?: string | undefined
  }): Promise<LoginStep>
  /** Finishes a login, an enrolment or a step-up. On success the session has a new id and the old one is dead. */
  secondFactor(attempt: {
    readonly sessionId: string
    readonly challenge: string
    readonly factor: SecondFactor
    readonly code: string
    readonly client: Client
  }): Promise<LoginStep>
  /**
   * Makes a new challenge for a session that exists: to finish a login, or to step up. The session keeps its id.
   * Gives `second_factor`, `enrol`, `expired` or `refused` with `mfa_disabled`.
   */
  challengeFor(request: {
    readonly sessionId: string
    readonly returnTo?: string | undefined
  }): Promise<LoginStep>
  /** Begins, or shows again, the enrolment that an `enrol` challenge offers. */
  startEnrolment(request: {
    readonly sessionId: string
    readonly challenge: string
    readonly ticket?: string | undefined
    readonly client: Client
  }): Promise<EnrolmentOffer | Refused | Throttled | Expired>
  /** Replaces all backup codes. Needs a second factor that was shown within the last 5 minutes. */
  regenerateBackupCodes(request: {
    readonly sessionId: string
    readonly client: Client
  }): Promise<NewBackupCodes | StepUpDue | Expired>
}
