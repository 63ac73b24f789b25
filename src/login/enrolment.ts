import QRCode from 'qrcode'
import type { Clock } from '../clock.js'
import type { FactorOutcome, FactorUser } from '../factors/factor.js'
import {
  encodeTotpSecret,
  matchTotpCode,
  normaliseTotpCode,
  type TotpParameters,
  totpSecretBytes,
  totpUri,
} from '../factors/totp-code.js'
import type { Totp } from '../factors/totp.js'
import type { WebAuthn } from '../factors/webauthn.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import type { RecordKey, Store } from '../store/store.js'
import { markEnrolled, readAccount } from '../users/accounts.js'
import type { EnrolmentTickets } from './enrolment-tickets.js'
import type { EnrollableFactor, EnrolmentOffer } from './login-step.js'
import type { EnrolmentRule } from './next-step.js'

export interface EnrolmentOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly totp: Totp
  readonly webauthn: WebAuthn
  readonly tickets: EnrolmentTickets
  readonly rule: EnrolmentRule
  /** What authenticator apps show as the place the codes are for. */
  readonly issuer: string
  /** How the codes of new authenticators are computed. */
  readonly parameters: TotpParameters
}

/** Who enrols, and in which session. Nothing can be continued from another one. */
export interface Enrolling {
  readonly user: FactorUser
  readonly sessionReference: string
}

/** Who enrols the first factor of an account. */
export interface FirstEnrolling extends Enrolling {
  /**
   * Whether the user has a second factor all the same, which does not do beside the proof of this login. Then, as when
   * one was ever enrolled, nobody enrols without a ticket.
   */
  readonly hasOne: boolean
}

/** What came of the first answer of a new factor. */
type Confirmed = FactorOutcome | { readonly outcome: 'ticket' | 'not_pending' | 'malformed_code' }

/** A factor of a user, from the offer to its first right answer. */
export interface Enrolment {
  /**
   * Gives the offer that is pending in this session, or makes one, for the first factor of a user.
   * `ticket`: a right one is missing.
   */
  start(
    enrolling: FirstEnrolling,
    factor: EnrollableFactor,
    ticket: string | undefined,
  ): Promise<EnrolmentOffer | 'ticket'>
  /**
   * Checks the first answer, and keeps the factor when it is right; a code is used then.
   * `not_pending`: nothing was offered, it is over, or the user has a factor by now.
   */
  confirm(enrolling: FirstEnrolling, factor: EnrollableFactor, typed: string): Promise<Confirmed>
  /** The same for one more factor of somebody who has one, and has just shown it. */
  startMore(enrolling: Enrolling, factor: EnrollableFactor): Promise<EnrolmentOffer>
  confirmMore(enrolling: Enrolling, factor: EnrollableFactor, typed: string, name: string): Promise<Confirmed>
}

interface PendingEnrolment {
  /** The secret of an authenticator app that is offered; null while only a key is. */
  readonly sealedSecret: string | null
  /** The ticket's name, or null when none was needed. */
  readonly ticket: string | null
}

interface Pending {
  readonly secret: string | undefined
  readonly ticket: string | null
}

const LIFETIME = 15 * 60_000
const FIRST_NAMES: Readonly<Record<EnrollableFactor, string>> = {
  totp: 'Authenticator app',
  webauthn: 'Security key',
}

const contextOf = (reference: string, subject: string): string => `enrolment:${reference}:${subject}`

