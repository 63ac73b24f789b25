import type { Command } from './cli-io.js'
import { create } from './tokens/create-token.js'
import { TOKENS_HELP } from './tokens/help.js'
import { list, revoke } from './tokens/live-tokens.js'

const SUBCOMMANDS: ReadonlyMap<string, Command> = new Map([
  ['create', create],
  ['list', list],
  ['revoke', revoke],
])

/** The command `tokens`. */
export const run: Command = (args, io) => {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h') {
    io.stdout(TOKENS_HELP)
    return Promise.resolve(0)
  }
  const subcommand = SUBCOMMANDS.get(name)
  if (subcommand !== undefined) return subcommand(rest, io)
  io.stderr(
    `${name === '' ? 'Do what with tokens?' : `"tokens ${name}" is not a command.`}\n\n${TOKENS_HELP}`,
  )
  return Promise.resolve(2)
}
