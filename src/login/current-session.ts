import { isSameClient } from '../access/address-prefix.js'
import type { OpenSession } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { DirectoryUser } from '../users/user-directory.js'
import type { Client } from './login-step.js'

/** A live session with the user it belongs to, as the directory knows them now. */
export interface CurrentSession {
  readonly session: OpenSession
  readonly user: DirectoryUser
}

/** Finds the user of a subject or of a name as it was typed. */
export type FindUser = (name: string) => DirectoryUser | undefined

export interface CurrentSessionOptions {
  readonly sessions: Pick<Sessions, 'find'>
  readonly findUser: FindUser
  /** A session is good only from the client address (IPv6: its /64) at which it began. */
  readonly bindIp: boolean
}

/**
 * Finds a session, partial or full, whose user still exists, is not disabled and has not changed the password, and that
 * may be used by this client. Every step of a login that takes a session finds it in this way.
 */
export type FindCurrentSession = (
  id: string,
  client: Pick<Client, 'address'>,
) => Promise<CurrentSession | undefined>

/** Makes the function that finds a session for a step of a login. */
export function createFindCurrentSession({
  sessions,
  findUser,
  bindIp,
}: CurrentSessionOptions): FindCurrentSession {
  return async (id, { address }) => {
    const record = await sessions.find(id)
    const user = record && findUser(record.subject)
    if (record === undefined || user === undefined || user.disabled) return undefined
    if (bindIp && !isSameClient(record.address, address)) return undefined
    return user.passwordVersion === record.passwordVersion ? { session: { id, record }, user } : undefined
  }
}
