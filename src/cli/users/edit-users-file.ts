import { hashPassword } from '../../users/password-hash.js'
import {
  addUser,
  setUserKeys,
  type UserKeys,
  type UsersFileEdit,
  writeUsersFile,
} from '../../users/users-file-edit.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { askNewPassword } from '../new-password.js'
import { parseOptions } from '../parse-options.js'
import { tellProblems, usersIn } from '../read-users.js'
import { USERS_HELP } from './help.js'
import { endSessions } from './live-store.js'
import { readNamedUser } from './named-user.js'

/** `users add NAME`. */
export async function add(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    displayname: { type: 'string' },
    email: { type: 'string' },
    groups: { type: 'string' },
    mfa: { type: 'string' },
  } as const
  const parsed = parseOptions(args, io, USERS_HELP, options, [1, 1])
  if (!parsed.ok) return parsed.code
  const { displayname, email, groups, mfa } = parsed.values
  if (mfa !== undefined && mfa !== 'enabled' && mfa !== 'disabled') {
    io.stderr(`--mfa is "enabled" or "disabled", not ${JSON.stringify(mfa)}.\n`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [name = ''] = parsed.positionals
  const { file } = config.users
  const keys: UserKeys = { displayname, email, groups: groups?.split(',').map(group => group.trim()), mfa }
  const withPassword =
    (password: string): Edit =>
    text =>
      addUser(text, name, { ...keys, password })
  // Tried first with a hash that no password has, so that nobody types one for nothing.
  if (edit(file, withPassword(NO_PASSWORD), name, io) === undefined) return 1
  const password = await askNewPassword(name, io)
  if (password === undefined) return 1
  if (!change(file, withPassword(await hashPassword(password)), name, io)) return 1
  io.stdout(`${name} is added to ${file}. A running gateway knows within a second.\n`)
  return 0
}

/** `users passwd NAME`. */
export async function passwd(args: readonly string[], io: CliIo): Promise<number> {
  const named = await readNamedUser(args, io)
  if (!named.ok) return named.code
  const { config, subject } = named
  const typed = await askNewPassword(subject, io)
  if (typed === undefined) return 1
  const password = await hashPassword(typed)
  if (!change(config.users.file, text => setUserKeys(text, subject, { password }), subject, io)) return 1
  io.stdout(`${subject} has a new password. ${await endSessions(subject, config, io)}\n`)
  return 0
}

/** `users disable NAME`. */
export async function disable(args: readonly string[], io: CliIo): Promise<number> {
  const question = (subject: string): string => `Disable ${subject} and end all sessions of ${subject}?`
  const named = await readNamedUser(args, io, question)
  if (!named.ok) return named.code
  const { config, subject } = named
  if (!change(config.users.file, text => setUserKeys(text, subject, { disabled: true }), subject, io))
    return 1
  const ended = await endSessions(subject, config, io)
  io.stdout(`${subject} is disabled: a running gateway lets ${subject} out within a second. ${ended}\n`)
  return 0
}

/** `users enable NAME`. */
export async function enable(args: readonly string[], io: CliIo): Promise<number> {
  const named = await readNamedUser(args, io)
  if (!named.ok) return named.code
  const { config, subject } = named
  if (!change(config.users.file, text => setUserKeys(text, subject, { disabled: false }), subject, io))
    return 1
  io.stdout(`${subject} can log in again.\n`)
  return 0
}

/** A hash of the right form. */
const NO_PASSWORD = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

type Edit = (text: string) => UsersFileEdit

/** Reads, edits and writes in one go, so that little can change in between. False: why was told. */
function change(file: string, to: Edit, name: string, io: CliIo): boolean {
  const text = edit(file, to, name, io)
  if (text === undefined) return false
  writeUsersFile(file, text)
  return true
}

/** The new text of the file. Only a sound one is given: the gateway would go on with the users from before. */
function edit(file: string, to: Edit, name: string, io: CliIo): string | undefined {
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
