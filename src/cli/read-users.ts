import { nearestWord } from '../documents/nearest-word.js'
import { formatProblem, unreadableFile, type Problem } from '../documents/problem.js'
import { sourceText } from '../documents/source-text.js'
import { canonicalUserName } from '../users/user-name.js'
import { readUsersFile, type UserRecord } from '../users/users-file.js'
import type { CliIo } from './cli-io.js'

/** The users of a file by canonical name, or every problem of it. */
export type ReadUsers =
  | { readonly ok: true; readonly users: ReadonlyMap<string, UserRecord> }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Reads a users file. */
export function readUsers(file: string, io: Pick<CliIo, 'readFile'>): ReadUsers {
  let text
  try {
    text = io.readFile(file)
  } catch (error) {
    const cure = 'make it with "gatehouse users add NAME"'
    return { ok: false, problems: [unreadableFile(file, error, cure)] }
  }
  return usersIn(text, file)
}

/** The same for the text of one. */
export function usersIn(text: string, file: string): ReadUsers {
  const read = readUsersFile(text, file)
  if (read.ok) return read
  const source = sourceText(file, text)
  const problems = read.faults.map(fault => source.problem('error', fault, fault.message, fault.cure))
  return { ok: false, problems }
}

/** Finds one user of a file; tells why there is none, with the name that was probably meant. */
export function findUser(
  file: string,
  name: string,
  io: Pick<CliIo, 'readFile' | 'stderr'>,
): UserRecord | undefined {
  const read = readUsers(file, io)
  if (!read.ok) {
    tellProblems(read.problems, io)
    return undefined
  }
  const canonical = canonicalUserName(name)
  const user = canonical === undefined ? undefined : read.users.get(canonical)
  if (user !== undefined) return user
  const near = nearestWord(name, [...read.users.keys()])
  const hint = near === undefined ? '"gatehouse users list" shows who is there.' : `Did you mean "${near}"?`
  io.stderr(`There is no user ${JSON.stringify(name)}. ${hint}\n`)
  return undefined
}

/** Prints problems as `check` does. */
export function tellProblems(problems: readonly Problem[], io: Pick<CliIo, 'stderr'>): void {
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n\n`)
}
