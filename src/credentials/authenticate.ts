import type { Caller, Identity, Person } from '../access/identity.js'
import type { SessionRecord } from './session-record.js'
import type { Sessions } from './sessions.js'

/** What the user directory knows of a user now. */
export interface KnownUser {
  readonly person: Person
  readonly passwordVersion: string
  readonly disabled: boolean
}

export interface AuthenticateOptions {
  readonly sessions: Pick<Sessions, 'findCached' | 'findByReference'>
  /** Reads the directory; called for every request. */
  readonly findUser: (subject: string) => KnownUser | undefined
}

/** Finds out who is asking. Throws `StoreUnavailable`; whoever catches it must treat the caller as nobody. */
export interface Authenticate {
  /**
   * By the value of the session cookie. Answers at once, without a promise, while the session is remembered. The
   * identity is the same object as long as neither the session nor the person has changed, so what is derived from
   * it can be kept in a WeakMap.
   */
  bySession(id: string): Caller | Promise<Caller>
  /** By the session's public name: whether a connection that is still open would be let in again. */
  byReference(subject: string, reference: string): Promise<Caller>
}

/** Nobody is: who has no live session, is unknown or disabled now, or has changed the password since the login. */
export function createAuthenticate({ sessions, findUser }: AuthenticateOptions): Authenticate {
  const identities = new WeakMap<SessionRecord, Identity>()

  function identify(record: SessionRecord | undefined): Caller {
    if (record === undefined) return undefined
    const user = findUser(record.subject)
    if (user === undefined || user.disabled || user.passwordVersion !== record.passwordVersion)
      return undefined
    const known = identities.get(record)
    if (known?.person === user.person) return known
    const identity = identityOf(record, user.person)
    identities.set(record, identity)
    return identity
  }

  return {
    bySession: id => {
      const found = sessions.findCached(id)
      return found instanceof Promise ? found.then(identify) : identify(found)
    },
    byReference: async (subject, reference) => identify(await sessions.findByReference(subject, reference)),
  }
}

/** Somebody by a session that is known to be good. */
export function identityOf(record: SessionRecord, person: Person): Identity {
  return {
    person,
    proofs: record.proofs,
    hasSecondFactor: record.hasSecondFactor,
    sessionReference: record.reference,
  }
}
