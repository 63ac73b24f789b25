import { readFileSync } from 'node:fs'
import type { PasswordHasher } from './hash-threads.js'
import { faultOfPassword } from './password-policy.js'
import { setUserKeys, writeUsersFile } from './users-file-edit.js'
import { readUsersFile } from './users-file.js'

/** What became of a new password. `not_writable`: the file cannot be changed from here; nothing was. */
export type PasswordChange = 'changed' | 'unsuitable' | 'not_writable'

export interface PasswordWriterOptions {
  readonly file: string
  readonly hasher: Pick<PasswordHasher, 'hash'>
  /** Has the directory read the file again. */
  readonly onWritten: () => void
}

/** Errors of a file or folder that only the operator may write. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENOENT'])

/**
 * Makes the function by which users change their own password in the users file. One change at a time; comments and
 * everything else in the file stay.
 */
export function createPasswordWriter({
  file,
  hasher,
  onWritten,
}: PasswordWriterOptions): (subject: string, password: string) => Promise<PasswordChange> {
  let last: Promise<unknown> = Promise.resolve()

  async function change(subject: string, password: string): Promise<PasswordChange> {
    if ((await faultOfPassword(password, subject)) !== undefined) return 'unsuitable'
    const hash = await hasher.hash(password)
    try {
      const edited = setUserKeys(readFileSync(file, 'utf8'), subject, { password: hash })
      if (edited.outcome !== 'edited' || !readUsersFile(edited.text, file).ok) return 'not_writable'
      writeUsersFile(file, edited.text)
    } catch (error) {
      if (READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '')) return 'not_writable'
      throw error
    }
    onWritten()
    return 'changed'
  }

  return (subject, password) => {
    const changed = last.then(() => change(subject, password))
    last = changed.catch(() => undefined)
    return changed
  }
}
