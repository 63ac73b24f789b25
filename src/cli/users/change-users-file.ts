import { type UsersFileEdit, writeUsersFile } from '../../users/users-file-edit.js'
import type { CliIo } from '../cli-io.js'
import { tellProblems, usersIn } from '../read-users.js'

/** Gives the new text of a users file. */
export type Edit = (text: string) => UsersFileEdit

/** Reads, edits and writes in one go, so that little can change in between. False: why was told. */
export function changeUsersFile(file: string, to: Edit, name: string, io: CliIo): boolean {
  const text = editUsersFile(file, to, name, io)
  if (text === undefined) return false
  writeUsersFile(file, text)
  return true
}

/** The new text of the file. Only a sound one is given: the gateway would go on with the users from before. */
export function editUsersFile(file: string, to: Edit, name: string, io: CliIo): string | undefined {
  const before = readIfThere(file, io)
  const edited = to(before)
  if (edited.outcome === 'edited') {
    const after = usersIn(edited.text, file)
    if (after.ok) return edited.text
    tellProblems(after.problems, io)
  } else if (edited.outcome === 'broken_file') {
    const now = usersIn(before, file)
    if (!now.ok) tellProblems(now.problems, io)
  } else io.stderr(`${REASONS[edited.outcome](name)}\n`)
  io.stderr(`${file} stays as it was.\n`)
  return undefined
}

const REASONS: Readonly<
  Record<Exclude<UsersFileEdit['outcome'], 'edited' | 'broken_file'>, (name: string) => string>
> = {
  no_such_user: name => `There is no user ${JSON.stringify(name)}.`,
  user_exists: name =>
    `There is a user ${JSON.stringify(name)} already: "gatehouse users passwd" sets the password.`,
  not_a_name: name =>
    `${JSON.stringify(name)} cannot be a user name: it has 1 to 256 characters, all of them visible.`,
}

function readIfThere(file: string, io: Pick<CliIo, 'readFile'>): string {
  try {
    return io.readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
