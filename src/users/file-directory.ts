import { createHash } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
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

/** How often the file is looked at; with the pause below, a change holds well within a second. */
const LOOK_EVERY = 400
/** An editor may still be writing. */
const SETTLE = 100

/**
 * Opens the users of a file and reads it again when it changes, however it changes: written, renamed over, or
 * swapped behind a symbolic link.
 * @throws UsersFileBroken when the file cannot be read or has faults
 */
export function openFileDirectory({ file, onChange, onFault }: FileDirectoryOptions): FileDirectory {
  let text = readText(file)
  let users = parseUsers(text, file)
  let order = [...users.values()]
  let settling: NodeJS.Timeout | undefined

  const reload = (): void => {
    try {
      const now = readText(file)
      if (now === text) return
      users = parseUsers(now, file)
      text = now
      order = [...users.values()]
      onChange(users.size)
    } catch (error) {
      if (!(error instanceof UsersFileBroken)) throw error
      onFault(error.faults)
    }
  }
  // Looking beats being told: it also works on mounts and links that no change is reported for.
  const look = (): void => {
    clearTimeout(settling)
    settling = setTimeout(reload, SETTLE).unref()
  }
  watchFile(file, { interval: LOOK_EVERY, persistent: false }, look)
  // What was written between the first reading and the first look would go unseen.
  look()

  const find = (name: string): DirectoryUser | undefined => {
    const known = users.get(name)
    if (known !== undefined) return known
    const canonical = canonicalUserName(name)
    return canonical === undefined ? undefined : users.get(canonical)
  }
  return {
    find,
    standIn: name => {
      const place = createHash('sha256')
        .update(canonicalUserName(name) ?? '')
        .digest()
        .readUInt32BE()
      return order[place % order.length]
    },
    close: () => {
      clearTimeout(settling)
      unwatchFile(file, look)
    },
  }
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
