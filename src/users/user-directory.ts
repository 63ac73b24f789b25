import type { Person } from '../access/identity.js'

/** A user as the directory knows them now. */
export interface DirectoryUser {
  readonly person: Person
  /** In the form of E.164 (`+491701234567`), where the operator gave one. */
  readonly phone: string | undefined
  /** What the directory holds. For `createPasswordCheck()` only. */
  readonly passwordHash: string
  /** Changes whenever the password in the directory changes; opens nothing. Binds sessions to the password. */
  readonly passwordVersion: string
  /** A disabled user is nobody: no login, and no session of theirs opens anything. */
  readonly disabled: boolean
}

/** Who exists. */
export interface UserDirectory {
  /**
   * @param name as somebody typed it, or a subject; upper case, width and surrounding blanks do not matter
   * @returns undefined for nobody. Disabled users are returned: the caller must look at `disabled`
   */
  find(name: string): DirectoryUser | undefined
}

/** A directory that can name somebody to do the work for, so that an unknown name costs what a known one does. */
export interface StandInDirectory extends UserDirectory {
  /**
   * @param name a name that nobody has
   * @returns always the same user for the same name; undefined when there are no users at all
   */
  standIn(name: string): DirectoryUser | undefined
}
