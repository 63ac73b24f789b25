import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { watchFiles } from '../documents/watch-files.js'
import type { DirectoryUser, StandInDirectory } from './user-directory.js'
import { canonicalUserName } from './user-name.js'
import { readUsersFile, type UserRecord, type UsersFileFault } from './users-file.js'

/** The users file and who is told of its changes. */
export interface FileDirectoryOptions {
  readonly file: string
  /** The file was changed and holds now. */
  readonly onChange: (users: number) => void
  /** The file was changed and is broken or gone: the users stay as they were. */
  readonly onFault: (faults: readonly UsersFileFault[]) => void
}

/** The users of a file. */
export interface FileDirectory extends StandInDirectory {
  /** Finds the one user with an e-mail address, a telephone number or a name. Undefined also when there are several. */
  findByContact(contact: string): DirectoryUser | undefined
  /** Reads the file now, and not only when the change is seen. */
  reload(): void
  /** Stops looking at the file. */
  close(): void
}

/** The users file cannot be used as it is. */
export class UsersFileBroken extends Error {
  override readonly name = 'UsersFileBroken'
  readonly faults: readonly UsersFileFault[]

  constructor(faults: readonly UsersFileFault[]) {
    super(
      faults
        .map(
          ({ file, line, column, message, cure }) =>
            `${file}:${String(line)}:${String(column)}: ${message} ${cure}`,
        )
        .join('\n'),
    )
    this.faults = faults
  }
}

/**
 * Opens the users of a file and reads it again when it changes, however it changes: written, renamed over, or
 * swapped behind a symbolic link.
 * @throws UsersFileBroken when the file cannot be read or has faults
 */
export function openFileDirectory({ file, onChange, onFault }: FileDirectoryOptions): FileDirectory {
  let text = readText(file)
  let users = parseUsers(text, file)
  let order = [...users.values()]
  let contacts = contactsOf(order)

  const reload = (): void => {
    try {
      const now = readText(file)
      if (now === text) return
      users = parseUsers(now, file)
      text = now
      order = [...users.values()]
      contacts = contactsOf(order)
      onChange(users.size)
    } catch (error) {
      if (!(error instanceof UsersFileBroken)) throw error
      onFault(error.faults)
    }
  }
  const watch = watchFiles([file], reload)

  const find = (name: string): DirectoryUser | undefined => {
    const known = users.get(name)
    if (known !== undefined) return known
    const canonical = canonicalUserName(name)
    return canonical === undefined ? undefined : users.get(canonical)
  }
  return {
    find,
    findByContact: contact => {
      const known = contacts.get(comparable(contact))
      return known === undefined ? find(contact) : (known ?? undefined)
    },
    reload,
    standIn: name => {
      const place = createHash('sha256')
        .update(canonicalUserName(name) ?? '')
        .digest()
        .readUInt32BE()
      return order[place % order.length]
    },
    close: () => {
      watch.close()
    },
  }
}

/** Who has an address or a number; null where several have it, because then it names nobody. */
function contactsOf(users: readonly DirectoryUser[]): ReadonlyMap<string, DirectoryUser | null> {
  const contacts = new Map<string, DirectoryUser | null>()
  for (const user of users) {
    for (const contact of [user.person.email, user.phone]) {
      if (contact === undefined) continue
      const key = comparable(contact)
      contacts.set(key, contacts.has(key) ? null : user)
    }
  }
  return contacts
}

/** Mail servers may tell upper case apart; no two people rely on it. */
function comparable(contact: string): string {
  return contact.trim().toLowerCase()
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const cure = 'Check the name and that the gateway may read it.'
    throw new UsersFileBroken([
      { file, line: 1, column: 1, message: `The file cannot be read: ${why}.`, cure },
    ])
  }
}

function parseUsers(text: string, file: string): ReadonlyMap<string, UserRecord> {
  const read = readUsersFile(text, file)
  if (!read.ok) throw new UsersFileBroken(read.faults)
  return read.users
}
