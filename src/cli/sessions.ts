import type { Command } from './cli-io.js'
import { SESSIONS_HELP } from './sessions/help.js'
import { list, revoke } from './sessions/live-sessions.js'

const SUBCOMMANDS: ReadonlyMap<string, Command> = new Map([
  ['list', list],
  ['revoke', revoke],
])

/** The command `sessions`. */
export const run: Command = (args, io) => {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h') {
    io.stdout(SESSIONS_HELP)
    return Promise.resolve(0)
  }
  const subcommand = SUBCOMMANDS.get(name)
  if (subcommand !== undefined) return subcommand(rest, io)
  io.stderr(
    `${name === '' ? 'Do what with sessions?' : `"sessions ${name}" is not a command.`}\n\n${SESSIONS_HELP}`,
  )
  return Promise.resolve(2)
}