/** How secrets that are offered are sealed anew. */
export const ENROLMENT_SEALS: SealedRecords = {
  kind: 'enrolment',
  reseal: ({ key, value, owner = '' }, anew) => {
    const record = value as PendingEnrolment
    if (record.sealedSecret === null) return record
    return { ...record, sealedSecret: anew(record.sealedSecret, contextOf(key.id, owner)) }
  },
}

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { store, seal, now, random, totp, webauthn, tickets, rule, issuer, parameters } = options
  const keyOf = ({ sessionReference }: Enrolling): RecordKey => ({ kind: 'enrolment', id: sessionReference })
  // Bound to the session as well, so that no record can be moved into another one's place.
  const sealContext = ({ sessionReference, user }: Enrolling): string =>
    contextOf(sessionReference, user.subject)
  const binding = ({ sessionReference }: Enrolling): string => `enrolment:${sessionReference}`

  async function readPending(enrolling: Enrolling): Promise<Pending | undefined> {
    const pending = (await store.get<PendingEnrolment>(keyOf(enrolling)))?.value
    if (pending === undefined) return undefined
    if (pending.sealedSecret === null) return { secret: undefined, ticket: pending.ticket }
    const secret = seal.open(pending.sealedSecret, sealContext(enrolling))
    return secret === undefined ? undefined : { secret, ticket: pending.ticket }
  }

  async function mayEnrol({ user, hasOne }: FirstEnrolling, ticket: string | null): Promise<boolean> {
    const { subject } = user
    if (rule === 'first_login' && !hasOne && !(await readAccount(store, subject)).everEnrolled) return true
    return ticket !== null && (await tickets.lives(ticket, subject))
  }

  async function offer(enrolling: Enrolling, secret: string | undefined): Promise<EnrolmentOffer> {
    if (secret === undefined) {
      const asked = { user: enrolling.user, binding: binding(enrolling) }
      return { step: 'enrolment', factor: 'webauthn', options: await webauthn.registrationOptions(asked) }
    }
    const otpauthUri = totpUri(secret, issuer, enrolling.user.subject, parameters)
    const qrSvg = await QRCode.toString(otpauthUri, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
    return { step: 'enrolment', factor: 'totp', secret, otpauthUri, qrSvg }
  }

  /** Keeps what is offered with the session; of two pages opened at once, both show the same secret. */
  async function propose(
    enrolling: Enrolling,
    factor: EnrollableFactor,
    ticket: string | null,
    pending: Pending | undefined,
  ): Promise<EnrolmentOffer> {
    const secret = factor === 'totp' ? encodeTotpSecret(random(totpSecretBytes(parameters))) : undefined
    const sealedSecret = secret === undefined ? null : seal.seal(secret, sealContext(enrolling))
    const record: PendingEnrolment = { sealedSecret, ticket }
    const written = { expiresAt: now() + LIFETIME, owner: enrolling.user.subject }
    if (pending !== undefined) await store.put(keyOf(enrolling), record, written)
    else if (!(await store.putIfAbsent(keyOf(enrolling), record, written))) {
      const other = await readPending(enrolling)
      if (other !== undefined && (other.secret === undefined) === (secret === undefined))
        return offer(enrolling, other.secret)
      await store.put(keyOf(enrolling), record, written)
    }
    return offer(enrolling, secret)
  }

  const isFor = (pending: Pending | undefined, factor: EnrollableFactor): pending is Pending =>
    pending !== undefined && (pending.secret !== undefined) === (factor === 'totp')

  /** Checks the answer and keeps the factor, by `keepTotp` when it is an app's. */
  async function confirmWith(
    enrolling: Enrolling,
    pending: Pending,
    typed: string,
    name: string,
    keepTotp: (authenticator: { name: string; secret: string; usedStep: number }) => Promise<boolean>,
  ): Promise<Confirmed & { readonly undo?: () => Promise<unknown> }> {
    const { subject } = enrolling.user
    if (pending.secret === undefined) {
      const asked = { user: enrolling.user, binding: binding(enrolling) }
      const registered = await webauthn.register(asked, typed, name)
      if (registered.outcome !== 'right') return { outcome: 'wrong' }
      return { outcome: 'right', undo: () => webauthn.removeOne(subject, registered.id) }
    }
    const code = normaliseTotpCode(typed)
    if (code === undefined) return { outcome: 'malformed_code' }
    const usedStep = matchTotpCode(pending.secret, code, now(), parameters)
    if (usedStep === undefined) return { outcome: 'wrong' }
    return (await keepTotp({ name, secret: pending.secret, usedStep }))
      ? { outcome: 'right', undo: () => totp.remove(subject) }
      : { outcome: 'not_pending' }
  }

  /** Whether the user had no other factor, which a login elsewhere could have enrolled in the same moment. */
  async function isOnlyFactor(subject: string): Promise<boolean> {
    const apps = await totp.list(subject)
    const keys = await webauthn.list(subject)
    return apps.length + keys.length === 1
  }

  return {
    start: async (enrolling, factor, typed) => {
      const { subject } = enrolling.user
      const pending = await readPending(enrolling)
      if (isFor(pending, factor) && (await mayEnrol(enrolling, pending.ticket)))
        return offer(enrolling, pending.secret)
      const ticket =
        typed === undefined ? (pending?.ticket ?? null) : ((await tickets.find(typed, subject)) ?? null)
      if (!(await mayEnrol(enrolling, ticket))) return 'ticket'
      return propose(enrolling, factor, ticket, pending)
    },

    confirm: async (enrolling, factor, typed) => {
      const { subject } = enrolling.user
      const pending = await readPending(enrolling)
      if (!isFor(pending, factor)) return { outcome: 'not_pending' }
      if (!(await mayEnrol(enrolling, pending.ticket))) return { outcome: 'ticket' }
      // This write is what enrols. Dying after it leaves a user with a working factor, which is what the person has
      // in hand; dying before it leaves everything as it was.
      const confirmed = await confirmWith(enrolling, pending, typed, FIRST_NAMES[factor], authenticator =>
        totp.enrolFirst(subject, authenticator),
      )
      if (confirmed.outcome !== 'right') return confirmed
      if (!(await isOnlyFactor(subject))) {
        // An app and a key of two logins at once: whoever sees the other one gives way. Both may, and begin again.
        await confirmed.undo?.()
        return { outcome: 'not_pending' }
      }
      await markEnrolled(store, subject)
      await tickets.withdraw(subject)
      await store.delete(keyOf(enrolling))
      return { outcome: 'right' }
    },

    startMore: async (enrolling, factor) => {
      const pending = await readPending(enrolling)
      return isFor(pending, factor)
        ? offer(enrolling, pending.secret)
        : propose(enrolling, factor, null, pending)
    },

    confirmMore: async (enrolling, factor, typed, name) => {
      const { subject } = enrolling.user
      const pending = await readPending(enrolling)
      if (!isFor(pending, factor)) return { outcome: 'not_pending' }
      const confirmed = await confirmWith(enrolling, pending, typed, name, authenticator =>
        totp.add(subject, authenticator),
      )
      if (confirmed.outcome === 'right') {
        await markEnrolled(store, subject)
        await store.delete(keyOf(enrolling))
      }
      return { outcome: confirmed.outcome }
    },
  }
}
