import type { Command } from './cli-io.js'
import { STORE_HELP } from './store/help.js'
import { migrate } from './store/migrate.js'

/** The command `store`. */
export const run: Command = (args, io) => {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h') {
    io.stdout(STORE_HELP)
    return Promise.resolve(0)
  }
  if (name === 'migrate') return migrate(rest, io)
  io.stderr(
    `${name === '' ? 'Do what with the store?' : `"store ${name}" is not a command.`}\n\n${STORE_HELP}`,
  )
  return Promise.resolve(2)
}
