import type { Command } from './cli-io.js'
import { add, disable, enable, passwd } from './users/edit-users-file.js'
import { USERS_HELP } from './users/help.js'
import { list } from './users/list-users.js'
import { remove } from './users/remove-user.js'
import { resetMfa, ticket, unlock } from './users/second-factors.js'
import { show } from './users/show-user.js'

const SUBCOMMANDS: ReadonlyMap<string, Command> = new Map([
  ['list', list],
  ['show', show],
  ['add', add],
  ['remove', remove],
  ['passwd', passwd],
  ['disable', disable],
  ['enable', enable],
  ['unlock', unlock],
  ['reset-mfa', resetMfa],
  ['ticket', ticket],
])

/** The command `users`. */
export const run: Command = (args, io) => {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h') {
    io.stdout(USERS_HELP)
    return Promise.resolve(0)
  }
  const subcommand = SUBCOMMANDS.get(name)
  if (subcommand !== undefined) return subcommand(rest, io)
  io.stderr(`${name === '' ? 'Do what with users?' : `"users ${name}" is not a command.`}\n\n${USERS_HELP}`)
  return Promise.resolve(2)
}
