import QRCode from 'qrcode'
import type { Clock } from '../clock.js'
import { encodeTotpSecret, matchTotpCode, TOTP_SECRET_BYTES, totpUri } from '../factors/totp-code.js'
import type { Totp } from '../factors/totp.js'
import type { Seal } from '../store/seal.js'
import type { RecordKey, Store } from '../store/store.js'
import { markEnrolled, readAccount } from '../users/accounts.js'
import type { EnrolmentTickets } from './enrolment-tickets.js'
import type { EnrolmentOffer } from './login-step.js'
import type { EnrolmentRule } from './next-step.js'

export interface EnrolmentOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly totp: Totp
  readonly tickets: EnrolmentTickets
  readonly rule: EnrolmentRule
  /** What authenticator apps show as the place the codes are for. */
  readonly issuer: string
}

/** The session in which somebody enrols. Nothing can be continued from another one. */
interface Enrolling {
  readonly subject: string
  readonly sessionReference: string
}

/** The first authenticator of a user, from the offer to its first right code. */
export interface Enrolment {
  /** Gives the offer that is pending in this session, or makes one. `ticket`: a right one is missing. */
  start(enrolling: Enrolling, ticket: string | undefined): Promise<EnrolmentOffer | 'ticket'>
  /**
   * Checks the first code, and keeps the authenticator when it is right; that code is used then.
   * `not_pending`: nothing was offered, it is over, or the user has an authenticator by now.
   */
  confirm(enrolling: Enrolling, code: string): Promise<'right' | 'wrong' | 'ticket' | 'not_pending'>
}

interface PendingEnrolment {
  readonly sealedSecret: string
  /** The ticket's name, or null when none was needed. */
  readonly ticket: string | null
}

const LIFETIME = 15 * 60_000
const FIRST_NAME = 'Authenticator app'

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { store, seal, now, random, totp, tickets, rule, issuer } = options
  const keyOf = ({ sessionReference }: Enrolling): RecordKey => ({ kind: 'enrolment', id: sessionReference })
  // Bound to the session as well, so that no record can be moved into another one's place.
  const sealContext = (enrolling: Enrolling): string =>
    `enrolment:${enrolling.sessionReference}:${enrolling.subject}`

  async function pendingSecret(
    enrolling: Enrolling,
  ): Promise<{ secret: string; ticket: string | null } | undefined> {
    const pending = (await store.get<PendingEnrolment>(keyOf(enrolling)))?.value
    const secret = pending && seal.open(pending.sealedSecret, sealContext(enrolling))
    return pending === undefined || secret === undefined ? undefined : { secret, ticket: pending.ticket }
  }

  async function mayEnrol(subject: string, ticket: string | null): Promise<boolean> {
    if (rule === 'first_login' && !(await readAccount(store, subject)).everEnrolled) return true
    return ticket !== null && (await tickets.lives(ticket, subject))
  }

  async function offer(secret: string, subject: string): Promise<EnrolmentOffer> {
    const otpauthUri = totpUri(secret, issuer, subject)
    const qrSvg = await QRCode.toString(otpauthUri, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
    return { step: 'enrolment', factor: 'totp', secret, otpauthUri, qrSvg }
  }

  return {
    start: async (enrolling, typed) => {
      const { subject } = enrolling
      const pending = await pendingSecret(enrolling)
      if (pending !== undefined && (await mayEnrol(subject, pending.ticket)))
        return offer(pending.secret, subject)
      const ticket = typed === undefined ? null : ((await tickets.find(typed, subject)) ?? null)
      if (!(await mayEnrol(subject, ticket))) return 'ticket'
      const secret = encodeTotpSecret(random(TOTP_SECRET_BYTES))
      const record: PendingEnrolment = { sealedSecret: seal.seal(secret, sealContext(enrolling)), ticket }
      const written = { expiresAt: now() + LIFETIME, owner: subject }
      if (pending !== undefined) await store.put(keyOf(enrolling), record, written)
      else if (!(await store.putIfAbsent(keyOf(enrolling), record, written))) {
        // The same page was opened twice at once: both must show the same secret.
        const other = await pendingSecret(enrolling)
        if (other !== undefined) return offer(other.secret, subject)
        await store.put(keyOf(enrolling), record, written)
      }
      return offer(secret, subject)
    },

    confirm: async (enrolling, code) => {
      const { subject } = enrolling
      const pending = await pendingSecret(enrolling)
      if (pending === undefined) return 'not_pending'
      const usedStep = matchTotpCode(pending.secret, code, now())
      if (usedStep === undefined) return 'wrong'
      if (!(await mayEnrol(subject, pending.ticket))) return 'ticket'
      // This write is what enrols. Dying after it leaves a user with a working authenticator, which is what the
      // person has in hand; dying before it leaves everything as it was.
      const enrolled = await totp.enrolFirst(subject, { name: FIRST_NAME, secret: pending.secret, usedStep })
      if (!enrolled) return 'not_pending'
      await markEnrolled(store, subject)
      await tickets.withdraw(subject)
      await store.delete(keyOf(enrolling))
      return 'right'
    },
  }
}
