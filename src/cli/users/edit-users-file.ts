import { hashPassword } from '../../users/password-hash.js'
import { addUser, setUserKeys, type UserKeys } from '../../users/users-file-edit.js'
import { canonicalUserName } from '../../users/user-name.js'
import type { CliIo, Command } from '../cli-io.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { askNewPassword } from '../new-password.js'
import { operatorCommand } from '../operator-command.js'
import { parseOptions } from '../parse-options.js'
import { changeUsersFile, type Edit, editUsersFile } from './change-users-file.js'
import { USERS_HELP } from './help.js'
import { endSessions, leftFromBefore, tokensThatStay } from './left-behind.js'
import { changeNamedUser } from './named-user.js'
import { tellUser } from './tell-user.js'

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
  const subject = canonicalUserName(name)
  return operatorCommand(config, io, { command: 'users add', subject }, async () => {
    // Tried first with a hash that no password has, so that nobody types one for nothing.
    if (editUsersFile(file, withPassword(NO_PASSWORD), name, io) === undefined) return 1
    const password = await askNewPassword(name, io)
    if (password === undefined) return 1
    if (!changeUsersFile(file, withPassword(hashPassword(password)), name, io)) return 1
    io.stdout(`${name} is added to ${file}. A running gateway knows within a second.\n`)
    io.stderr(await leftFromBefore(subject ?? name, config, io))
    return 0
  })
}

/** `users passwd NAME`. */
export const passwd: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'passwd',
    work: async ({ config, subject, user, audit }) => {
      const typed = await askNewPassword(subject, io)
      if (typed === undefined) return 1
      const password = hashPassword(typed)
      if (!changeUsersFile(config.users.file, text => setUserKeys(text, subject, { password }), subject, io))
        return 1
      io.stdout(`${subject} has a new password. ${await endSessions(subject, config, io, audit)}\n`)
      io.stdout(await tokensThatStay(subject, config, io))
      await tellUser(user, 'password_set', config, io)
      return 0
    },
  })

/** `users disable NAME`. */
export const disable: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'disable',
    question: subject => `Disable ${subject} and end all sessions of ${subject}?`,
    work: async ({ config, subject, user, audit }) => {
      if (
        !changeUsersFile(
          config.users.file,
          text => setUserKeys(text, subject, { disabled: true }),
          subject,
          io,
        )
      )
        return 1
      const ended = await endSessions(subject, config, io, audit)
      io.stdout(`${subject} is disabled: a running gateway lets ${subject} out within a second. ${ended}\n`)
      if (!user.disabled) await tellUser(user, 'account_disabled', config, io)
      return 0
    },
  })

/** `users enable NAME`. */
export const enable: Command = (args, io) =>
  changeNamedUser(args, io, {
    name: 'enable',
    work: ({ config, subject }) => {
      const enabled = changeUsersFile(
        config.users.file,
        text => setUserKeys(text, subject, { disabled: false }),
        subject,
        io,
      )
      if (enabled) io.stdout(`${subject} can log in again.\n`)
      return Promise.resolve(enabled ? 0 : 1)
    },
  })

/** A hash of the right form. */
const NO_PASSWORD = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
