import type { Clock } from '../clock.js'
import { encodeCode, normaliseCode } from '../factors/code-text.js'
import { hashSecret } from '../store/secret-hash.js'
import type { Store } from '../store/store.js'

export interface EnrolmentTicketsOptions {
  readonly store: Store
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** One-time tickets by which an operator lets one user enrol a second factor. They live for 24 hours. */
export interface EnrolmentTickets {
  /** Makes the user's one ticket; an older one is dead from then on. The text cannot be shown a second time. */
  create(subject: string): Promise<string>
  /** @returns a name for the ticket that opens nothing, or undefined when it is not a live one of this user */
  find(typed: string, subject: string): Promise<string | undefined>
  /** Whether the ticket that `find()` named can still be used. */
  lives(name: string, subject: string): Promise<boolean>
  /** When the user's ticket ends, in milliseconds since the epoch; undefined when there is none. */
  openUntil(subject: string): Promise<number | undefined>
  /** Withdraws every ticket of the user: after its use, or because the operator says so. */
  withdraw(subject: string): Promise<void>
}

const LIFETIME = 24 * 60 * 60_000
/** 120 bits: 24 characters in six groups. */
const TICKET_BYTES = 15
const TICKET_CHARACTERS = 24

export function createEnrolmentTickets({ store, now, random }: EnrolmentTicketsOptions): EnrolmentTickets {
  const lives = async (name: string, subject: string): Promise<boolean> =>
    (await store.get<string>({ kind: 'enrolment_ticket', id: name }))?.value === subject

  const withdraw = async (subject: string): Promise<void> => {
    for (const { key } of await store.listByOwner('enrolment_ticket', subject)) await store.delete(key)
  }

  return {
    create: async subject => {
      await withdraw(subject)
      const ticket = encodeCode(random(TICKET_BYTES))
      const id = hashSecret(ticket.replaceAll('-', ''))
      const options = { expiresAt: now() + LIFETIME, owner: subject }
      await store.put({ kind: 'enrolment_ticket', id }, subject, options)
      return ticket
    },
    find: async (typed, subject) => {
      const code = normaliseCode(typed, TICKET_CHARACTERS)
      if (code === undefined) return undefined
      const name = hashSecret(code)
      return (await lives(name, subject)) ? name : undefined
    },
    lives,
    openUntil: async subject => (await store.listByOwner('enrolment_ticket', subject)).at(-1)?.expiresAt,
    withdraw,
  }
}
