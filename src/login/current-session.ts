import type { OpenSession } from '../credentials/session-record.js'
import type { Sessions } from '../credentials/sessions.js'
import type { Proof } from '../access/assurance.js'
import type { Totp } from '../factors/totp.js'
import type { DirectoryUser } from '../users/user-directory.js'
import type { Client } from './login-step.js'

/** A live session with the user it belongs to, as the directory knows them now. */
export interface CurrentSession {
  readonly session: OpenSession
  readonly user: DirectoryUser
}

/** Finds a session, partial or full, whose user still exists, is not disabled and has not changed the password. */
export async function findCurrentSession(
  id: string,
  sessions: Pick<Sessions, 'find'>,
  findUser: (subject: string) => DirectoryUser | undefined,
): Promise<CurrentSession | undefined> {
  const record = await sessions.find(id)
  const user = record && findUser(record.subject)
  if (record === undefined || user === undefined || user.disabled) return undefined
  return user.passwordVersion === record.passwordVersion ? { session: { id, record }, user } : undefined
}

/**
 * Starts the session of a user whose first proof was just verified.
 */
export async function startSession(
  user: DirectoryUser,
  proof: Proof,
  client: Client,
  sessions: Pick<Sessions, 'start' | 'end'>,
  totp: Pick<Totp, 'enrolled'>,
): Promise<OpenSession> {
  const { subject } = user.person
  const { address, userAgent } = client
  const { passwordVersion } = user
  const start = (hasSecondFactor: boolean): Promise<OpenSession> =>
    sessions.start({ subject, proofs: [proof], address, userAgent, passwordVersion, hasSecondFactor })
  const hasSecondFactor = await totp.enrolled(subject)
  const session = await start(hasSecondFactor)
  // Whoever enrols ends all other sessions of the user. This one may just have been too late for that.
  if (hasSecondFactor || !(await totp.enrolled(subject))) return session
  await sessions.end(session.id)
  return start(true)
}
